//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes a file of dead letters anew, without some of them.
///
/// What it writes stands in a file beside the old one and takes its place at the end, when it is safe on disk: whoever looks
/// finds the old file or the new one.
final class LetterRewrite {
    private let old: LetterFile
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var isOver = false

    /// Begins a new file beside an old one.
    init(of file: LetterFile) throws(SystemError) {
        self.old = file
        // A link stays one: what it leads to is written anew.
        self.path =
            realpath(file.path, nil).map { real in
                defer { free(real) }
                return String(cString: real)
            } ?? file.path
        self.temporary = self.path + ".rewrite"
        var status = cpenstock_file()
        guard cpenstock_look_into(file.descriptor, &status) == 0 else { throw .last }
        self.descriptor = open(self.temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(status.mode & 0o777))
        guard self.descriptor >= 0 else { throw .last }
    }

    deinit {
        close(self.descriptor)
        if !self.isOver { unlink(self.temporary) }
    }

    /// Keeps a line of the old file as it is.
    func keep(_ line: LetterFile.Line) throws(SystemError) {
        var rest = line.offset..<line.offset + line.length
        while !rest.isEmpty {
            var part = [UInt8](repeating: 0, count: min(rest.count, 64 << 10))
            let count = part.withUnsafeMutableBytes {
                pread(self.old.descriptor, $0.baseAddress, $0.count, off_t(rest.lowerBound))
            }
            if count < 0 {
                guard errno == EINTR else { throw .last }
                continue
            }
            if count == 0 { break }
            try self.append(part[..<count])
            rest = rest.lowerBound + count..<rest.upperBound
        }
        if self.pending.last != UInt8(ascii: "\n") { try self.append([UInt8(ascii: "\n")]) }
    }

    /// Writes a line in the place of one of the old file.
    func write(_ line: String) throws(SystemError) {
        try self.append(Array(line.utf8)[...])
        try self.append([UInt8(ascii: "\n")])
    }

    /// Puts the new file in the place of the old one.
    func finish() throws(SystemError) {
        try self.flush()
        guard fsync(self.descriptor) == 0, rename(self.temporary, self.path) == 0 else { throw .last }
        self.isOver = true
        let folder = open(FileStatus.folder(of: self.path), O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    // MARK: - Private

    private func append(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        self.pending += bytes
        // The last byte stays: it says whether a line has ended.
        if self.pending.count > 256 << 10 { try self.flush(keeping: 1) }
    }

    private func flush(keeping count: Int = 0) throws(SystemError) {
        var rest = self.pending.dropLast(count)
        while !rest.isEmpty {
            let written = systemWrite(self.descriptor, rest)
            if written > 0 { rest = rest.dropFirst(written) } else if errno != EINTR { throw .last }
        }
        self.pending.removeFirst(self.pending.count - count)
    }
}
