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

/// A client's end of a TCP connection to this machine. Its calls block, for a minute at most.
final class LineClient: Sendable {
    private let number: Int32

    /// Connects; nil when nobody listens.
    init?(to port: Int) {
        self.number = socket(AF_INET, streamKind, 0)
        precondition(self.number >= 0, "A test gets no socket.")
        var time = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(self.number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(self.number, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.baseAddress.map {
                connect(self.number, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
        }
        guard result == 0 else { return nil }
    }

    deinit { close(self.number) }

    /// Sends bytes; false when the other end has hung up.
    @discardableResult
    func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { sendOnce(self.number, $0, noSignal) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { self.send(Array(text.utf8)[...]) }

    /// Sends as much as the other end and the system between take, without waiting for more room than a moment.
    ///
    /// - Returns: How many bytes that were.
    func sendWhatIsTaken(_ bytes: [UInt8]) -> Int {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { sendOnce(self.number, $0, noSignal | Int32(MSG_DONTWAIT)) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            var polled = pollfd(fd: self.number, events: Int16(POLLOUT), revents: 0)
            if poll(&polled, 1, 500) <= 0 { break }
        }
        return bytes.count - rest.count
    }

    /// Waits until the other end has hung up.
    func waitForEnd() {
        var byte: UInt8 = 0
        while recv(self.number, &byte, 1, 0) > 0 {}
    }
}

#if os(Linux)
private let streamKind = Int32(SOCK_STREAM.rawValue)
private let noSignal = Int32(MSG_NOSIGNAL)
#else
private let streamKind = SOCK_STREAM
private let noSignal: Int32 = 0
#endif

private func sendOnce(_ number: Int32, _ bytes: UnsafeRawBufferPointer, _ flags: Int32) -> Int {
    send(number, bytes.baseAddress, bytes.count, flags)
}
