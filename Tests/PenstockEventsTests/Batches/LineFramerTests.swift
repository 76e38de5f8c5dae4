//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

@Suite(.timeLimit(.minutes(5)))
struct LineFramerTests {
    /// An event as the framer gave it.
    struct Framed: Equatable, CustomStringConvertible {
        var position: UInt64
        var bytes: [UInt8]
        var isTooLong = false

        var description: String { "\(self.position): \(self.bytes.prefix(40)) (\(self.bytes.count)) \(self.isTooLong)" }
    }

    /// Frames an input that comes in pieces of the given sizes, the last one over and over.
    private func frame(
        _ input: [UInt8],
        pieces: [Int],
        eventsMax: Int = 1024,
        lineBytesMax: Int = 1 << 20,
        strips: Bool = true,
        byteCapacity: Int = 64
    ) -> [Framed] {
        let pool = EventBufferPool(byteCapacity: byteCapacity, keptMax: 4)
        let limits = LineFramer.Limits(
            eventsMax: eventsMax,
            lineBytesMax: lineBytesMax,
            stripsCarriageReturn: strips
        )
        var framer = LineFramer(limits: limits, pool: pool, sourceIndex: 0)
        // Batches are looked at late: what was given away must not be written over.
        var batches: [EventBatch] = []
        var at = 0
        var turn = 0
        while at < input.count {
            let space = framer.space()
            let count = min(space.count, pieces[min(turn, pieces.count - 1)], input.count - at)
            space.copyBytes(from: input[at..<at + count])
            framer.received(count)
            at += count
            turn += 1
            while let batch = framer.next(arrival: 1) { batches.append(batch) }
        }
        framer.finish()
        while let batch = framer.next(arrival: 1) { batches.append(batch) }
        #expect(batches.allSatisfy { $0.count >= 1 && $0.count <= eventsMax && $0.byteCharge >= 0 })
        return batches.flatMap { batch in
            var isTooLong = false
            if case .lineTooLong = batch.defect { isTooLong = true }
            return batch.contents.map { Framed(position: $0.position, bytes: $0.bytes, isTooLong: isTooLong) }
        }
    }

    private func texts(_ input: String, strips: Bool = true, piece: Int = 5) -> [String] {
        self.frame(Array(input.utf8), pieces: [piece], strips: strips).map { framed in
            "\(framed.position):\(String(decoding: framed.bytes, as: UTF8.self))"
        }
    }

    @Test func linesEndWithAnyLineEnd() {
        #expect(self.texts("a\nbb\r\nccc") == ["1:a", "2:bb", "3:ccc"])
        #expect(self.texts("a\r\nb\r\n", strips: false) == ["1:a\r", "2:b\r"])
        #expect(self.texts("a\rb\n") == ["1:a\rb"])
        #expect(self.texts("a\r\r\n") == ["1:a\r"])
        #expect(self.texts("a\r") == ["1:a"])
    }

    @Test func emptyLinesCountForPositionsOnly() {
        #expect(self.texts("\n\na\n\r\n\nb\n\n") == ["3:a", "6:b"])
        #expect(self.texts("\r\na\n", strips: false) == ["1:\r", "2:a"])
        #expect(self.texts("").isEmpty)
        #expect(self.texts("\n").isEmpty)
    }

    @Test func bytesMayBeAnything() {
        let input: [UInt8] = [0, 0xFF, 0x0A, 0xC3, 0x28, 0, 0x0A]
        let framed = self.frame(input, pieces: [2])
        #expect(framed.map(\.bytes) == [[0, 0xFF], [0xC3, 0x28, 0]])
    }

