//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A client that sends events to a program on this machine. Its calls block, for half a minute at most.
struct LocalClient: ~Copyable {
    private let number: Int32

    /// Connects; nil when nobody listens.
    init?(port: Int) {
        self.number = socket(AF_INET, Self.kind, 0)
        var time = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(self.number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = Self.address(port)
        let number = self.number
        guard Self.withAddress(&address, { connect(number, $0, $1) }) == 0 else { return nil }
    }

    deinit { close(self.number) }

    /// Sends a text; false when the other end has hung up.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                sendOnce(self.number, $0.baseAddress.map { $0 + sent }, $0.count - sent, Self.noSignal)
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Posts lines, and tells the status of the answer; nil when the connection ended without one.
    func post(_ body: String) -> Int? {
        let head = "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-ndjson\r\n"
        self.send("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !answer.contains(UInt8(ascii: "}")) {
            let count = piece.withUnsafeMutableBytes { recv(self.number, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            answer += piece.prefix(count)
        }
        return String(decoding: answer, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// A port that nobody listens on, and a socket that keeps it taken until it is closed, if that is wanted.
    static func freePort(keeping: Bool = false) -> (port: Int, socket: Int32) {
        let number = socket(AF_INET, Self.kind, 0)
        var address = Self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = Self.withAddress(&address) { bind(number, $0, $1) }
        _ = Self.withAddress(&address) { pointer, _ in getsockname(number, pointer, &size) }
        if keeping { listen(number, 1) } else { close(number) }
        return (Int(in_port_t(bigEndian: address.sin_port)), number)
    }

    #if os(Linux)
    private static let kind = Int32(SOCK_STREAM.rawValue)
    private static let noSignal = Int32(MSG_NOSIGNAL)
    #else
    private static let kind = SOCK_STREAM
    private static let noSignal: Int32 = 0
    #endif

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return address
    }

    private static func withAddress(
        _ address: inout sockaddr_in,
        _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

private func sendOnce(_ number: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
    send(number, bytes, count, flags)
}
