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

/// Lines of Apache's combined log format.
@Suite(.timeLimit(.minutes(5)))
struct ApacheLineTests {
    private func parse(_ line: String) throws -> (json: String, problem: String?) {
        var fields = FieldSet()
        let step = try ParseStep(ParseDescription(.apacheCombined), fields: &fields)
        var output: [UInt8] = []
        var desk = RewriteDesk()
        let problem = Array(line.utf8).withUnsafeBytes { bytes in
            step.apply(to: EventView(line: bytes, fields: .init(start: nil, count: 0)), &output, &desk)
        }
        return (String(decoding: output, as: UTF8.self), problem)
    }

    private let begin = #"10.0.0.1 - anna [09/Dec/2024:01:02:03 -0130] "#

    @Test func wholeLine() throws {
        let line = self.begin + #""GET /a?b=c HTTP/1.1" 200 512 "http://example.org/" "Mozilla/5.0 (X11)""#
        let (json, problem) = try self.parse(line)
        #expect(problem == nil)
        #expect(
            json == """
                {"client":"10.0.0.1","ident":null,"user":"anna","time":"2024-12-09T01:02:03-01:30","method":"GET",\
                "path":"/a?b=c","protocol":"HTTP/1.1","status":200,"bytes":512,"referer":"http://example.org/",\
                "user_agent":"Mozilla/5.0 (X11)"}
                """
        )
    }

    @Test func whatIsMissingIsNull() throws {
        let (json, problem) = try self.parse(self.begin + #""-" 408 - "-" "-""#)
        #expect(problem == nil)
        #expect(
            json.hasSuffix(
                #""method":null,"path":null,"protocol":null,"request":null,"status":408,"bytes":null,"#
                    + #""referer":null,"user_agent":null}"#
            )
        )
    }

    @Test func escapesAndOddRequests() throws {
        let (json, problem) = try self.parse(self.begin + #""\x16\x03 \"x\" ü" 400 0 "" "a \"b\" \\ c""#)
        #expect(problem == nil)
        #expect(json.contains(#""request":"\\x16\\x03 \"x\" ü""#))
        #expect(json.contains(#""referer":"""#))
        #expect(json.hasSuffix(#""user_agent":"a \"b\" \\ c"}"#))
    }

    @Test(arguments: [
        ("", "client, ident and user"), ("a b c", "client, ident and user"), ("a b c x", "no time"),
        ("a - - [1/May/2015:10:05:03 +0000] ", "the time"), ("a - - [17/Moy/2015:10:05:03 +0000] ", "the time"),
        ("a - - [17/May/2015:10:05:03 +0000]", "the time"), ("a - - [17/May/2015:10:05:03 +0000] GET", "request"),
        (#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 2x0 1 "-" "-""#, "the status is no number"),
        (#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-""#, "referer"),
        (#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "cut off"#, "user agent is not in quotes"),
        (#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "-" more"#, "something follows"),
        (#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1\"#, "request"),
    ])
    func whatDoesNotMatchSaysWhere(_ line: String, _ reason: String) throws {
        let problem = try self.parse(line).problem
        #expect(problem?.contains(reason) == true, "\(problem ?? "none")")
    }
}
