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

/// A file that says how far another one was read.
///
/// It is written beside itself and renamed, with both made to last: after a loss of power the old one is there or the new one.
struct TailCheckpoint: Sendable, Equatable {
    /// How many of the file's first bytes are remembered, to tell it from another one with the same number.
    static let headBytesMax = 256

    var cursor: TailCursor
    /// How many bytes the head has.
    var headBytes: Int
    /// What they are, as a number.
    var headHash: UInt64

    /// Creates the checkpoint of a file.
    init(_ cursor: TailCursor, head: ArraySlice<UInt8>) {
        self.cursor = cursor
        self.headBytes = head.count
        self.headHash = Self.hash(head)
    }

    /// Reads a checkpoint; nil when there is none.
    init?(path: String) throws(PenstockError) {
        let bytes: [UInt8]
        switch Self.contents(of: path) {
        case .success(let contents): bytes = contents
        case .failure(let failure) where failure.code == ENOENT: return nil
        case .failure(let failure):
            throw PenstockError(.inputOutput, "the checkpoint \"\(path)\" cannot be read: \(failure)")
        }
        guard let checkpoint = Self.parse(bytes) else {
            let reason = "\"\(path)\" is no checkpoint, or a damaged one"
            let hint = "move it aside, and reading begins where 'from' says, which is the beginning by default"
            throw PenstockError(.inputOutput, "\(reason).", underlyingError: HintedCause(reason, hint: hint))
        }
        self = checkpoint
    }

    /// Writes it.
    func write(to path: String) throws(PenstockError) {
        let cursor = self.cursor
        let text = """
            {"device":"\(cursor.identity.device)","inode":"\(cursor.identity.inode)","offset":"\(cursor.offset)",\
            "line":"\(cursor.line)","session":"\(cursor.session)","head_bytes":"\(self.headBytes)",\
            "head_hash":"\(self.headHash)"}

            """
        do throws(SystemError) {
            try Self.replace(path, with: Array(text.utf8))
        } catch {
            throw PenstockError(.inputOutput, "the checkpoint \"\(path)\" cannot be written: \(error)")
        }
    }

    /// Whether a head is the one of the file that is meant.
    func matches(head: ArraySlice<UInt8>) -> Bool {
        head.count >= self.headBytes && Self.hash(head.prefix(self.headBytes)) == self.headHash
    }

    // MARK: - Private

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private static func contents(of path: String) -> Result<[UInt8], SystemError> {
        FileDescriptor.open(path, O_RDONLY | O_NONBLOCK).flatMap { file in
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = bytes.withUnsafeMutableBytes { pread(file.number, $0.baseAddress, $0.count, 0) }
            return count < 0 ? .failure(SystemError(errno)) : .success(Array(bytes.prefix(count)))
        }
    }

    private static func parse(_ bytes: [UInt8]) -> TailCheckpoint? {
        var fields = FieldSet()
        let names = ["device", "inode", "offset", "line", "session", "head_bytes", "head_hash"]
        for name in names { _ = fields.index(of: name) }
        var found = Array(repeating: JSONField.absent, count: names.count)
        return bytes.withUnsafeBytes { line -> TailCheckpoint? in
            let problem = found.withUnsafeMutableBufferPointer { JSONScanner.scan(line, for: fields, into: $0) }
            guard problem == nil else { return nil }
            let values = found.compactMap { field in
                UInt64(String(decoding: line[Int(field.offset)..<field.end], as: UTF8.self))
            }
            guard values.count == names.count, let offset = Int(exactly: values[2]),
                let headBytes = Int(exactly: values[5])
            else { return nil }
            let identity = FileDescriptor.Identity(device: values[0], inode: values[1])
            let cursor = TailCursor(identity: identity, offset: offset, line: values[3], session: values[4])
            var checkpoint = TailCheckpoint(cursor, head: [])
            checkpoint.headBytes = headBytes
            checkpoint.headHash = values[6]
            return checkpoint
        }
    }

    private static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".new"
        let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC).get()
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { systemWrite(file.number, $0) }
            if count < 0, errno != EINTR { throw SystemError(errno) }
            written += max(0, count)
        }
        guard fsync(file.number) == 0, rename(temporary, path) == 0 else { throw SystemError(errno) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if case .success(let folder) = FileDescriptor.open(folder, O_RDONLY) { fsync(folder.number) }
    }
}

private func systemWrite(_ number: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(number, bytes.baseAddress, bytes.count)
}
