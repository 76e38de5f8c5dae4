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
import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A socket that is listened on and never answered: connections are made by the system and then nothing happens.
final class SilentServer: Sendable {
    let port: Int
    fileprivate let number: Int32
    private let isStopped = Locked(false)

    init() throws {
        let number = socket(AF_INET, streamKind, 0)
        var address = loopback(0)
        guard number >= 0, withSockAddr(&address, { bind(number, $0, $1) }) == 0, listen(number, 128) == 0 else {
            throw SocketError("listen")
        }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard withSockAddr(&address, { pointer, _ in getsockname(number, pointer, &size) }) == 0 else {
            throw SocketError("getsockname")
        }
        self.number = number
        self.port = Int(in_port_t(bigEndian: address.sin_port))
    }

    func stop() {
        let isFirst = self.isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        shutdown(self.number, Int32(SHUT_RDWR))
        close(self.number)
    }

    deinit { self.stop() }
}

/// A server that answers each request as a test says.
final class ScriptedServer: Sendable {
    /// A request as the server got it.
    struct Request: Sendable {
        var head: String
        var body: String

        /// The value of a header.
        func header(_ name: String) -> String? {
            let line = self.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name.lowercased()): ") }
            return line.map { String($0.dropFirst(name.count + 2)) }
        }
    }

    private let listener: SilentServer
    private let seen = Locked<[Request]>([])
    private let answer: @Sendable (Int, Request) -> String?

    var port: Int { self.listener.port }
    var url: String { "http://127.0.0.1:\(self.port)/in?a=b" }
    var requests: [Request] { self.seen.withLock { $0 } }

    /// Starts a server.
    ///
    /// - Parameter answer: What to answer to the request with a number, from 1; nil hangs up without an answer.
    init(_ answer: @escaping @Sendable (Int, Request) -> String?) throws {
        self.listener = try SilentServer()
        self.answer = answer
        let number = self.listener.number
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(number, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
        }
    }

    func stop() { self.listener.stop() }

    static func answer(_ status: Int, headers: [String] = [], body: String = "") -> String {
        let more = headers.map { $0 + "\r\n" }.joined()
        return "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
    }

    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            while let (request, length) = Self.request(in: bytes) {
                bytes.removeFirst(length)
                let number = self.seen.withLock { seen in
                    seen.append(request)
                    return seen.count
                }
                guard let answer = self.answer(number, request) else { return }
                guard answer.withCString({ send(connection, $0, strlen($0), noSignal) }) > 0 else { return }
            }
            let count = piece.withUnsafeMutableBytes { recv(connection, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            bytes += piece.prefix(count)
        }
    }

    private static func request(in bytes: [UInt8]) -> (Request, Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        var request = Request(head: String(decoding: bytes[..<end.lowerBound], as: UTF8.self), body: "")
        let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
        guard bytes.count >= end.upperBound + length else { return nil }
        request.body = String(decoding: bytes[end.upperBound..<end.upperBound + length], as: UTF8.self)
        return (request, end.upperBound + length)
    }
}

#if os(Linux)
private let noSignal = Int32(MSG_NOSIGNAL)
#else
private let noSignal: Int32 = 0
#endif
#endif
