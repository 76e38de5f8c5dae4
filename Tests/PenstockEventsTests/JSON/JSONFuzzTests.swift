//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents
import Testing

@Suite struct JSONFuzzTests {
    private static let seeds: [[UInt8]] = [
        #"{"date":"2001/01/01 00:47","delay":66,"distance":1750,"origin":"DTW","destination":"LAS"}"#,
        #"{"a":[1,-2.5e+3,[],{}],"b":{"c":[true,false,null]}}"#,
        #"{"é":"ü€😀","delay":"\ud83d\ude00\u00e9\\","":0}"#,
        #" { "delay" : 0 , "origin" : [ { } , [ ] ] } "#,
        #"{"delay":1e5,"delay":"x","d\u0065lay":null}"#,
        #"{"long":"0123456789abcdef0123456789abcdef","n":-0.0}"#,
        #"{"a":{"a":{"a":{"a":[[[["deep"]]]]}}}}"#,
    ].map { Array($0.utf8) }
    private static let interesting: [[UInt8]] =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "-", "+", ".", "e", "E", "0", "1", " ", "\t", "\n", "\u{0}",
            "\u{1F}",
            "\u{7F}", "é", "€", "😀", "\u{FEFF}", "null", "true", "false", "NaN", "Infinity", #"\u"#, #"\ud800"#,
            #"\udfff"#,
            #""delay":"#, #""origin":1,"#, "[[", "]]", "[]", "{}", "\"\"",
        ].map { Array($0.utf8) } + [
            [0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0xFF],
        ]

    /// The scanner against the reference on lines mutated at random: same verdict, same fields of the same kinds.
    @Test func scannerAgreesWithReference() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let names = ["delay", "origin", "a", "", "é", "long"]
        var fields = FieldSet()
        for name in names { _ = fields.index(of: name) }
        let keys = names.map { $0.unicodeScalars.map(\.value) }
        var accepted = 0
        for number in 0..<120_000 {
            let bytes = Self.mutated(using: &generator)
            let line = ScannedLine(bytes, fields: fields)
            let members = ReferenceJSON.members(of: bytes)
            var agrees = (line.problem == nil) == (members != nil)
            if let members, agrees {
                accepted += 1
                for (index, key) in keys.enumerated() where (members[key] ?? .absent) != line.kind(index) {
                    agrees = false
                }
            }
            if !agrees {
                Issue.record("seed \(seed), line \(number): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
        #expect(accepted > 10_000 && accepted < 110_000, "seed \(seed): a fuzz that is all one way shows nothing")
    }

    private static func mutated(using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &generator)]
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let at = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, at + Int.random(in: 0...4, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.replaceSubrange(at..<end, with: [])
            case 1: bytes.insert(contentsOf: Self.interesting.randomElement(using: &generator) ?? [], at: at)
            case 2: bytes.replaceSubrange(at..<end, with: Self.interesting.randomElement(using: &generator) ?? [])
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            case 4 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            default:
                let other = Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &generator)]
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    bytes = Array(bytes[..<at]) + other[min(at, other.count)...]
                } else if at < bytes.count {
                    bytes[at] = UInt8.random(in: 0x20..<0x7F, using: &generator)
                }
            }
        }
        return bytes
    }
}
