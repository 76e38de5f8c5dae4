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

/// An open file, closed when nobody holds it any more.
///
/// The standard streams stay open.
final class FileDescriptor: Sendable {
    /// What tells a file from all others while it is open.
    struct Identity: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64
    }

    /// What the system says about an open file.
    struct Facts: Sendable {
        var identity: Identity
        var isRegular: Bool
        var isDirectory: Bool
        var isPipe: Bool
        var size: Int
    }

    /// Whom an open file is kept from.
    enum Claim: Sendable {
        /// Those who would have it for themselves.
        case shared
        /// Everybody who claims it.
        case exclusive
    }

    let number: Int32
    private let held = Locked<Claim?>(nil)

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        self.letGo()
        if self.number > 2 { close(self.number) }
    }

    func facts() -> Facts? {
        var status = stat()
        guard fstat(self.number, &status) == 0 else { return nil }
        return Facts(status)
    }

    /// What was claimed; nil when nothing is.
    var claimed: Claim? { self.held.withLock { $0 } }

    /// Keeps others from the file, in this process too, until ``letGo()`` or until it is closed.
    ///
    /// - Returns: False when somebody else has it. A file system that keeps nobody out gives it to everybody.
    func claim(_ claim: Claim) -> Bool {
        let operation = claim == .exclusive ? LOCK_EX : LOCK_SH
        while flock(self.number, operation | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { break }
        }
        self.held.withLock { $0 = claim }
        return true
    }

    /// Lets others have the file.
    ///
    /// To close it would not do: a process that is being started has a copy for a moment.
    func letGo() {
        let isHeld = self.held.withLock { held in
            defer { held = nil }
            return held != nil
        }
        if isHeld { _ = flock(self.number, LOCK_UN) }
    }

    /// Whether it is open for reading.
    var isReadable: Bool { self.mode != O_WRONLY }

    /// Whether it is open for writing.
    var isWritable: Bool { self.mode != O_RDONLY }

    /// Makes reads and writes wait, or return at once.
    func setBlocking(_ isBlocking: Bool) {
        let flags = fcntl(self.number, F_GETFL)
        guard flags >= 0 else { return }
        _ = fcntl(self.number, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
    }

    /// What it is open for; nil when it is closed.
    private var mode: Int32? {
        let flags = fcntl(self.number, F_GETFL)
        return flags < 0 ? nil : flags & O_ACCMODE
    }

    /// The facts of a path, its links followed; nil when there is nothing.
    static func facts(ofPath path: String) -> Facts? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Facts(status)
    }

    /// Opens a path, or gives the system's number for why not.
    static func open(_ path: String, _ flags: Int32) -> Result<FileDescriptor, SystemError> {
        while true {
            let number = openWithMode(path, flags | O_CLOEXEC, 0o644)
            if number >= 0 { return .success(FileDescriptor(number)) }
            if errno != EINTR { return .failure(SystemError(errno)) }
        }
    }
}

extension FileDescriptor.Facts {
    fileprivate init(_ status: stat) {
        self.identity = .init(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            inode: UInt64(truncatingIfNeeded: status.st_ino)
        )
        let kind = status.st_mode & S_IFMT
        self.isRegular = kind == S_IFREG
        self.isDirectory = kind == S_IFDIR
        self.isPipe = kind == S_IFIFO
        self.size = Int(status.st_size)
    }
}

private func openWithMode(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    open(path, flags, mode)
}

/// What the system said when it refused something.
struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The number, as `errno` had it.
    let code: Int32

    init(_ code: Int32) {
        self.code = code
    }

    /// The system's words for it.
    var description: String { String(cString: strerror(self.code)) }
}
