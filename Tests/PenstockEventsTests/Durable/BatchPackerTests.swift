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

/// Batches on their way into a store and back.
@Suite struct BatchPackerTests {
    /// The batches of an input.
    private func batches(_ text: String, lineBytesMax: Int = 100, stripsCarriageReturn: Bool = true) -> [EventBatch] {
        let limits = LineFramer.Limits(
            eventsMax: 4,
            lineBytesMax: lineBytesMax,
            stripsCarriageReturn: stripsCarriageReturn
        )
        var framer = LineFramer(limits: limits, pool: EventBufferPool(), sourceIndex: 0)
        var rest = Array(text.utf8)[...]
        var batches: [EventBatch] = []
        while !rest.isEmpty {
            let space = framer.space()
            let count = min(space.count, rest.count)
            rest.prefix(count).withUnsafeBytes { space.copyMemory(from: $0) }
            framer.received(count)
            rest = rest.dropFirst(count)
            while let batch = framer.next(arrival: 1) { batches.append(batch) }
        }
        framer.finish()
        while let batch = framer.next(arrival: 1) { batches.append(batch) }
        return batches
    }

    private func stored(_ batch: EventBatch, stripsCarriageReturn: Bool = true) -> StoredBatch {
        let stored = StoredBatch(
            batch,
            number: 1,
            source: "in",
            session: 7,
            receivedAt: 5,
            stripsCarriageReturn: stripsCarriageReturn
        )
        return StoredBatch(
            number: 1,
            source: stored.source,
            session: stored.session,
            firstPosition: stored.firstPosition,
            receivedAt: stored.receivedAt,
            count: stored.count,
            format: stored.format,
            checksum: stored.checksum,
            lines: stored.withLines { [UInt8]($0) }
        )
    }

    private func isSame(_ one: EventBatch, _ other: EventBatch) -> Bool {
        one.contents.count == other.contents.count
            && zip(one.contents, other.contents).allSatisfy { $0.position == $1.position && $0.bytes == $1.bytes }
    }

    @Test(arguments: [true, false])
    func everyLineComesBackWithItsPosition(_ strips: Bool) {
        let texts = [
            "a\nb\nc\n", "a\r\nb\r\n\r\n\r\nc", "\n\n\na\n\n\nb\n\n", "a\r\r\nb\r", "\r\n\ra\r\n", "x",
            String(repeating: "long ", count: 30) + "\nshort\n", "é\u{0}\n\n" + String(repeating: "y\n", count: 50),
        ]
        for text in texts {
            var packer = BatchPacker(pool: EventBufferPool(byteCapacity: 128))
            for batch in self.batches(text, stripsCarriageReturn: strips) {
                let stored = self.stored(batch, stripsCarriageReturn: strips)
                let back = packer.unpack(stored, sourceIndex: 0, arrival: 1)
                #expect(self.isSame(back, batch), "\(text.debugDescription)")
                #expect(back.session == 7)
                if case .lineTooLong = batch.defect {
                    guard case .lineTooLong = back.defect else {
                        Issue.record("A cut line is whole after it was stored.")
                        continue
                    }
                }
                let packed = packer.pack(batch)
                #expect(self.isSame(packed, batch), "\(text.debugDescription)")
            }
        }
    }

    @Test func smallBatchesShareABuffer() {
        var packer = BatchPacker(pool: EventBufferPool())
        let batches = self.batches(String(repeating: "some event\n", count: 400)).map { packer.pack($0) }
        #expect(batches.count == 100)
        #expect(batches.allSatisfy { $0.byteCharge < 100 })
    }

    @Test func anyChangeIsFound() throws {
        let batch = try #require(self.batches("one\ntwo\n\nthree\n").first)
        let whole = self.stored(batch)
        #expect(whole.isIntact)
        let bytes = whole.withLines { [UInt8]($0) }
        for place in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[place] ^= 1 << bit
                let other = self.copy(of: whole, lines: damaged)
                #expect(!other.isIntact)
                var packer = BatchPacker(pool: EventBufferPool())
                let back = packer.unpack(other, sourceIndex: 0, arrival: 1)
                #expect(back.count == 3, "It counts as many events as it was said to have.")
                guard case .damaged = back.defect else {
                    Issue.record("A damaged batch is taken for a whole one.")
                    return
                }
            }
        }
        #expect(!self.copy(of: whole, lines: bytes, count: 2).isIntact)
        #expect(self.copy(of: whole, lines: bytes, count: 1 << 60).count == bytes.count)
        #expect(!self.copy(of: whole, lines: Array(bytes.dropLast())).isIntact)
        #expect(!self.copy(of: whole, lines: []).isIntact)
    }

    private func copy(of stored: StoredBatch, lines: [UInt8], count: Int? = nil) -> StoredBatch {
        StoredBatch(
            number: 1,
            source: stored.source,
            session: stored.session,
            firstPosition: stored.firstPosition,
            receivedAt: stored.receivedAt,
            count: count ?? stored.count,
            format: stored.format,
            checksum: stored.checksum,
            lines: lines
        )
    }
}
