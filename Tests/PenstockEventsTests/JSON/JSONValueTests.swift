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

@Suite struct JSONValueTests {
    private static func number(_ text: String) -> JSONNumber? {
        var fields = FieldSet()
        _ = fields.index(of: "n")
        let line = ScannedLine("{\"n\":\(text)}", fields: fields)
        #expect(line.problem == nil)
        return line.withView { JSONNumber($0.fields[0], in: $0) }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("999999999999999999", 999_999_999_999_999_999),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
        ] as [(String, Int64)]
    )
    func readsIntegersExactly(_ text: String, _ value: Int64) {
        guard case .integer(value) = Self.number(text) else {
            Issue.record("\(text)")
            return
        }
    }

    @Test(arguments: [
        "0.0", "-0.0", "1.5", "0.1", "-2.25e3", "1e22", "1e23", "123456789012345e7", "123456789012345.6e-9",
        "9007199254740993.0", "2.2250738585072011e-308", "5e-324", "4.9e-324", "1.7976931348623157e308", "1e-30",
        "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "0.000001", "0e5", "0e999",
        "0.3e-22", "1E+2", "8.41e21", "1.00000000000000000000000000000000000001", "100000000000000000000000000001e-5",
    ])
    func readsDoublesToTheNearest(_ text: String) throws {
        guard case .double(let value) = Self.number(text) else {
            Issue.record("\(text)")
            return
        }
        let expected = try #require(Double(text))
        #expect(value.bitPattern == expected.bitPattern, "\(text)")
    }

    @Test func numbersOfAnySizeAreRead() {
        #expect(Self.number("1e400")?.asDouble == .infinity)
        #expect(Self.number("-1e99999999999999999999")?.asDouble == -.infinity)
        #expect(Self.number("1e-99999999999999999999")?.asDouble == 0)
        #expect(Self.number(String(repeating: "9", count: 100_000))?.asDouble == .infinity)
        #expect(Self.number("0." + String(repeating: "0", count: 100_000) + "1")?.asDouble == 0)
    }

    @Test func randomDoublesAreReadToTheNearest() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let digits = Int.random(in: 1...19, using: &generator)
            let mantissa = (0..<digits).map { _ in String(Int.random(in: 0...9, using: &generator)) }.joined()
            let text =
                "\(Int.random(in: 0...9, using: &generator)).\(mantissa)e\(Int.random(in: -40...40, using: &generator))"
            let expected = try #require(Double(text))
            #expect(Self.number(text)?.asDouble == expected, "seed \(seed): \(text)")
        }
    }

    @Test(
        arguments: [
            (.integer(1), .integer(2), -1), (.integer(2), .double(2.0), 0), (.integer(2), .double(2.5), -1),
            (.integer(-2), .double(-2.5), 1), (.integer(9_007_199_254_740_993), .double(9_007_199_254_740_992), 1),
            (.integer(.max), .double(0x1p63), -1), (.integer(.min), .double(-0x1p63), 0),
            (.integer(0), .double(-0.0), 0),
            (.integer(.min), .double(-.infinity), 1), (.integer(.max), .double(.infinity), -1),
            (.double(1.5), .double(1.25), 1), (.integer(.max), .double(9_223_372_036_854_774_784), 1),
        ] as [(JSONNumber, JSONNumber, Int)]
    )
    func comparesExactly(_ left: JSONNumber, _ right: JSONNumber, _ order: Int) {
        #expect(JSONNumber.compare(left, right) == order)
        #expect(JSONNumber.compare(right, left) == -order)
    }

    @Test(arguments: [
        (#"abc"#, "abc"), (#"\u0061\u00e9\u20ac"#, "aé€"), (#"\ud83d\ude00!"#, "😀!"), (#"\"\\\/"#, "\"\\/"),
        (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"), (#"é\u00E9"#, "éé"), ("", ""),
    ])
    func decodesEscapes(_ raw: String, _ text: String) {
        let bytes = Array(raw.utf8)
        #expect(bytes.withUnsafeBufferPointer { Array(JSONText($0)) } == Array(text.utf8))
    }

    @Test func unpairedSurrogatesStayApart() {
        func decoded(_ raw: String) -> [UInt8] { Array(raw.utf8).withUnsafeBufferPointer { Array(JSONText($0)) } }
        #expect(decoded(#"\ud800"#) == [0xED, 0xA0, 0x80])
        #expect(decoded(#"\udfff\ud800"#) == [0xED, 0xBF, 0xBF, 0xED, 0xA0, 0x80])
        #expect(decoded(#"\ud800\ud83d\ude00"#) == [0xED, 0xA0, 0x80, 0xF0, 0x9F, 0x98, 0x80])
        #expect(decoded(#"\ud800x"#) == [0xED, 0xA0, 0x80, 0x78])
    }

    @Test(arguments: [
        (["a", "b"], "1", JSONKind.integer), (["a", "c", "d"], "deep", .string), (["a", "é"], "[{\"b\":2}]", .array),
        (["a", "missing"], "", .absent), (["a", "b", "c"], "", .absent), (["missing", "b"], "", .absent),
        (["a", "c"], #"{"x":"}\"{","d":"deep"}"#, .object), (["a", ""], "null", .null), (["a", "t"], "true", .true),
        (["a", "f"], "false", .false), (["a", "n"], "-1.5e3", .number), (["a", "s"], #"\n"#, .escapedString),
    ])
    func findsNestedFields(_ names: [String], _ text: String, _ kind: JSONKind) {
        var fields = FieldSet()
        var paths = FieldPaths()
        let path = paths.add(names, fields: &fields)
        let line = ScannedLine(
            #"{"z":{"b":9},"a":{ "b" : 0, "c":{"x":"}\"{","d":"deep"} ,"\u00e9":[{"b":2}],"":null,"t":true,"f":false"#
                + #","n":-1.5e3,"s":"\n","b":1 }}"#,
            fields: fields
        )
        #expect(line.problem == nil)
        line.withView { event in
            let field = paths.find(path, in: event)
            #expect(field.kind == kind)
            if kind != .absent { #expect(String(decoding: event.bytes(of: field), as: UTF8.self) == text) }
        }
    }
}
