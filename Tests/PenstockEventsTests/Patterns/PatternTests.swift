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

/// Regular expressions match what they say, in time that is linear in the text.
@Suite(.timeLimit(.minutes(5)))
struct PatternTests {
    /// What the groups of a pattern hold in a text; nil when it does not match.
    static func groups(_ pattern: String, _ text: String) throws -> [String?]? {
        let program = try PatternParser.parse(pattern)
        var matcher = PatternMatcher()
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer in
            guard matcher.matches(buffer, program) else { return nil }
            return program.names.indices.map { group in
                let (start, end) = (matcher.saved[2 * group], matcher.saved[2 * group + 1])
                return start < 0 ? nil : String(decoding: bytes[start..<end], as: UTF8.self)
            }
        }
    }

    @Test(arguments: [
        ("abc", "xabcx", true), ("^abc", "xabc", false), ("abc$", "abcx", false), ("^abc$", "abc", true),
        ("", "", true),
        ("a|b", "b", true), ("^(?:a|bc)+$", "abcbca", true), ("^(?:a|bc)+$", "abca b", false), ("a.c", "aäc", true),
        ("^.$", "€", true), ("^..$", "€", false), ("[^a]", "ä", true), ("[^ä]", "ä", false), ("[à-ü]", "é", true),
        ("^\\d{3}$", "123", true), ("^\\d{3}$", "12", false), ("^\\d{2,3}$", "1234", false), ("^a{0}$", "", true),
        ("^[\\w.-]+$", "a.b-c_1", true), ("^[]a]+$", "]a", true), ("\\bcat\\b", "a cat.", true),
        ("\\bcat\\b", "cats", false),
        ("^\\S+\\s\\S+$", "one two", true), ("x{y", "x{y", true), ("^\\x41\\t$", "A\t", true),
        ("^[\\d]{2}$", "42", true),
        ("^(a*)*$", "aaaa", true), ("^(?:a*)*b$", "aaaa", false), ("\\Bat", "cat", true), ("^[^\\d]+$", "äbc", true),
        ("^\\D$", "ä", true), ("^[\\D]$", "ä", true), ("^(?:ab?){2,}$", "aab", true),
    ])
    func matches(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect((try Self.groups(pattern, text) != nil) == expected)
    }

    @Test func groupsHoldWhatTheyMatched() throws {
        #expect(try Self.groups("(?<a>\\w+) (?P<b>.*)", "one two three") == ["one", "two three"])
        #expect(try Self.groups("^(?<a>.*?),(?<b>.*)$", "x,y,z") == ["x", "y,z"])
        #expect(try Self.groups("^(?<a>.*),(?<b>.*)$", "x,y,z") == ["x,y", "z"])
        #expect(try Self.groups("^(?:(?<a>\\d+)|(?<b>\\w+))$", "abc") == [nil, "abc"])
        #expect(try Self.groups("(?<a>x?)y", "y") == [""])
        #expect(try Self.groups("(?:(?<a>a)|b)*$", "ab") == ["a"])
        #expect(try Self.groups("(?<a>(?<b>\\d)\\d)", "12") == ["12", "1"])
    }

    @Test(arguments: ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(?:.*.*.*)+x$", "(x+x+)+y"])
    func noTextMakesItExplode(_ pattern: String) throws {
        let text = String(repeating: "a", count: 5000) + "!" + String(repeating: "x", count: 5000) + "!"
        #expect(try Self.groups(pattern, text) == nil)
    }

    @Test func matcherIsUsedAgainForOtherPatternsAndTexts() throws {
        var matcher = PatternMatcher()
        for (pattern, text, expected) in [
            ("^(?<a>b+)$", "bbb", true), ("^a+$", "bbb", false), ("(?<x>c)(?<y>d)", "cd", true),
            ("^(?<a>b+)$", "", false),
        ] {
            let program = try PatternParser.parse(pattern)
            let isMatch = Array(text.utf8).withUnsafeBufferPointer { matcher.matches($0, program) }
            #expect(isMatch == expected, "\(pattern)")
        }
    }

    @Test(arguments: [
        ("(", 0, "not closed"), ("a)", 1, "closes no group"), ("[a", 0, "not closed"), ("*a", 0, "repeats nothing"),
        ("a**", 1, "quantifier behind"), ("a++", 1, "possessive"), ("(?=a)", 0, "lookahead"),
        ("(?<!a)", 0, "lookbehind"),
        ("(a)\\1", 3, "back-references"), ("(?<a-b>x)", 0, "no name"), ("(?<a>x)(?<a>y)", 7, "two groups"),
        ("(?i)a", 0, "no kind of group"), ("[z-a]", 1, "no range"), ("a{3,2}", 1, "repetitions"),
        ("a{900}", 1, "repetitions"),
        ("a\\", 1, "at the end"), ("\\q", 0, "means nothing"), ("[[:alpha:]]", 3, "[:name:]"),
        ("(?:a{500}){500}", 0, "more than 1000 steps"), ("ä(", 2, "not closed"),
    ])
    func wrongPatternsSayWhatAndWhere(_ pattern: String, _ offset: Int, _ message: String) {
        let error = #expect(throws: PatternError.self) { try PatternParser.parse(pattern) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error?.offset == offset, "\(String(describing: error))")
    }
}
