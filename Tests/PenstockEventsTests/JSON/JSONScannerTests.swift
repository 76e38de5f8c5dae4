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

@Suite struct JSONScannerTests {
    @Test(arguments: [
        #"{}"#, #" { } "#, "\t{\r\n}\n", #"{"":0}"#, #"{"a":1}"#, #"{"a":-0}"#, #"{"a":0.5e-7}"#, #"{"a":1E+400}"#,
        #"{"a":123456789012345678901234567890}"#, #"{"a":1e99999}"#, #"{"a":"\ud800"}"#, #"{"a":"\udc00\ud800"}"#,
        #"{"a":"\"\\\/\b\f\n\r\t\u00eF"}"#, "{\"a\":\"\u{7F}\"}", "{\"a\":\"é€😀\u{10FFFF}\u{FFFF}\"}",
        #"{"a":[],"b":[1,[2,{"c":[]}],"]"],"d":{}}"#, #"{"a":true,"b":false,"c":null}"#, #"{"a":1,"a":{"a":2}}"#,
        #"{"long string that takes more than one step":"another long string that does"}"#,
        "{\"a\":\"\u{FEFF}\"}", #"{ "a" : [ 1 , 2 ] , "b" : { "c" : 3 } }"#,
    ])
    func accepts(_ line: String) {
        #expect(ScannedLine(line).problem == nil)
        #expect(ReferenceJSON.members(of: Array(line.utf8)) != nil)
    }

