//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockTesting
import Testing

@testable import PenstockHTTP

struct JSONArraySplitterTests {
    private static func lines(of pieces: [ArraySlice<UInt8>]) throws(JSONArraySplitter.Problem) -> String {
        var splitter = JSONArraySplitter()
        var lines: [UInt8] = []
        for piece in pieces {
            let outcome = piece.withUnsafeBytes { bytes -> Result<Void, JSONArraySplitter.Problem> in
                Result { () throws(JSONArraySplitter.Problem) in try splitter.take(bytes, into: &lines) }
            }
            try outcome.get()
        }
        try splitter.finish()
        return String(decoding: lines, as: UTF8.self)
    }

    private static func lines(of text: String) throws(JSONArraySplitter.Problem) -> String {
        try Self.lines(of: [Array(text.utf8)[...]])
    }

    @Test(arguments: [
        ("[]", ""), (" [ ] \n", ""),
        ("[{}]", "{}\n"), (#"{"a":1}"#, #"{"a":1}"# + "\n"),
        ("[{\"a\": 1,\n  \"b\": [ 1, 2 ] },\r\n {\"c\": null}]", #"{"a":1,"b":[1,2]}"# + "\n" + #"{"c":null}"# + "\n"),
        (
            #"["a ] , b", "q \" [", "\\", "\\\""]"#,
            #""a ] , b""# + "\n" + #""q \" [""# + "\n" + #""\\""# + "\n\"\\\\\\\"\"\n"
        ),
        ("[1 2]", "1 2\n"), (#"[{"a":1 2}]"#, #"{"a":1 2}"# + "\n"), ("[tr ue, -1.5e3]", "tr ue\n-1.5e3\n"),
        (#"["a" "b"]"#, #""a" "b""# + "\n"), ("[\"é \u{1F600}\"]", "\"é \u{1F600}\"\n"),
    ])
    func arraysBecomeLines(text: String, lines: String) throws {
        #expect(try Self.lines(of: text) == lines)
    }

    @Test(arguments: [
        ("", 0, "it is empty"), ("  ", 2, "it is empty"), ("1", 0, "it is no JSON array"),
        ("[", 1, "it ends in the middle of the JSON"), (#"["a"#, 3, "it ends in the middle of the JSON"),
        (#"{"a":1"#, 6, "it ends in the middle of the JSON"), ("[1,]", 3, "an element is missing"),
        ("[,1]", 1, "an element is missing"), ("[1,,2]", 3, "an element is missing"),
        ("[}]", 1, "an element is missing"),
        ("[1]]", 3, "something stands behind the JSON"), ("[1][2]", 3, "something stands behind the JSON"),
        ("{}{}", 2, "something stands behind the JSON"), ("[{]}]", 2, "a bracket closes what is not open"),
        ("[1}", 2, "a bracket closes what is not open"), ("[\"a\nb\"]", 3, "a control character stands in a string"),
        ("[\"a\\\nb\"]", 4, "a control character stands in a string"),
    ])
    func othersAreRefused(text: String, offset: Int, reason: String) {
        #expect(throws: JSONArraySplitter.Problem(reason: reason, offset: offset)) { try Self.lines(of: text) }
    }

    @Test func depthIsBounded() throws {
        let deepest = String(repeating: "[", count: JSONArraySplitter.depthMax + 1)
        #expect(throws: JSONArraySplitter.Problem.self) { try Self.lines(of: "[" + deepest) }
        let deep = String(repeating: "[", count: JSONArraySplitter.depthMax)
        let close = String(repeating: "]", count: JSONArraySplitter.depthMax)
        #expect(try Self.lines(of: "[\(deep)\(close)]") == "\(deep)\(close)\n")
    }

    /// Wherever the network cuts a body, the same lines come out.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func cutsMakeNoDifference(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let elements = (0..<20).map { _ in Self.value(depth: 3, &generator) }
        let text = Array("[\(elements.joined(separator: " ,\n"))]".utf8)
        let whole = try Self.lines(of: [text[...]])
        #expect(whole.split(separator: "\n").count == elements.count, "seed \(seed)")
        var pieces: [ArraySlice<UInt8>] = []
        var rest = text[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...min(rest.count, 7), using: &generator)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        #expect(try Self.lines(of: pieces) == whole, "seed \(seed)")
    }

    private static func value(depth: Int, _ generator: inout SeededGenerator) -> String {
        let space = ["", " ", "\n\t"].randomElement(using: &generator) ?? ""
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &generator) {
        case 0: return "\(space)-12.5e3\(space)"
        case 1: return "\(space)null"
        case 2: return #""\\ \" ] } , : é""#
        case 3: return #"{}"#
        case 4: return "[\(space)\(Self.value(depth: depth - 1, &generator)),\(space)1]"
        default: return "{\"a\"\(space):\(Self.value(depth: depth - 1, &generator))\(space)}"
        }
    }
}
#endif
