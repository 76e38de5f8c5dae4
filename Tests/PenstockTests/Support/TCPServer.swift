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

/// A server on a loopback port and a thread of its own, which dies, hangs and comes back when it is told to.
///
/// It greets each connection with one byte and then sends back each byte it gets.
//
// SAFETY: what both sides use is behind the lock; the connections belong to the thread.
final class TCPServer: @unchecked Sendable {
    /// What it does.
    enum Mode: Sendable {
        /// Greets and echoes.
        case serves
        /// Lets clients connect and says nothing at all.
        case hangs
        /// Has closed everything: who connects is refused.
        case dead
        /// Closes everything for good.
        case ended
    }

    private struct State {
        var mode = Mode.serves
        var applied = Mode.serves
        var connections = 0
        var accepted = 0
    }

    let port: UInt16
    private let state = Locked(State())
    private let ends: (read: Int32, write: Int32)
    private var listener: Int32
    private var connections: [Int32: Bool] = [:]

    init() throws {
        let listener = try listenOnLoopback(port: 0)
        self.listener = listener
        self.port = portOf(listener)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SocketError(call: "pipe") }
        self.ends = (ends[0], ends[1])
        var thread = pthread_t(bitPattern: 0)
        let context = Unmanaged.passRetained(self).toOpaque()
        guard pthread_create(&thread, nil, serverMain, context) == 0 else { throw SocketError(call: "pthread_create") }
        #if canImport(Darwin)
        if let thread { pthread_detach(thread) }
        #else
        pthread_detach(thread)
        #endif
    }

    deinit {
        close(self.ends.read)
        close(self.ends.write)
    }

    /// How many connections are open at its end.
    var connectionCount: Int { self.state.withLock { $0.connections } }
    /// How many connections it ever accepted.
    var acceptedCount: Int { self.state.withLock { $0.accepted } }

    /// Changes what it does, and returns when it does it.
    func become(_ mode: Mode) async {
        self.state.withLock { $0.mode = mode }
        var byte: UInt8 = 0
        _ = write(self.ends.write, &byte, 1)
        await eventually { self.state.withLock { $0.applied == mode } }
    }

    // MARK: - The thread

    fileprivate func serve() {
        var mode = Mode.serves
        while true {
            var polled = [pollfd(fd: self.ends.read, events: Int16(POLLIN), revents: 0)]
            if self.listener >= 0 { polled.append(pollfd(fd: self.listener, events: Int16(POLLIN), revents: 0)) }
            // One that hangs does not read either.
            if mode == .serves {
                polled += self.connections.keys.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            }
            guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
            for ready in polled where ready.revents != 0 {
                switch ready.fd {
                case self.ends.read: mode = self.change(from: mode)
                case self.listener: self.accept(mode)
                default: self.echo(ready.fd)
                }
            }
            self.state.withLock { state in
                state.connections = self.connections.count
                state.applied = mode
            }
            if mode == .ended { return }
        }
    }

    private func change(from mode: Mode) -> Mode {
        var byte: UInt8 = 0
        _ = read(self.ends.read, &byte, 1)
        let next = self.state.withLock { $0.mode }
        switch next {
        case .serves, .hangs:
            if self.listener < 0 { self.listener = (try? listenOnLoopback(port: self.port)) ?? -1 }
            if next == .serves { for connection in self.connections.keys { self.greet(connection) } }
        case .dead, .ended:
            for connection in self.connections.keys { close(connection) }
            self.connections = [:]
            if self.listener >= 0 { close(self.listener) }
            self.listener = -1
        }
        return next
    }

    private func accept(_ mode: Mode) {
        let connection = acceptConnection(self.listener)
        guard connection >= 0 else { return }
        self.state.withLock { $0.accepted += 1 }
        self.connections[connection] = false
        if mode == .serves { self.greet(connection) }
    }

    private func greet(_ connection: Int32) {
        guard self.connections[connection] == false else { return }
        var greeting: UInt8 = 42
        _ = send(connection, &greeting, 1, noSignal)
        self.connections[connection] = true
    }

    private func echo(_ connection: Int32) {
        guard self.connections[connection] != nil else { return }
        var byte: UInt8 = 0
        if recv(connection, &byte, 1, 0) == 1, send(connection, &byte, 1, noSignal) == 1 { return }
        close(connection)
        self.connections[connection] = nil
    }
}

#if canImport(Darwin)
private func serverMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<TCPServer>.fromOpaque(context).takeRetainedValue().serve()
    return nil
}
#else
private func serverMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<TCPServer>.fromOpaque(context).takeRetainedValue().serve()
    return nil
}
#endif
