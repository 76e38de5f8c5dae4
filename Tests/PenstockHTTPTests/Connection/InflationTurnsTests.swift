//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import NIOEmbedded
import Penstock
import PenstockEvents
import Testing

@testable import PenstockHTTP

/// Compressed bodies leave the event loop to others.
@Suite(.timeLimit(.minutes(5)))
struct InflationTurnsTests {
    /// The most that one turn may bring: deflate makes at most 1,032 bytes of one, and a piece has 128.
    private static let turnBytesMax = InflationTurns<HTTPConnection>.turnBytes + 128 * 1032
    private static let pause = TimeAmount.microseconds(100)

    /// A server's desk without a server, and time that stands until it is told to go on.
    private struct Desk {
        let loop = EmbeddedEventLoop()
        let desk: ServerDesk

        init() throws {
            self.desk = ServerDesk(
                HTTPSourceConfiguration(listen: try #require(ListenAddress("127.0.0.1:0"))),
                token: nil,
                line: HandOverLine(),
                time: .system,
                loop: self.loop
            )
        }

        /// A client's connection that has sent this.
        func connect(_ bytes: [UInt8]) throws -> EmbeddedChannel {
            let channel = EmbeddedChannel(loop: self.loop)
            let connection = HTTPConnection(desk: self.desk)
            self.desk.add(connection)
            try connection.install(in: channel.pipeline.syncOperations)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            return channel
        }
    }

    private static func bomb(_ count: Int = 64 << 10) -> [UInt8] {
        let head = "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
        return Array("\(head)Content-Length: \(Zipped.bomb.count)\r\n\r\n".utf8) + Zipped.bomb.prefix(count)
    }

    @Test func aTurnIsBounded() throws {
        let desk = try Desk()
        let channel = try desk.connect(Self.bomb())
        var turns = 1
        var before = 0
        while desk.desk.bodiesBytes > 0 {
            #expect(desk.desk.bodiesBytes - before <= Self.turnBytesMax)
            before = desk.desk.bodiesBytes
            desk.loop.advanceTime(by: Self.pause)
            turns += 1
        }
        let answer = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(String(buffer: answer).hasPrefix("HTTP/1.1 413 "))
        #expect(turns > (8 << 20) / Self.turnBytesMax)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test(arguments: [2, 5]) func bodiesTakeTurns(count: Int) throws {
        let desk = try Desk()
        let channels = try (0..<count).map { _ in try desk.connect(Self.bomb()) }
        // One more turn for each: all of them end in the same round.
        while desk.desk.bodiesBytes > 0 {
            let before = desk.desk.bodiesBytes
            desk.loop.advanceTime(by: Self.pause)
            #expect(desk.desk.bodiesBytes - before <= Self.turnBytesMax)
        }
        for channel in channels {
            let answer = try #require(try channel.readOutbound(as: ByteBuffer.self))
            #expect(String(buffer: answer).hasPrefix("HTTP/1.1 413 "))
            _ = try channel.finish(acceptAlreadyClosed: true)
        }
    }

    @Test func plainBodyWaitsForNoTurn() throws {
        let desk = try Desk()
        let bomb = try desk.connect(Self.bomb())
        let lines = String(repeating: "x\n", count: 100_000)
        let head = "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n"
        let plain = try desk.connect(Array("\(head)Content-Length: \(lines.utf8.count + 1)\r\n\r\n\(lines)".utf8))
        #expect(desk.desk.bodiesBytes >= lines.utf8.count)
        #expect(try plain.readOutbound(as: ByteBuffer.self) == nil)
        for channel in [bomb, plain] { _ = try channel.finish(acceptAlreadyClosed: true) }
        #expect(desk.desk.bodiesBytes == 0)
    }

    @Test func whoHasWaitedLongestIsNext() {
        final class Body {}
        let (first, second, third) = (Body(), Body(), Body())
        var turns = InflationTurns<Body>()
        let asks = [turns.spend(InflationTurns<Body>.turnBytes - 1), turns.spend(1)]
        #expect(asks == [true, false])
        #expect(!turns.mayGoOn)
        for body in [first, second, third] { turns.wait(body) }
        turns.remove(second)
        let early = turns.next()
        #expect(early == nil)

        turns.begin()
        var order = [turns.next()]
        let asksAgain = turns.spend(InflationTurns<Body>.turnBytes)
        #expect(!asksAgain)
        turns.wait(first)
        order.append(turns.next())
        let goesOn = turns.end()
        #expect(goesOn)
        turns.begin()
        while let body = turns.next() { order.append(body) }
        let goesOnAgain = turns.end()
        #expect(!goesOnAgain)
        #expect(zip(order, [first, nil, third, first]).allSatisfy { $0 === $1 })
        #expect(order.count == 4)
    }
}
#endif
