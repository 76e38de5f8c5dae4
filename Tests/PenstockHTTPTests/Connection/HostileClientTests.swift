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
import PenstockEvents
import PenstockHTTP
import PenstockTesting
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Clients that mean no good, beside one that does.
@Suite(.timeLimit(.minutes(5)))
struct HostileClientTests {
    private static let head = "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n"

    /// What must never be taken, and the answer to it.
    struct Attack: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: String
        var status: Int

        init(_ name: String, _ status: Int, _ bytes: String) {
            self.testDescription = name
            self.bytes = bytes
            self.status = status
        }
    }

    static let attacks: [Attack] = [
        Attack("noise", 400, "\u{1}\u{2}\u{3} what is this?\r\n\r\n"),
        Attack("TLS to a server without", 400, "\u{16}\u{3}\u{1}\u{0}\u{5}hello\r\n\r\n"),
        Attack("a body without a length", 411, "\(head)\r\n"),
        Attack("a negative length", 400, "\(head)Content-Length: -5\r\n\r\nhello"),
        Attack("a length with a sign", 400, "\(head)Content-Length: +5\r\n\r\nhello"),
        Attack("a length that is no number", 400, "\(head)Content-Length: 5x\r\n\r\nhello"),
        Attack("a length beyond all numbers", 400, "\(head)Content-Length: 99999999999999999999999\r\n\r\nhello"),
        Attack("a gigabyte announced", 413, "\(head)Content-Length: 1073741824\r\n\r\nhello"),
        Attack("two lengths", 400, "\(head)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        Attack("a list of lengths", 400, "\(head)Content-Length: 5, 5\r\n\r\nhello"),
        Attack("length and chunks", 400, "\(head)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Attack("chunks and length", 400, "\(head)Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        Attack("a coding that hides", 400, "\(head)Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        Attack("a coding that is misspelt", 501, "\(head)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        Attack("a space before the colon", 400, "\(head)Content-Length : 5\r\n\r\nhello"),
        Attack("a header that goes on", 400, "\(head)X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello"),
        Attack("a CR alone in a header", 400, "\(head)X-A: b\rContent-Length: 5\r\n\r\nhello"),
        Attack("a NUL in a header", 400, "\(head)X-A: b\u{0}c\r\nContent-Length: 5\r\n\r\nhello"),
        Attack("a chunk that is no number", 400, "\(head)Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
        Attack("a chunk of negative size", 400, "\(head)Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"),
        Attack(
            "a chunk beyond all sizes",
            400,
            "\(head)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n"
        ),
        Attack(
            "a chunk that is longer than it says",
            400,
            "\(head)Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"
        ),
        Attack("no host", 400, "POST /events HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"),
        Attack("two hosts", 400, "\(head)Host: i\r\nContent-Length: 5\r\n\r\nhello"),
        Attack("an old version", 505, "POST /events HTTP/1.0\r\nHost: h\r\n\r\n"),
        Attack("HTTP/2 without asking", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Attack("a tunnel", 404, "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"),
        Attack("100,000 headers", 431, "\(head)\(String(repeating: "A: b\r\n", count: 100_000))\r\n"),
        Attack("one header without end", 431, "\(head)A: \(String(repeating: "b", count: 1_000_000))"),
        Attack("an address without end", 431, "POST /\(String(repeating: "b", count: 1_000_000))"),
        Attack("blank lines without end", 431, String(repeating: "\r\n", count: 100_000)),
        Attack("a compression nobody knows", 415, "\(head)Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello"),
        Attack("what is not compressed", 400, "\(head)Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
        Attack("JSON without end", 400, post("[[[[", "application/json")),
        Attack("JSON in JSON", 400, post("[{]}", "application/json")),
    ]

    @Test(arguments: attacks)
    func attackIsAnsweredAndNothingTaken(attack: Attack) async throws {
        let sink = CollectingSink()
        let (answers, report) = try await Ingest.run(sink) { ingest in
            let port = ingest.port
            return try await onThread {
                let connection = try RawConnection(to: port)
                connection.send(attack.bytes)
                connection.endOutput()
                return Answer.all(in: connection.receiveAll())
            }
        }
        #expect(answers.first?.status == attack.status, "\(answers)")
        #expect(answers.allSatisfy { $0.status >= 400 }, "\(answers)")
        #expect(report.events.accepted == 0)
        #expect(sink.lines.isEmpty)
    }

    @Test func bytesBehindABodyAreNoRequest() async throws {
        let sink = CollectingSink()
        let (answers, _) = try await Ingest.run(sink) { ingest in
            try await ingest.exchange(
                "\(Self.head)Content-Length: 2\r\n\r\na\nSMUGGLED /events HTTP/1.1\r\nHost: h\r\n\r\n",
                answers: 2
            )
        }
        #expect(answers.map(\.status) == [202, 400])
        #expect(sink.lines == ["a"])
    }

    @Test func bodyThatEndsInTheMiddleIsNotTaken() async throws {
        let (answers, report) = try await Ingest.run { ingest in
            let port = ingest.port
            return try await onThread {
                let connection = try RawConnection(to: port)
                connection.send("\(Self.head)Content-Length: 50\r\n\r\na\nb\n")
                connection.endOutput()
                return Answer.all(in: connection.receiveAll())
            }
        }
        #expect(answers.map(\.status) == [400])
        #expect(report.events.accepted == 0)
    }

    /// A gigabyte that was not announced is cut at the cap: the client cannot send much more than that.
    @Test func endlessBodyIsCut() async throws {
        let (sent, report) = try await Ingest.run { ingest in
            let port = ingest.port
            return try await onThread { () -> (Int, Int?) in
                let connection = try RawConnection(to: port)
                connection.send("\(Self.head)Transfer-Encoding: chunked\r\n\r\n")
                let chunk = Array("10000\r\n\(String(repeating: "x", count: 65_536))\r\n".utf8)
                var sent = 0
                while sent < 1 << 30, connection.send(chunk) { sent += chunk.count }
                return (sent, connection.receive(answers: 1).first?.status)
            }
        }
        // The answer may be lost to the reset that a client gets who does not stop sending.
        #expect(sent.1 == 413 || sent.1 == nil)
        #expect(sent.0 < 1 << 30)
        #expect(report.events.accepted == 0)
    }

    @Test func compressedMountainIsCut() async throws {
        let (answer, report) = try await Ingest.run { ingest in
            let port = ingest.port
            return try await onThread {
                // Made before: it takes a while, and the server would not wait.
                let bomb = Zipped.bomb
                let connection = try RawConnection(to: port)
                connection.send("\(Self.head)Content-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n")
                connection.send(bomb)
                return connection.receive(answers: 1).first?.status
            }
        }
        #expect(answer == 413)
        #expect(report.events.accepted == 0)
    }

    @Test func slowHeadsAndBodiesAreCut() async throws {
        let (answers, _) = try await Ingest.run {
            $0.headTime = .milliseconds(300)
            $0.bodyTime = .seconds(3)
        } _: { ingest in
            async let head = ingest.exchange("POST /ev")
            async let silence = ingest.exchange("")
            async let body = ingest.exchange("\(Self.head)Content-Length: 500\r\n\r\nabc")
            return (try await head, try await silence, try await body)
        }
        #expect(answers.0.map(\.status) == [408])
        #expect(answers.1.map(\.status) == [])
        #expect(answers.2.map(\.status) == [408])
    }

    @Test func connectionsBeyondTheCapAreClosed() async throws {
        let (statuses, _) = try await Ingest.run {
            $0.connectionsMax = 2
        } _: { ingest in
            let port = ingest.port
            return try await onThread {
                let first = try RawConnection(to: port)
                let second = try RawConnection(to: port)
                first.send(post("a\n"))
                second.send(post("b\n"))
                var statuses = [first, second].map { $0.receive(answers: 1).first?.status }
                let third = try RawConnection(to: port)
                statuses.append(third.receive(answers: 1).first?.status)
                first.send(post("c\n"))
                statuses.append(first.receive(answers: 1).first?.status)
                return statuses
            }
        }
        #expect(statuses == [202, 202, 503, 202])
    }

    @Test func bodiesTogetherHaveALimit() async throws {
        let (statuses, report) = try await Ingest.run {
            $0.bodyBytesMax = 1 << 20
            $0.bodiesBytesMax = 2 << 20
            $0.wait = .milliseconds(300)
            $0.bodyRateMin = 0
            $0.bodyTime = .seconds(3)
        } _: { ingest in
            let port = ingest.port
            return try await onThread {
                let connections = try (0..<8).map { _ in try RawConnection(to: port) }
                let half = [UInt8](repeating: 0x61, count: 600 << 10)
                for connection in connections {
                    connection.send("\(Self.head)Content-Length: \(1 << 20)\r\n\r\n")
                    connection.send(half)
                }
                // Some hold all the room there is and send nothing more; the others are refused.
                return connections.map { $0.receive(answers: 1).first?.status }
            }
        }
        #expect(statuses.contains(429))
        #expect(statuses.allSatisfy { $0 == 429 || $0 == 408 }, "\(statuses)")
        #expect(report.events.accepted == 0)
    }

    /// Who does not read answers is not read either, and loses none of them.
    @Test func clientThatDoesNotReadItsAnswersIsNotRead() async throws {
        let count = 20_000
        let (statuses, report) = try await Ingest.run { ingest in
            let port = ingest.port
            let connection = try await onThread { try RawConnection(to: port) }
            let isSent = Locked(false)
            async let sending = onThread {
                defer { isSent.withLock { $0 = true } }
                return connection.send(
                    String(repeating: post("a\n"), count: count - 1) + post("a\n", headers: ["Connection: close"])
                )
            }
            // The system's buffers hold some thousand answers; then nothing moves until somebody reads.
            var last = -1
            var still = 0
            while still < 1000, !isSent.withLock({ $0 }) {
                try Task.checkCancellation()
                let accepted = ingest.pipeline.progress().events.accepted
                still = accepted == last && accepted > 0 ? still + 1 : 0
                last = accepted
                await Task.yield()
            }
            let answers = try await onThread { Answer.all(in: connection.receiveAll()) }
            #expect(try await sending)
            return answers.map(\.status)
        }
        #expect(statuses == [Int](repeating: 202, count: count))
        #expect(report.events.accepted == count)
    }

    /// Hundreds of clients that send a byte now and then, or nothing, do not keep a good one from its answers.
    @Test func crowdOfSlowClientsHoldsUpNobody() async throws {
        let count = Self.connectionsToHave(1000)
        let (answers, report) = try await Ingest.run {
            $0.headTime = .seconds(5)
        } _: { ingest in
            let port = ingest.port
            return try await onThread { () -> [Int?] in
                let crowd = try (0..<count).map { number in
                    let connection = try RawConnection(to: port)
                    connection.send(String(Self.head.prefix(number % Self.head.count)))
                    return connection
                }
                let good = try RawConnection(to: port)
                var statuses: [Int?] = []
                for number in 0..<100 {
                    good.send(post("good \(number)\n"))
                    statuses.append(good.receive(answers: 1).first?.status)
                }
                // Each of the crowd is cut, with a word to those that had begun.
                for connection in crowd { _ = connection.receiveAll() }
                return statuses
            }
        }
        #expect(answers == [Int?](repeating: 202, count: 100))
        #expect(report.events.accepted == 100)
    }

    /// So many connections as the process may have with some to spare, up to a wish.
    private static func connectionsToHave(_ wish: Int) -> Int {
        var limit = rlimit()
        #if os(Linux)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 100 }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
        getrlimit(resource, &limit)
        // Both ends are in this process, and other tests have files too.
        let places = Int(clamping: limit.rlim_cur)
        return places > 2 * wish + 500 ? wish : max(100, places / 4)
    }
}
#endif
