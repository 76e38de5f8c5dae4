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

/// Lines that come in pieces.
struct UnfinishedLineTests {
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func piecesOfAnySizeGiveTheSameLines(seed: UInt64) {
        var random = SplitMix(state: seed)
        var text: [UInt8] = []
        for _ in 0..<50 {
            text += (0..<random.below(40)).map { _ in UInt8(ascii: "a") + UInt8(random.below(26)) }
            text.append(UInt8(ascii: "\n"))
        }
        text += Array("rest".utf8)
        var line = UnfinishedLine()
        var lines: [UInt8] = []
        var sent = text[...]
        while !sent.isEmpty {
            let count = 1 + random.below(60)
            let more = line.lines(with: sent.prefix(count), lineBytesMax: 100)
            #expect(more.isEmpty || more.last == UInt8(ascii: "\n"), "seed \(seed)")
            lines += more
            sent = sent.dropFirst(count)
        }
        #expect(line.bytes == Array("rest".utf8), "seed \(seed)")
        #expect(lines + line.take() == text, "seed \(seed)")
        #expect(line.bytes.isEmpty)
    }

    @Test func keepsLittleOfALineThatIsTooLong() {
        var line = UnfinishedLine()
        for _ in 0..<1000 {
            #expect(line.lines(with: Array("xxxxxxxxxx".utf8)[...], lineBytesMax: 25).isEmpty)
        }
        #expect(line.bytes.count == 27)
        let lines = line.lines(with: Array("x\nab".utf8)[...], lineBytesMax: 25)
        #expect(lines == Array(repeating: UInt8(ascii: "x"), count: 27) + [UInt8(ascii: "\n")])
        #expect(line.bytes == Array("ab".utf8))
    }
}
