//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A source that is ready to run.
struct OpenSource: Sendable {
    /// What it reads from.
    enum Input: Sendable {
        /// Bytes of a file, so many times.
        case file(FileDescriptor, repeat: Int)
        /// Made-up events.
        case generator(rate: Double?, count: Int?)
        /// A source of the user's own.
        case own(any EventSource)
    }

    let name: String
    /// What it is for people: a path, or what else it reads.
    let place: String
    let input: Input
    /// What is read, while it is a regular file.
    let identity: FileDescriptor.Identity?
    /// How many bytes there are to read; nil when nobody knows.
    let bytesTotal: Int?
    let isRegular: Bool

    /// The source of the user's own; nil when it is one of Penstock's.
    var own: (any EventSource)? { if case .own(let source) = self.input { source } else { nil } }

    /// Opens what a description names.
    init(opening source: NamedSource) throws(PenstockError) {
        switch source.kind {
        case .generate(let rate, let count):
            self.init(name: source.name, place: "generated events", input: .generator(rate: rate, count: count))
        case .own(let own):
            self.init(name: source.name, place: "a source of its own", input: .own(own.source))
        case .stdin:
            let file = FileDescriptor(STDIN_FILENO)
            try self.init(name: source.name, place: "the standard input", reading: file, times: 1)
        case .file(let path, let times):
            // Without waiting: a named pipe would hold the start until somebody writes.
            switch FileDescriptor.open(path, O_RDONLY | O_NONBLOCK) {
            case .success(let file):
                try self.init(name: source.name, place: "\"\(path)\"", reading: file, times: times)
            case .failure(let failure): throw Self.cannotRead(source.name, path, failure)
            }
        }
    }

    /// Opens what a description names, unless it is a pipe: nil for one that could be opened, as far as a look can tell.
    init?(lookingAt source: NamedSource) throws(PenstockError) {
        guard case .file(let path, let times) = source.kind, FileDescriptor.facts(ofPath: path)?.isPipe == true else {
            try self.init(opening: source)
            return
        }
        guard times == 1 else { throw Self.cannotRepeat(source.name, "\"\(path)\"") }
        guard access(path, R_OK) == 0 else { throw Self.cannotRead(source.name, path, SystemError(errno)) }
        return nil
    }

    private init(name: String, place: String, input: Input) {
        self.name = name
        self.place = place
        self.input = input
        self.identity = nil
        self.bytesTotal = nil
        self.isRegular = false
    }

    private init(name: String, place: String, reading file: FileDescriptor, times: Int) throws(PenstockError) {
        guard let facts = file.facts() else {
            let failure = SystemError(errno)
            throw PenstockError(.inputOutput, "The source \"\(name)\" cannot read \(place): \(failure).")
        }
        guard file.isReadable else {
            throw PenstockError(.inputOutput, "The source \"\(name)\" cannot read \(place): it is closed.")
        }
        guard !facts.isDirectory else {
            throw PenstockError(.inputOutput, "The source \"\(name)\" cannot read \(place): \(SystemError(EISDIR)).")
        }
        guard facts.isRegular || times == 1 else {
            throw Self.cannotRepeat(name, place)
        }
        self.name = name
        self.place = place
        self.input = .file(file, repeat: times)
        self.identity = facts.isRegular ? facts.identity : nil
        let (total, isHuge) = facts.size.multipliedReportingOverflow(by: times)
        self.bytesTotal = facts.isRegular && !isHuge ? total : nil
        self.isRegular = facts.isRegular
    }

    private static func cannotRead(_ name: String, _ path: String, _ failure: SystemError) -> PenstockError {
        PenstockError(
            .inputOutput,
            "The source \"\(name)\" cannot read \"\(path)\": \(failure).",
            underlyingError: failure
        )
    }

    private static func cannotRepeat(_ name: String, _ place: String) -> PenstockError {
        PenstockError(
            .invalidConfiguration,
            "The source \"\(name)\" cannot repeat \(place): it is not a regular file and can be read once only."
        )
    }
}
