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

/// A file beside the database that holds room on the disk, and keeps other processes out.
///
/// To remove batches takes room too, for the log and for pages that are only in it. So some is held: when the disk is
/// full it is let go, and there is room for what makes room. While it is not held nothing is added.
//
// SAFETY: used by one thread at a time, as `SQLiteEventStore` is.
final class SpaceReserve: @unchecked Sendable {
    private let path: String
    private let bytes: Int
    private var file: Int32
    private(set) var isHeld = false
    /// Why the room could not be held when that was last tried.
    private(set) var reason = "the disk is full"

    /// Opens the file, and locks it until the process ends or ``close(keepsRoom:)``.
    ///
    /// - Parameters:
    ///   - database: The path of the database.
    ///   - bytes: How much room it holds.
    /// - Throws: `DatabaseProblem` when another process has it, or it cannot be made.
    init(beside database: String, bytes: Int) throws {
        self.path = Self.path(beside: database)
        self.bytes = bytes
        self.file = open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard self.file >= 0 else { throw DatabaseProblem("\"\(self.path)\": \(DatabaseHeader.systemReason())") }
        guard flock(self.file, LOCK_EX | LOCK_NB) == 0 else {
            let isInUse = errno == EWOULDBLOCK
            let reason = DatabaseHeader.systemReason()
            throw isInUse ? Self.inUse : DatabaseProblem("\"\(self.path)\": \(reason)")
        }
        _ = self.hold()
    }

    deinit {
        if self.file >= 0 { Glue.unlockAndClose(self.file) }
    }

    /// Whether another process has the database of a path; changes nothing.
    static func isInUse(beside database: String) -> Bool {
        let file = open(Self.path(beside: database), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { Glue.unlockAndClose(file) }
        return flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    static let inUse = DatabaseProblem(
        "another running penstock uses it",
        hint: "wait until it has ended, or give this pipeline a queue of its own"
    )

    /// Holds the room; false when there is not as much.
    func hold() -> Bool {
        if self.isHeld { return true }
        var facts = stat()
        guard fstat(self.file, &facts) == 0 else {
            self.reason = DatabaseHeader.systemReason()
            return false
        }
        var filled = Int(facts.st_size)
        let zeros = [UInt8](repeating: 0, count: 256 << 10)
        while filled < self.bytes {
            let count = min(zeros.count, self.bytes - filled)
            let written = zeros.withUnsafeBytes { pwrite(self.file, $0.baseAddress, count, off_t(filled)) }
            guard written > 0 else {
                if written < 0 { self.reason = DatabaseHeader.systemReason() }
                self.letGo()
                return false
            }
            filled += written
        }
        self.isHeld = true
        return true
    }

    /// Lets the room go.
    func letGo() {
        _ = ftruncate(self.file, 0)
        self.isHeld = false
    }

    /// Lets the others in.
    ///
    /// - Parameter keepsRoom: Whether the room is held on.
    func close(keepsRoom: Bool) {
        if !keepsRoom { self.letGo() }
        Glue.unlockAndClose(self.file)
        self.file = -1
    }

    private static func path(beside database: String) -> String { database + "-reserve" }
}

/// The system's function, where a method has the same name.
private enum Glue {
    /// Unlocks it first: a process that is being started has a copy for a moment, which would keep the lock.
    static func unlockAndClose(_ file: Int32) {
        flock(file, LOCK_UN)
        #if canImport(Glibc)
        _ = Glibc.close(file)
        #elseif canImport(Musl)
        _ = Musl.close(file)
        #elseif canImport(Darwin)
        _ = Darwin.close(file)
        #endif
    }
}
#endif
