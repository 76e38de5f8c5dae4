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

/// All that a run reads from and writes to, open.
///
/// Opening is all or nothing: when one thing cannot be opened, no file has lost its contents, and files that were
/// made on the way are gone again.
struct Endpoints: Sendable {
    let sources: [OpenSource]
    let sinks: [SinkWriter]
    let deadLetter: SinkWriter?

    /// Opens everything, then empties the files of the sinks.
    init(opening description: PipelineDescription) throws(PenstockError) {
        var sources: [OpenSource] = []
        for source in description.sources { sources.append(try OpenSource(opening: source)) }
        var opened: [OpenedSink] = []
        var isComplete = false
        defer { if !isComplete { for sink in opened { sink.remove() } } }
        for sink in SinkPlace.all(of: description) { opened.append(try OpenedSink(opening: sink)) }
        try Self.refuseDoubles(sources, opened)
        for sink in opened { try sink.empty() }
        isComplete = true
        let hasLetters = description.deadLetter != nil
        self.sources = sources
        self.sinks = opened.dropLast(hasLetters ? 1 : 0).map(\.writer)
        self.deadLetter = hasLetters ? opened.last?.writer : nil
    }

    /// Bytes there are to read; nil when a source has no known end, or none in bytes.
    var bytesTotal: Int? {
        var total = 0
        for source in self.sources {
            guard let bytes = source.bytesTotal else { return nil }
            total += bytes
        }
        return total
    }

    /// Events there are to make; nil unless all sources are generators with a count.
    var countTotal: Int? {
        var total = 0
        for source in self.sources {
            guard case .generator(_, .some(let count)) = source.input else { return nil }
            total += count
        }
        return total
    }

    /// What opening would refuse, without opening a sink.
    static func problems(of description: PipelineDescription) -> [PenstockError] {
        var problems: [PenstockError] = []
        var users: [FileDescriptor.Identity: String] = [:]
        var paths: [String: String] = [:]
        for source in description.sources {
            do throws(PenstockError) {
                let open = try OpenSource(opening: source)
                if let identity = open.identity { users[identity] = "the source \"\(source.name)\"" }
            } catch {
                problems.append(error)
            }
        }
        for sink in SinkPlace.all(of: description) {
            if let problem = sink.problem {
                problems.append(problem)
                continue
            }
            let other: String?
            if let facts = sink.facts, facts.isRegular {
                other = users.updateValue(sink.title, forKey: facts.identity)
            } else {
                other = paths.updateValue(sink.title, forKey: sink.place)
            }
            if let other, sink.isExclusive { problems.append(doubleUse(sink.title, other, sink.place)) }
        }
        return problems
    }

    // MARK: - Private

    private static func refuseDoubles(_ sources: [OpenSource], _ sinks: [OpenedSink]) throws(PenstockError) {
        var users: [FileDescriptor.Identity: String] = [:]
        var hasStdout: String?
        for source in sources {
            if let identity = source.identity { users[identity] = "the source \"\(source.name)\"" }
        }
        for sink in sinks {
            let title = sink.sink.title
            if case .stdout = sink.sink.kind {
                if let other = hasStdout { throw doubleUse(title, other, sink.sink.place) }
                hasStdout = title
            }
            guard sink.facts.isRegular else { continue }
            if let other = users.updateValue(title, forKey: sink.facts.identity) {
                throw doubleUse(title, other, sink.sink.place)
            }
        }
    }
}

private func doubleUse(_ one: String, _ other: String, _ place: String) -> PenstockError {
    PenstockError(
        .invalidConfiguration,
        "\(one.prefix(1).uppercased() + one.dropFirst()) writes to \(place), which \(other) uses too."
    )
}

/// Where a sink writes to, before it is open.
private struct SinkPlace: Sendable {
    let name: String
    /// What it is in the middle of a sentence.
    let title: String
    let kind: SinkDescription

    /// The sinks in order, and behind them the one for dead letters.
    static func all(of description: PipelineDescription) -> [SinkPlace] {
        var places = description.sinks.map {
            SinkPlace(name: $0.name, title: "the sink \"\($0.name)\"", kind: $0.kind)
        }
        if let deadLetter = description.deadLetter {
            places.append(SinkPlace(name: "dead_letter", title: "the dead-letter sink", kind: deadLetter))
        }
        return places
    }

    /// The place for people.
    var place: String {
        switch self.kind {
        case .stdout: "the standard output"
        case .file(let path): "\"\(path)\""
        }
    }

    var facts: FileDescriptor.Facts? {
        switch self.kind {
        case .stdout: FileDescriptor(STDOUT_FILENO).facts()
        case .file(let path): FileDescriptor.facts(ofPath: path)
        }
    }

    /// Whether nobody else may write there: devices such as `/dev/null` take from everybody.
    var isExclusive: Bool {
        switch self.kind {
        case .stdout: true
        case .file: self.facts?.isRegular ?? true
        }
    }

    /// Why it could not be opened; nil when it could.
    var problem: PenstockError? {
        guard case .file(let path) = self.kind else { return nil }
        if let facts = self.facts {
            if facts.isDirectory { return self.error(SystemError(EISDIR)) }
            return access(path, W_OK) == 0 ? nil : self.error(SystemError(errno))
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        return access(folder, W_OK | X_OK) == 0 ? nil : self.error(SystemError(errno))
    }

    func error(_ failure: SystemError) -> PenstockError {
        let title = self.title.prefix(1).uppercased() + self.title.dropFirst()
        return PenstockError(
            .inputOutput,
            "\(title) cannot write to \(self.place): \(failure).",
            underlyingError: failure
        )
    }
}

/// A sink that is open and has not been emptied.
private struct OpenedSink {
    let sink: SinkPlace
    let file: FileDescriptor
    let facts: FileDescriptor.Facts
    /// The path, when the file was made by opening it.
    private let madePath: String?

    init(opening sink: SinkPlace) throws(PenstockError) {
        var madePath: String?
        let file: FileDescriptor
        switch sink.kind {
        case .stdout:
            file = FileDescriptor(STDOUT_FILENO)
        case .file(let path):
            // Without waiting: a named pipe would hold the start until somebody reads.
            let flags = O_WRONLY | O_NONBLOCK
            var result = FileDescriptor.open(path, flags)
            if case .failure(let failure) = result, failure.code == ENOENT {
                result = FileDescriptor.open(path, flags | O_CREAT | O_EXCL)
                if case .success = result { madePath = path }
            }
            switch result {
            case .success(let opened): file = opened
            case .failure(let failure): throw sink.error(failure)
            }
            file.setBlocking(true)
        }
        guard let facts = file.facts() else { throw sink.error(SystemError(errno)) }
        self.sink = sink
        self.file = file
        self.facts = facts
        self.madePath = madePath
    }

    var writer: SinkWriter {
        SinkWriter(
            name: self.sink.name,
            title: self.sink.title.prefix(1).uppercased() + self.sink.title.dropFirst(),
            place: self.sink.place,
            file: self.file,
            isRegular: self.facts.isRegular
        )
    }

    /// Takes a file's old contents away.
    ///
    /// What the standard output already holds is somebody else's.
    func empty() throws(PenstockError) {
        guard case .file = self.sink.kind, self.facts.isRegular, self.facts.size > 0 else { return }
        guard ftruncate(self.file.number, 0) == 0 else { throw self.sink.error(SystemError(errno)) }
    }

    /// Removes a file that was made by opening it.
    func remove() {
        if let path = self.madePath { unlink(path) }
    }
}
