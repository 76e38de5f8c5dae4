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

/// Reads whole lines of one file, and knows where it is.
///
/// Not Sendable: it belongs to the one task that reads.
final class TailReader {
    /// What has become of the file that has a path.
    enum Change {
        case none
        /// It has fewer bytes than were read, or begins with others.
        case shorter
        /// Another file has its path.
        case replaced
    }

    /// How much is read at a time.
    private static let readBytes = 64 << 10
    /// How long a file without a name is waited for, in milliseconds, when the new one is empty.
    private static let graceMilliseconds: Int32 = 1000

    /// Up to where whole lines were given.
    private(set) var cursor: TailCursor
    /// Where the next batch begins; the reader's owner moves it.
    var sent: TailCursor
    /// The first bytes of the file.
    private(set) var head: [UInt8] = []
    /// Whether the head has more bytes than when this was asked last.
    var headHasGrown: Bool {
        defer { self.knownHead = self.head.count }
        return self.head.count > self.knownHead
    }

    private let file: FileDescriptor
    private var knownHead = 0
    /// What was read and has no line end yet; only its beginning, of a line that is too long.
    private var rest: [UInt8] = []
    /// How many bytes of the unfinished line were read.
    private var restBytes = 0
    private var hasWaited = false

    /// Opens a file for a new session; nil when it is not there.
    init?(_ path: String, at offset: Int, session: UInt64) throws(PenstockError) {
        guard let (file, facts) = try Self.open(path) else { return nil }
        self.file = file
        self.cursor = TailCursor(identity: facts.identity, offset: offset, line: 1, session: session)
        self.sent = self.cursor
        _ = try self.hasItsHead()
    }

    /// Opens a file that was read before; nil when another one has the path, or it is shorter than it was.
    init?(_ path: String, at cursor: TailCursor) throws(PenstockError) {
        guard let (file, facts) = try Self.open(path), facts.identity == cursor.identity, facts.size >= cursor.offset
        else { return nil }
        self.file = file
        self.cursor = cursor
        self.sent = cursor
        _ = try self.hasItsHead()
    }

    /// Files in the folder of a path whose names begin with its own, as those have that were put aside.
    static func neighbours(of path: String) -> [String] {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? ""
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard let stream = opendir(folder.isEmpty ? "." : folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream), names.count < 10_000 {
            let other = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if other.hasPrefix(name), other != name { names.append(folder + other) }
        }
        return names.sorted()
    }

    /// The whole lines that come next; empty while a line goes on, nil when there is nothing to read by now.
    ///
    /// Nil also when the file begins with other bytes than it did: ``change(of:)`` tells.
    ///
    /// - Parameter lineBytesMax: Of a line that is longer, little more than this is kept, and given as a line.
    func next(lineBytesMax: Int) throws(PenstockError) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: Self.readBytes)
        let from = self.cursor.offset + self.restBytes
        let count = try self.read(into: &part, at: from)
        // The head is looked at after the read: who writes a file anew writes its beginning before what stands here.
        guard count > 0, try self.hasItsHead() else { return nil }
        let bytes = part[..<count]
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            self.keep(bytes, lineBytesMax: lineBytesMax)
            return []
        }
        let firstEnd = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? end
        self.keep(bytes[..<firstEnd], lineBytesMax: lineBytesMax)
        let lines = self.rest + bytes[firstEnd...end]
        self.cursor.offset = from + end + 1
        self.cursor.line += bytes[...end].reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        self.rest = Array(bytes[(end + 1)...])
        self.restBytes = self.rest.count
        return lines
    }

    /// The last line of a file that ends without a line end; empty when there is none.
    func lastLine() -> [UInt8] {
        defer { (self.rest, self.restBytes) = ([], 0) }
        guard self.restBytes > 0 else { return [] }
        self.cursor.offset += self.restBytes
        self.cursor.line += 1
        return self.rest
    }

    /// What has become of the file, after all of it was read.
    func change(of path: String) throws(PenstockError) -> Change {
        guard let facts = self.file.facts() else { throw Self.error(path, SystemError(errno)) }
        let isShorter = facts.size < self.cursor.offset + self.restBytes
        guard !isShorter, try self.hasItsHead() else { return .shorter }
        // Without a file of its name there is nothing to go to yet.
        guard let other = FileDescriptor.facts(ofPath: path) else { return .none }
        return other.identity == facts.identity ? .none : .replaced
    }

    /// Whether it is worth while to look once more for what was written to a file that has lost its name.
    ///
    /// Once the new file has something in it, whoever writes has gone over to it.
    func mayGrow(beside path: String, _ feed: SourceFeed) -> Bool {
        if self.hasWaited { return false }
        self.hasWaited = true
        if let facts = FileDescriptor.facts(ofPath: path), facts.size > 0 { return true }
        feed.waitToRead(nil, milliseconds: Self.graceMilliseconds)
        return true
    }

    // MARK: - Private

    private static func open(_ path: String) throws(PenstockError) -> (FileDescriptor, FileDescriptor.Facts)? {
        switch FileDescriptor.open(path, O_RDONLY | O_NONBLOCK) {
        case .failure(let failure) where failure.code == ENOENT: return nil
        case .failure(let failure): throw Self.error(path, failure)
        case .success(let file):
            guard let facts = file.facts() else { throw Self.error(path, SystemError(errno)) }
            guard facts.isRegular else { throw PenstockError(.inputOutput, "\"\(path)\" is no regular file") }
            return (file, facts)
        }
    }

    private static func error(_ path: String, _ failure: SystemError) -> PenstockError {
        PenstockError(.inputOutput, "reading \"\(path)\": \(failure)", underlyingError: failure)
    }

    /// Whether the file begins as it did; what has come to its head since is noted.
    private func hasItsHead() throws(PenstockError) -> Bool {
        var bytes = [UInt8](repeating: 0, count: TailCheckpoint.headBytesMax)
        let count = try self.read(into: &bytes, at: 0)
        guard bytes[..<count].starts(with: self.head) else { return false }
        self.head = Array(bytes[..<count])
        return true
    }

    private func read(into bytes: inout [UInt8], at offset: Int) throws(PenstockError) -> Int {
        while !bytes.isEmpty {
            let count = bytes.withUnsafeMutableBytes {
                pread(self.file.number, $0.baseAddress, $0.count, off_t(offset))
            }
            if count >= 0 { return count }
            if errno != EINTR {
                throw PenstockError(.inputOutput, "reading the file: \(SystemError(errno))")
            }
        }
        return 0
    }

    /// Adds to the unfinished line.
    private func keep(_ bytes: ArraySlice<UInt8>, lineBytesMax: Int) {
        self.restBytes += bytes.count
        self.rest += bytes.prefix(max(0, lineBytesMax + 2 - self.rest.count))
    }
}
