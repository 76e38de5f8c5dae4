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

/// A socket that listens, and whose connections wait for nobody.
struct ListeningSocket: Sendable {
    let file: FileDescriptor
    /// The port, also where the system has picked it.
    let port: Int

    /// Connections that wait to be accepted.
    static let backlog: Int32 = 1024

    /// Begins to listen on an address of this machine.
    ///
    /// - Throws: `inputOutput` when the address cannot be had.
    init(on address: ListenAddress) throws(PenstockError) {
        let isIPv6 = address.host.contains(":")
        let number = socket(isIPv6 ? AF_INET6 : AF_INET, streamKind, 0)
        guard number >= 0 else { throw Self.problem(address) }
        self.file = FileDescriptor(number)
        makeOwn(number)
        var isReused: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        let isBound = isIPv6 ? Self.bindIPv6(number, address) : Self.bindIPv4(number, address)
        // Where somebody listens already, Linux tells only here.
        guard isBound, listen(number, Self.backlog) == 0 else { throw Self.problem(address) }
        self.port = Self.port(of: number)
    }

    /// The next connection that waits to be accepted; nil when none does.
    ///
    /// - Throws: Why the system gives none, other than that there is none any more.
    func accept() throws(SystemError) -> FileDescriptor? {
        while true {
            let number = acceptConnection(self.file.number)
            if number >= 0 {
                makeOwn(number)
                return FileDescriptor(number)
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return nil
            default: throw SystemError(errno)
            }
        }
    }

    // MARK: - Private

    private static func problem(_ address: ListenAddress) -> PenstockError {
        let failure = SystemError(errno)
        return PenstockError(
            .inputOutput,
            "Nobody can listen on \(address): \(failure).",
            underlyingError: failure
        )
    }

    private static func bindIPv4(_ number: Int32, _ address: ListenAddress) -> Bool {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(address.port).bigEndian
        // A name that all systems have for the same address; to look it up might ask another machine.
        let host = address.host == "localhost" ? "127.0.0.1" : address.host
        guard inet_pton(AF_INET, host, &place.sin_addr) == 1 else { return false }
        return bindSocket(number, &place)
    }

    private static func bindIPv6(_ number: Int32, _ address: ListenAddress) -> Bool {
        var place = sockaddr_in6()
        place.sin6_family = sa_family_t(AF_INET6)
        place.sin6_port = in_port_t(address.port).bigEndian
        guard inet_pton(AF_INET6, address.host, &place.sin6_addr) == 1 else { return false }
        return bindSocket(number, &place)
    }

    private static func bindSocket<Place>(_ number: Int32, _ place: inout Place) -> Bool {
        let size = socklen_t(MemoryLayout<Place>.size)
        return withUnsafeBytes(of: &place) { bytes in
            bytes.baseAddress.map { bind(number, $0.assumingMemoryBound(to: sockaddr.self), size) == 0 } ?? false
        }
    }

    private static func port(of number: Int32) -> Int {
        // Large enough for either kind; the port stands at the same place in both.
        var place = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutableBytes(of: &place) { bytes in
            if let start = bytes.baseAddress {
                _ = getsockname(number, start.assumingMemoryBound(to: sockaddr.self), &size)
            }
        }
        return Int(UInt16(bigEndian: place.sin6_port))
    }
}

#if os(Linux)
private let streamKind = Int32(SOCK_STREAM.rawValue)
#else
private let streamKind = SOCK_STREAM
#endif

/// Lets a socket wait for nobody, and keeps it from programs that this one starts.
private func makeOwn(_ number: Int32) {
    _ = fcntl(number, F_SETFL, O_NONBLOCK)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
}

private func acceptConnection(_ number: Int32) -> Int32 { accept(number, nil, nil) }
