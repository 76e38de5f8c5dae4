//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs what blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: .init(catching: body)) }
    }
}

/// A system call that has failed.
struct SocketError: Error, CustomStringConvertible {
    let description: String

    init(_ call: String) { self.description = "\(call): \(String(cString: strerror(errno)))" }
}

/// A client's end of a TCP connection, which sends whatever it is told to. Its calls block, for a minute at most.
final class RawConnection: Sendable {
    let number: Int32

    /// Connects to a port of this machine.
    init(to port: Int) throws {
        self.number = socket(AF_INET, streamKind, 0)
        guard self.number >= 0 else { throw SocketError("socket") }
        var time = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(self.number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(self.number, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = loopback(port)
        let result = withSockAddr(&address) { connect(self.number, $0, $1) }
        guard result == 0 else { throw SocketError("connect") }
    }

    deinit { close(self.number) }

    /// Sends bytes.
    ///
    /// - Returns: Whether all of them could be sent: not when the other end has hung up.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Self.write(self.number, $0.baseAddress.map { $0 + sent }, $0.count - sent)
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { self.send(text.utf8) }

    /// Sends no more.
    func endOutput() { shutdown(self.number, Int32(SHUT_WR)) }

    /// Everything that comes until the other end hangs up, or resets the connection.
    func receiveAll() -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = self.receive() { bytes += piece }
        return bytes
    }

    /// What comes until it holds so many answers, or the other end hangs up.
    func receive(answers: Int) -> [Answer] {
        var bytes: [UInt8] = []
        while true {
            let found = Answer.all(in: bytes)
            if found.count >= answers { return found }
            guard let piece = self.receive() else { return found }
            bytes += piece
        }
    }

    private func receive() -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = piece.withUnsafeMutableBytes { recv(self.number, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(piece.prefix(count)) : nil
    }

    private static func write(_ number: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if os(Linux)
        Glibc.send(number, bytes, count, Int32(MSG_NOSIGNAL))
        #else
        Darwin.send(number, bytes, count, 0)
        #endif
    }
}

/// An answer as a client reads it.
struct Answer: Sendable {
    var status: Int
    var head: String
    var body: String

    /// The whole answers at the beginning of what was received; a word in between such as `100 Continue` is none.
    static func all(in bytes: [UInt8]) -> [Answer] {
        var answers: [Answer] = []
        var place = 0
        while let end = Self.headEnd(in: bytes, from: place) {
            let head = String(decoding: bytes[place..<end - 4], as: UTF8.self)
            let status = Int(head.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0
            place = end
            if status == 100 { continue }
            let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length: ") }
            let count = length.flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
            guard bytes.count - place >= count else { break }
            let body = String(decoding: bytes[place..<place + count], as: UTF8.self)
            answers.append(Answer(status: status, head: head, body: body))
            place += count
        }
        return answers
    }

    /// Where the head ends that begins at a place, its blank line included.
    private static func headEnd(in bytes: [UInt8], from first: Int) -> Int? {
        var place = first + 3
        while place < bytes.count {
            if bytes[place] == 0x0A, bytes[place - 1] == 0x0D, bytes[place - 2] == 0x0A { return place + 1 }
            place += 1
        }
        return nil
    }

    /// The number that stands behind a name in the body.
    func count(_ name: String) -> Int? {
        guard let range = self.body.range(of: "\"\(name)\":") else { return nil }
        return Int(self.body[range.upperBound...].prefix { $0.isNumber })
    }
}

/// A request with a body of known length.
func post(_ body: String, _ type: String = "application/x-ndjson", headers: [String] = []) -> String {
    let more = headers.map { $0 + "\r\n" }.joined()
    return
        "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n"
        + body
}

#if os(Linux)
let streamKind = Int32(SOCK_STREAM.rawValue)
#else
let streamKind = SOCK_STREAM
#endif

func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    return address
}

func withSockAddr<Result>(
    _ address: inout sockaddr_in,
    _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
#endif
