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

/// A system call on a socket that failed.
struct SocketError: Error {
    var call: String
    var code = errno
}

/// A client's end of a connection to a ``TCPServer``, with calls that block.
final class TCPConnection: Sendable {
    private enum State {
        case open
        case used
        case closed
    }

    private let descriptor: Int32
    private let state = Locked(State.open)

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Connects and waits for the greeting, for as long as its task is not cancelled.
    static func open(port: UInt16) async throws -> TCPConnection {
        let descriptor = socket(AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw SocketError(call: "socket") }
        var address = loopback(port: port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            defer { closeDescriptor(descriptor) }
            throw SocketError(call: "connect")
        }
        let greeting = await withTaskCancellationHandler {
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, 0) == 1 ? byte : 0
        } onCancel: {
            _ = shutdown(descriptor, Int32(SHUT_RDWR))
        }
        guard greeting == 42 else {
            defer { closeDescriptor(descriptor) }
            throw SocketError(call: "recv")
        }
        var limit = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return TCPConnection(descriptor)
    }

    /// Sends a byte and waits for it to come back, not for long.
    func roundTrip(_ byte: UInt8) throws {
        let isMine = self.state.withLock { state in
            defer { state = .used }
            if case .open = state { return true }
            return false
        }
        guard isMine else { throw SocketError(call: "used twice, or closed", code: 0) }
        defer { self.state.withLock { $0 = .open } }
        var sent = byte
        guard send(self.descriptor, &sent, 1, noSignal) == 1 else { throw SocketError(call: "send") }
        var received: UInt8 = 0
        guard recv(self.descriptor, &received, 1, 0) == 1 else { throw SocketError(call: "recv") }
        guard received == byte else { throw SocketError(call: "echo", code: 0) }
    }

    /// Closes the connection; true unless it was closed before, or is used.
    func end() -> Bool {
        let isMine = self.state.withLock { state in
            defer { state = .closed }
            if case .open = state { return true }
            return false
        }
        if isMine { closeDescriptor(self.descriptor) }
        return isMine
    }
}

// MARK: - What differs between platforms

#if canImport(Glibc)
private let streamSocket = Int32(SOCK_STREAM.rawValue)
#else
private let streamSocket = SOCK_STREAM
#endif

#if canImport(Darwin)
let noSignal: Int32 = 0
#else
let noSignal = Int32(MSG_NOSIGNAL)
#endif

private func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// A socket that listens on a port of the loopback; port 0 for any that is free.
func listenOnLoopback(port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, streamSocket, 0)
    guard descriptor >= 0 else { throw SocketError(call: "socket") }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(port: port)
    let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard bound == 0, listen(descriptor, 64) == 0 else {
        defer { closeDescriptor(descriptor) }
        throw SocketError(call: "bind")
    }
    return descriptor
}

/// The port that a listening socket has.
func portOf(_ descriptor: Int32) -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return UInt16(bigEndian: address.sin_port)
}

/// The next connection of a listening socket.
func acceptConnection(_ descriptor: Int32) -> Int32 { accept(descriptor, nil, nil) }

private func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
