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
struct DeadLetterTests {
    private func letter(_ event: [UInt8], reason: String = "why", isCut: Bool = false) -> String {
        var output: [UInt8] = []
        let letter = DeadLetter(source: "in", position: 3, reason: reason, time: 0, isCut: isCut)
        event.withUnsafeBytes { letter.append(event: $0, to: &output) }
        return String(decoding: output, as: UTF8.self)
    }

    @Test func textIsEscaped() {
        #expect(
            self.letter(Array("a\"b\\c\u{1}\t\r é".utf8), reason: "not \"so\"") == #"""
                {"source":"in","position":3,"reason":"not \"so\"","time":"1970-01-01T00:00:00.000Z","event":"a\"b\\c\u0001\t\r é"}

                """#
        )
    }

    @Test func otherBytesAreBase64() {
        #expect(self.letter([0xFF]).hasSuffix(#""event":"/w==","encoding":"base64"}"# + "\n"))
        #expect(self.letter([0xFF, 0]).hasSuffix(#""event":"/wA=","encoding":"base64"}"# + "\n"))
        #expect(self.letter([0xFF, 0, 0x10, 0x83]).hasSuffix(#""event":"/wAQgw==","encoding":"base64"}"# + "\n"))
    }

    @Test func cutIsSaid() {
        #expect(self.letter([0x61, 0x62], isCut: true).hasSuffix(#""event":"ab","cut_to_bytes":2}"# + "\n"))
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_123, "2000-02-29T00:00:00.123Z"),
        (1_785_024_000_000, "2026-07-26T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ])
    func timesAreRFC3339(milliseconds: Int64, text: String) {
        var output: [UInt8] = []
        appendTimestamp(milliseconds * 1_000_000, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == text)
    }
}
