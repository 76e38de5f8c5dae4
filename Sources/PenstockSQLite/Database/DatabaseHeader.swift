//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The first bytes of a database file, read without SQLite, which might change something.
struct DatabaseHeader {
    /// What marks a file as of one program.
    let applicationID: UInt32
    /// The version of what is in it.
    let userVersion: UInt32
    /// Whether there is no table in it: one needs a second page. So it is when SQLite was killed at the very beginning.
    let isEmpty: Bool

    /// Reads the header of a file; nil when there is no file, or nothing in it.
    ///
    /// - Throws: `DatabaseProblem` when it cannot be read and written, or is no database.
    init?(ofFile path: String) throws {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            guard errno == ENOENT else { throw DatabaseProblem(Self.systemReason()) }
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            guard access(folder, W_OK | X_OK) == 0 else { throw DatabaseProblem(Self.systemReason()) }
            return nil
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw DatabaseProblem("it is no regular file") }
        guard access(path, R_OK | W_OK) == 0 else { throw DatabaseProblem(Self.systemReason()) }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw DatabaseProblem(Self.systemReason()) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        if count == 0 { return nil }
        guard count == bytes.count, bytes.starts(with: "SQLite format 3\0".utf8) else {
            throw DatabaseProblem(
                "the file is no SQLite database",
                hint: "give another path, or move the file aside if it is a damaged database"
            )
        }
        func number(at place: Int) -> UInt32 { bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        self.isEmpty = number(at: 28) <= 1
        self.userVersion = number(at: 60)
        self.applicationID = number(at: 68)
    }

    /// Whether SQLite has written something that is not in the file itself yet.
    static func hasLog(_ path: String) -> Bool {
        var facts = stat()
        return stat(path + "-wal", &facts) == 0 && facts.st_size > 0
    }

    /// What the system has said last.
    static func systemReason() -> String { String(cString: strerror(errno)) }
}
#endif