    @Test(arguments: [1, 7, 64, 1000])
    func tooLongLineIsCutAndFramingGoesOn(piece: Int) {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
        let input = Array("a\n".utf8) + long + Array("\nb\n\n".utf8) + long.prefix(101) + Array("\r\nc".utf8)
        let framed = self.frame(input, pieces: [piece], lineBytesMax: 100)
        let cut = Array(long.prefix(100))
        #expect(
            framed == [
                Framed(position: 1, bytes: [UInt8(ascii: "a")]),
                Framed(position: 2, bytes: cut, isTooLong: true),
                Framed(position: 3, bytes: [UInt8(ascii: "b")]),
                Framed(position: 5, bytes: cut, isTooLong: true),
                Framed(position: 6, bytes: [UInt8(ascii: "c")]),
            ]
        )
    }

    @Test(arguments: [1, 3, 50])
    func lineOfExactlyTheLimitIsAnEvent(piece: Int) {
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 100)
        for end in ["\n", "\r\n", ""] {
            let framed = self.frame(line + Array(end.utf8), pieces: [piece], lineBytesMax: 100)
            #expect(framed == [Framed(position: 1, bytes: line)])
        }
    }

    @Test func cutLeavesCharactersWhole() {
        let line = Array(String(repeating: "é", count: 80).utf8)
        let framed = self.frame(line, pieces: [64], lineBytesMax: 101)
        #expect(framed == [Framed(position: 1, bytes: Array(line.prefix(100)), isTooLong: true)])
    }

    @Test func memoryOfTooLongLineStaysBounded() {
        let pool = EventBufferPool(byteCapacity: 1024)
        let limits = LineFramer.Limits(eventsMax: 8, lineBytesMax: 10_000)
        var framer = LineFramer(limits: limits, pool: pool, sourceIndex: 0)
        var batches = 0
        for _ in 0..<10_000 {
            let space = framer.space()
            #expect(space.count <= 10_000 + 2 * 1024)
            space.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "x"))
            framer.received(space.count)
            while framer.next(arrival: 0) != nil { batches += 1 }
        }
        #expect(batches == 1)
    }

    /// However an input is split into reads, and whatever the sizes of buffers, the events are the same.
    @Test(arguments: 0..<300)
    func splitsChangeNothing(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var input: [UInt8] = []
        let alphabet = Array("ab\n\r\u{0}é\n".utf8)
        for _ in 0..<random.below(400) {
            if random.below(12) == 0 {
                input += [UInt8](repeating: UInt8(ascii: "y"), count: random.below(90))
            } else {
                input.append(random.element(of: alphabet))
            }
        }
        let strips = seed % 3 != 0
        let whole = self.frame(
            input,
            pieces: [input.count + 1],
            lineBytesMax: 40,
            strips: strips,
            byteCapacity: 4096
        )
        #expect(whole == self.expected(input, lineBytesMax: 40, strips: strips), "seed \(seed)")
        for _ in 0..<4 {
            let pieces = (0..<50).map { _ in 1 + random.below(40) }
            let split = self.frame(
                input,
                pieces: pieces,
                eventsMax: 1 + random.below(5),
                lineBytesMax: 40,
                strips: strips,
                byteCapacity: 16 + random.below(200)
            )
            #expect(split == whole, "seed \(seed)")
        }
    }

    /// The same by a plain split of the whole input.
    private func expected(_ input: [UInt8], lineBytesMax: Int, strips: Bool) -> [Framed] {
        var lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.enumerated().compactMap { index, line in
            var line = Array(line)
            if strips, line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty { return nil }
            guard line.count > lineBytesMax else { return Framed(position: UInt64(index + 1), bytes: line) }
            var length = lineBytesMax
            for back in 0..<4 where line[lineBytesMax - back] & 0xC0 != 0x80 {
                length -= back
                break
            }
            return Framed(position: UInt64(index + 1), bytes: Array(line.prefix(length)), isTooLong: true)
        }
    }

    @Test func buffersGoBackToThePoolWhenTheirBatchesAreGone() {
        let pool = EventBufferPool(byteCapacity: 64, keptMax: 2)
        var held: [EventBatch] = []
        do {
            let limits = LineFramer.Limits(eventsMax: 1, lineBytesMax: 1000)
            var framer = LineFramer(limits: limits, pool: pool, sourceIndex: 0)
            for _ in 0..<40 {
                framer.space().copyBytes(from: Array("abcdefg\n".utf8))
                framer.received(8)
                while let batch = framer.next(arrival: 0) { held.append(batch) }
            }
        }
        #expect(held.count == 40)
        // At most the one that the framer had begun.
        #expect(pool.keptCount <= 1)
        held = []
        #expect(pool.keptCount == 2)
    }

    @Test func restartBeginsWithLineOne() {
        let pool = EventBufferPool(byteCapacity: 256)
        let limits = LineFramer.Limits(eventsMax: 10, lineBytesMax: 1000)
        var framer = LineFramer(limits: limits, pool: pool, sourceIndex: 0)
        var positions: [UInt64] = []
        for _ in 0..<3 {
            framer.space().copyBytes(from: Array("a\nb".utf8))
            framer.received(3)
            framer.finish()
            while let batch = framer.next(arrival: 0) { positions += batch.contents.map(\.position) }
            framer.restart()
        }
        #expect(positions == [1, 2, 1, 2, 1, 2])
    }
}
