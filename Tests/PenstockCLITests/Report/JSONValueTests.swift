//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockCLI

@Suite("JSON values", .timeLimit(.minutes(5)))
struct JSONValueTests {
    @Test(
        "What is JSON is read, and written again",
        arguments: [
            "null", "true", "[]", "{}", #"{"a":[1,-2.5e3,"x\n\"\\"],"b":{"c":null}}"#, #""ä😀""#, "0", "-0",
        ]
    )
    func read(_ text: String) throws {
        #expect(try #require(JSONValue(text)).json == text)
    }

    @Test("Escapes are characters") func escapes() {
        #expect(JSONValue(#""\u00e4\ud83d\ude00\/\b""#)?.text == "ä😀/\u{8}")
    }

    @Test(
        "What is not JSON is nothing",
        arguments: [
            "", "nul", "[1,]", "{a:1}", #"{"a" 1}"#, "01", "1.", ".5", "+1", "1e", #""\q""#, "\"a", "[1] 2", "NaN",
            String(repeating: "[", count: 100_000),
        ]
    )
    func wrong(_ text: String) {
        #expect(JSONValue(text) == nil)
    }

    @Test("Numbers are compared by value, members in any order")
    func equality() {
        #expect(JSONValue("1.0") == JSONValue("1"))
        #expect(JSONValue("9007199254740993") != JSONValue("9007199254740992"))
        #expect(JSONValue(#"{"a":1,"b":2}"#) == JSONValue(#"{"b":2,"a":1}"#))
        #expect(JSONValue(#"{"a":1}"#) != JSONValue(#"{"a":1,"b":2}"#))
        #expect(JSONValue("[1,2]") != JSONValue("[2,1]"))
        #expect(JSONValue("\"1\"") != JSONValue("1"))
    }
}
