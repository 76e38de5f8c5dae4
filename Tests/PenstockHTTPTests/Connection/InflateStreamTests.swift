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
import Testing

@testable import PenstockHTTP

/// Compressed bodies, in pieces of every size.
@Suite(.timeLimit(.minutes(5)))
struct InflateStreamTests {
    private static let text = "zip\nzap\n"
    /// The same in zlib's format: its header, the deflated bytes, and their sum.
    private static let zlib: [UInt8] =
        [0x78, 0x9C] + Zipped.lines.dropFirst(10).dropLast(8) + [0x0D, 0x7E, 0x02, 0xB3]

    @Test(arguments: [1, 2, 3, 7, 64 << 10]) func membersOneBehindAnother(pieceBytes: Int) throws {
        let three = Zipped.lines + Zipped.lines + Zipped.lines
        #expect(try Self.inflate(three, pieceBytes: pieceBytes) == String(repeating: Self.text, count: 3))
        #expect(try Self.inflate(Zipped.lines, pieceBytes: pieceBytes) == Self.text)
        #expect(try Self.inflate(Self.zlib, pieceBytes: pieceBytes) == Self.text)
    }

    @Test func whatStandsBehindIsAMemberOrAFault() {
        for rest in [[0], [0x1F], [0x1F, 0x8B], Array(Zipped.lines.dropLast()), Self.zlib, Array("hello".utf8)] {
            #expect(throws: InflateStream.Problem.self) { try Self.inflate(Zipped.lines + rest) }
        }
        for rest in [[0], Self.zlib, Zipped.lines] {
            #expect(throws: InflateStream.Problem.broken) { try Self.inflate(Self.zlib + rest) }
        }
    }

    @Test func whatIsCutOffIsAFaultWhereverItEnds() {
        let two = Zipped.lines + Zipped.lines
        for count in 0..<two.count where count != Zipped.lines.count {
            #expect(throws: InflateStream.Problem.cutOff) { try Self.inflate(two.prefix(count)) }
        }
    }

    @Test func theLimitHoldsForAllMembersTogether() throws {
        let body = (0..<10).flatMap { _ in Zipped.lines }
        let bytes = body.count
        #expect(try Self.inflate(body, bytesMax: bytes).utf8.count == 80)
        #expect(throws: InflateStream.Problem.tooLarge) { try Self.inflate(body, bytesMax: bytes - 1) }
        // A bomb behind a member that is none.
        var made = 0
        #expect(throws: InflateStream.Problem.tooLarge) {
            try Self.inflate(Zipped.lines + Zipped.bomb, bytesMax: 1 << 20) { made += $0 }
        }
        #expect(made <= 1 << 20)
    }

    @Test func membersOfNothingHaveALimitToo() {
        let nothing: [UInt8] = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let body = (0..<100).flatMap { _ in nothing }
        #expect(throws: InflateStream.Problem.tooLarge) { try Self.inflate(body, bytesMax: 1000) }
    }

    /// What comes of a body that comes in pieces.
    @discardableResult
    private static func inflate(
        _ bytes: some Collection<UInt8>,
        bytesMax: Int = 8 << 20,
        pieceBytes: Int = 128,
        made: (Int) -> Void = { _ in }
    ) throws -> String {
        let stream = try #require(InflateStream(bytesMax: bytesMax))
        var rest = ByteBuffer(bytes: bytes)
        var text: [UInt8] = []
        while rest.readableBytes > 0 {
            var piece = rest.readSlice(length: min(pieceBytes, rest.readableBytes)) ?? ByteBuffer()
            while let output = try stream.next(&piece) {
                made(output.readableBytes)
                text += output.readableBytesView
            }
            #expect(piece.readableBytes == 0)
        }
        try stream.finish()
        return String(decoding: text, as: UTF8.self)
    }
}
#endif
