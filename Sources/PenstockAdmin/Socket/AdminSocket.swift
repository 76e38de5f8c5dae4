//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A Unix socket that only its user can open.
///
/// It is opened in a folder that nobody else can look into, and moved to its place once it is closed to others: at no
/// instant is it open to them. What is left of a process that has ended is replaced; a socket that somebody serves is not.
struct AdminSocket: Sendable {
    /// The longest path that fits into an address of a socket, on Linux and on macOS.
    static let pathBytesMax = 103
    /// What ``openingPath`` has more than the folder.
    private static let roomBytes = "/.pen.XXXXXX/s".utf8.count

    /// Where it is in the end.
    let path: String
    /// Where it is opened.
    let openingPath: String
    private let room: String

    /// Makes the folders; opens nothing.
    ///
    /// - Throws: `inputOutput` when somebody serves there already, or nobody can.
    init(_ path: String) throws(PenstockError) {
        let folder = Self.folder(of: path)
        if let reason = Self.makeFolder(folder) { throw Self.problem(path, "the folder \"\(folder)\" \(reason)") }
        if let problem = Self.problem(at: path) { throw problem }
        var template = Array("\(folder)/.pen.XXXXXX".utf8CString)
        let room = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let name = buffer.baseAddress, mkdtemp(name) != nil else { return nil }
            return String(cString: name)
        }
        guard let room else { throw Self.problem(path, String(cString: strerror(errno))) }
        self.path = path
        self.room = room
        self.openingPath = "\(room)/s"
    }

    /// Why a path cannot be one of a socket; nil when it can.
    static func problem(ofPath path: String) -> PenstockError? {
        let opening = Self.folder(of: path).utf8.count + Self.roomBytes
        guard max(path.utf8.count, opening) > Self.pathBytesMax else { return nil }
        let reason = "the path has more than \(Self.pathBytesMax) bytes, the most that a socket's address holds"
        return PenstockError(.invalidConfiguration, "The socket \"\(path)\" cannot be opened: \(reason).")
    }

    /// Why what is at a path cannot be replaced; nil when it can, or nothing is there.
    static func problem(at path: String) -> PenstockError? {
        if Self.isServed(path) { return Self.problem(path, "another process serves there") }
        return Self.isSomethingElse(path) ? Self.problem(path, "it is there, and is no socket") : nil
    }

    /// Why the folder of a path cannot be made or written; nil when it can, as far as a look tells.
    static func problem(ofFolder path: String) -> PenstockError? {
        let folder = Self.folder(of: path)
        // What ``init(_:)`` makes: the folder, and the one above it.
        var place = folder
        for _ in 0..<2 where !Self.isThere(place) && place != Self.folder(of: place) { place = Self.folder(of: place) }
        guard Self.isThere(place) else {
            return Self.problem(path, "there is no folder \"\(place)\"")
        }
        // By what it holds of itself, which only a folder does.
        if access("\(place)/.", W_OK | X_OK) == 0 { return nil }
        let reason = String(cString: strerror(errno))
        return Self.problem(path, "the folder \"\(place)\" cannot be written: \(reason)")
    }

    /// Moves the open socket to its place.
    func publish() throws(PenstockError) {
        guard chmod(self.openingPath, 0o600) == 0, rename(self.openingPath, self.path) == 0 else {
            throw self.problem(String(cString: strerror(errno)))
        }
        rmdir(self.room)
    }

    /// Removes it.
    func remove() {
        unlink(self.openingPath)
        rmdir(self.room)
        // Only what nobody serves: somebody else may have taken the place.
        if !Self.isServed(self.path), !Self.isSomethingElse(self.path) { unlink(self.path) }
    }

    func problem(_ reason: String, _ error: (any Error)? = nil) -> PenstockError {
        Self.problem(self.path, reason, error)
    }

    // MARK: - Private

    private static func problem(_ path: String, _ reason: String, _ error: (any Error)? = nil) -> PenstockError {
        PenstockError(.inputOutput, "The socket \"\(path)\" cannot be opened: \(reason).", underlyingError: error)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a folder that only this user looks into, and the one above it; tells why not.
    private static func makeFolder(_ folder: String) -> String? {
        for path in [Self.folder(of: folder), folder] {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                return "cannot be made: \(String(cString: strerror(errno)))"
            }
        }
        return nil
    }

    private static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 || errno != ENOENT }

    /// Whether there is something that is no socket: a socket cannot be opened as a file is.
    private static func isSomethingElse(_ path: String) -> Bool {
        let number = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard number < 0 else {
            close(number)
            return true
        }
        return ![ENOENT, ENXIO, EOPNOTSUPP].contains(errno)
    }

    /// Whether somebody answers there.
    static func isServed(_ path: String) -> Bool {
        #if os(Linux)
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let number = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard number >= 0 else { return false }
        defer { close(number) }
        // A process that has stopped takes nobody up, and has still its socket.
        guard fcntl(number, F_SETFL, O_NONBLOCK) == 0 else { return false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= Self.pathBytesMax else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let isConnected =
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            } == 0
        return isConnected || errno == EAGAIN || errno == EINPROGRESS
    }
}
#endif