    @Test(arguments: [
        ("", "json: nothing but white space", 0),
        (" \t", "json: nothing but white space", 2),
        ("[]", "json: not an object", 0),
        ("1", "json: not an object", 0),
        ("\u{FEFF}{}", "json: begins with a byte order mark", 0),
        ("\u{A0}{}", "json: not an object", 0),
        (#"{"a"#, "json: ends too early", 3),
        (#"{"a":"#, "json: ends too early", 5),
        (#"{"a":1"#, "json: ends too early", 6),
        (#"{"a":"b\"#, "json: ends too early", 8),
        (#"{"a":tru"#, "json: ends too early", 8),
        (#"{"a":1.}"#, "json: not a number as JSON writes them", 7),
        (#"{"a":.5}"#, "json: expected a value", 5),
        (#"{"a":+1}"#, "json: expected a value", 5),
        (#"{"a":-}"#, "json: not a number as JSON writes them", 6),
        (#"{"a":1e}"#, "json: not a number as JSON writes them", 7),
        (#"{"a":01}"#, "json: expected ',' or '}' after a value", 6),
        (#"{"a":NaN}"#, "json: expected a value; only true, false and null are written without quotes", 5),
        (#"{"a":-Infinity}"#, "json: not a number as JSON writes them", 6),
        (#"{"a":truE}"#, "json: expected a value; only true, false and null are written without quotes", 5),
        (#"{"a" 1}"#, "json: expected ':' after a key", 5),
        (#"{"a":1,}"#, "json: expected a key in quotes", 7),
        (#"{,}"#, "json: expected a key in quotes", 1),
        (#"{a:1}"#, "json: expected a key in quotes", 1),
        (#"{"a":1 "b":2}"#, "json: expected ',' or '}' after a value", 7),
        (#"{"a":[1 2]}"#, "json: expected ',' or ']' after a value", 8),
        (#"{"a":[1,]}"#, "json: expected a value", 8),
        (#"{"a":[}"#, "json: expected a value", 6),
        (#"{"a":[1}"#, "json: expected ',' or ']' after a value", 7),
        (#"{"a":{"b":1]}"#, "json: expected ',' or '}' after a value", 11),
        (#"{"a":{"b":1,}}"#, "json: expected a key in quotes", 12),
        (#"{"a":{b}}"#, "json: expected a key in quotes", 6),
        (#"{} {}"#, "json: text after the object", 3),
        (#"{}x"#, "json: text after the object", 2),
        (#"{"a":"\x"}"#, "json: unknown escape in a string", 7),
        (#"{"a":"\u12g4"}"#, "json: unknown escape in a string", 10),
        ("{\"a\":\"\t\"}", "json: control character in a string", 6),
        ("{\"a\":\"\0\"}", "json: control character in a string", 6),
        ("{\u{0B}}", "json: expected a key in quotes", 1),
    ])
    func refuses(_ line: String, _ reason: String, _ offset: Int) {
        #expect(ScannedLine(line).problem == JSONProblem(reason: reason, offset: offset))
        #expect(ReferenceJSON.members(of: Array(line.utf8)) == nil)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xE2, 0x28, 0xA1],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xF0, 0x9F, 0x28, 0x80], [0xF0, 0x9F, 0x98, 0x28],
        ] as [[UInt8]]
    )
    func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
        for padding in 0..<9 {
            let line = Array(#"{"a":""#.utf8) + [UInt8](repeating: 0x61, count: padding) + bytes + Array(#""}"#.utf8)
            #expect(ScannedLine(line, fields: FieldSet()).problem?.reason == "json: not valid UTF-8")
        }
    }

    @Test func cutShortIsRefusedAtEveryByte() {
        let line = Array(#"{"a":[1.5e3,{"b":"é\u00e9"},null],"c":true,"d":"😀"}"#.utf8)
        #expect(ScannedLine(line, fields: FieldSet()).problem == nil)
        for length in 0..<line.count {
            #expect(ScannedLine(Array(line[..<length]), fields: FieldSet()).problem != nil)
        }
    }

    @Test func notesWantedFields() {
        var fields = FieldSet()
        let names = ["delay", "origin", "distance", "destination", "missing", "", "destinatiom", "é"]
        for (index, name) in names.enumerated() { #expect(fields.index(of: name) == index) }
        #expect(fields.index(of: "origin") == 1)
        #expect(fields.count == 8)
        let line = ScannedLine(
            #"{"date":"x","delay":-66,"distance":1.5,"origin":"DTW","destination":"L\nS","":[1],"\u00E9":{"a":1}}"#,
            fields: fields
        )
        #expect(line.problem == nil)
        #expect((line.kind(0), line.text(0)) == (.integer, "-66"))
        #expect((line.kind(1), line.text(1)) == (.string, "DTW"))
        #expect((line.kind(2), line.text(2)) == (.number, "1.5"))
        #expect((line.kind(3), line.text(3)) == (.escapedString, #"L\nS"#))
        #expect(line.kind(4) == .absent)
        #expect((line.kind(5), line.text(5)) == (.array, "[1]"))
        #expect(line.kind(6) == .absent)
        #expect((line.kind(7), line.text(7)) == (.object, #"{"a":1}"#))
    }

    @Test func lastOfRepeatedKeysCounts() {
        var fields = FieldSet()
        _ = fields.index(of: "key")
        let line = ScannedLine(#"{"key":1,"k\u0065y":"two","key":[],"ke":2,"key ":3,"\u006bey":false}"#, fields: fields)
        #expect((line.kind(0), line.text(0)) == (.false, "false"))
        #expect(ScannedLine(#"{"x":{"key":1},"y":["key"]}"#, fields: fields).kind(0) == .absent)
    }

    @Test func keysOfAllLengthsAreToldApart() {
        var fields = FieldSet()
        let names = (0..<40).map { String(repeating: "k", count: $0) + "x" }
        for name in names { _ = fields.index(of: name) }
        let members = names.enumerated().map { #""\#($1)":\#($0)"# }.joined(separator: ",")
        let line = ScannedLine("{\(members)}", fields: fields)
        for index in names.indices { #expect(line.text(index) == "\(index)") }
    }

    @Test(arguments: [("{\"a\":", "1", "}"), ("[", "", "]"), ("[{\"\":", "0", "}]")])
    func depthIsLimited(_ open: String, _ core: String, _ close: String) {
        func line(_ depth: Int) -> ScannedLine {
            ScannedLine(
                #"{"top":"# + String(repeating: open, count: depth) + core + String(repeating: close, count: depth)
                    + "}"
            )
        }
        let levels = open.contains("[{") ? 2 : 1
        let most = 1023 / levels
        #expect(line(most).problem == nil)
        for depth in [60, 63, 64, 65, 127, 128, 129, 500] where depth <= most { #expect(line(depth).problem == nil) }
        #expect(line(most + 1).problem?.reason == "json: nested deeper than 1024")
    }

    @Test func deepNestingNeitherCrashesNorHangs() {
        let brackets = String(repeating: "[", count: 100_000)
        #expect(ScannedLine(brackets).problem?.reason == "json: not an object")
        #expect(ScannedLine(#"{"a":"# + brackets).problem?.reason == "json: nested deeper than 1024")
        let objects = String(repeating: #"{"a":"#, count: 100_000)
        #expect(ScannedLine(objects).problem?.reason == "json: nested deeper than 1024")
        let wide = #"{"a":["# + Array(repeating: "[[]]", count: 100_000).joined(separator: ",") + "]}"
        #expect(ScannedLine(wide).problem == nil)
    }
}
