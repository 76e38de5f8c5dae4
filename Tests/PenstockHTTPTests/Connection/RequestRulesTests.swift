//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOHTTP1
import Testing

@testable import PenstockHTTP

struct RequestRulesTests {
    private let rules = RequestRules(path: "/events", bodyBytesMax: 1000, token: nil)

    private func head(
        _ headers: [(String, String)],
        _ method: HTTPMethod = .POST,
        _ uri: String = "/events",
        version: HTTPVersion = .http1_1
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: method, uri: uri, headers: HTTPHeaders([("Host", "h")] + headers))
    }

    private func status(_ head: HTTPRequestHead, _ rules: RequestRules? = nil) -> Int? {
        if case .refuse(let answer) = (rules ?? self.rules).verdict(on: head) { answer.status } else { nil }
    }

    private let lines = ("Content-Type", "application/x-ndjson")
    private let five = ("Content-Length", "5")

    @Test func whatIsRightIsTaken() {
        let plan = RequestRules.Plan(
            format: .lines,
            length: .bytes(5),
            isCompressed: false,
            wantsContinue: false,
            closes: false
        )
        for uri in ["/events", "/events?a=b", "http://h/events", "https://h:8/events?x"] {
            #expect(self.rules.verdict(on: self.head([self.lines, self.five], .POST, uri)) == .take(plan))
        }
        for type in [
            "Application/X-NDJSON; charset=UTF-8", "text/plain", "application/octet-stream", "application/jsonl",
        ] {
            #expect(self.rules.verdict(on: self.head([("Content-Type", type), self.five])) == .take(plan))
        }
        var other = plan
        other.format = .json
        other.length = .chunks
        other.isCompressed = true
        other.wantsContinue = true
        other.closes = true
        let headers = [
            ("Content-Type", "application/json"), ("Transfer-Encoding", "Chunked"), ("Content-Encoding", "GZIP"),
            ("Expect", "100-Continue"), ("Connection", "close"),
        ]
        #expect(self.rules.verdict(on: self.head(headers)) == .take(other))
    }

    @Test func whatIsNotIsRefused() {
        #expect(self.status(self.head([self.lines, self.five], version: .http1_0)) == 505)
        #expect(self.status(self.head([self.lines, self.five], .POST, "/event")) == 404)
        #expect(self.status(self.head([self.lines, self.five], .POST, "/events/")) == 404)
        #expect(self.status(self.head([], .GET)) == 405)
        #expect(self.status(self.head([self.lines, self.five], .PUT)) == 405)
        #expect(self.status(self.head([self.five])) == 415)
        #expect(self.status(self.head([self.lines, self.lines, self.five])) == 415)
        #expect(self.status(self.head([("Content-Type", "text/plain; charset=utf-16"), self.five])) == 415)
        #expect(self.status(self.head([self.lines, self.five, ("Content-Encoding", "br")])) == 415)
        #expect(self.status(self.head([self.lines, self.five, ("Content-Encoding", "gzip, gzip")])) == 415)
        #expect(self.status(self.head([self.lines])) == 411)
        #expect(self.status(self.head([self.lines, ("Content-Length", "1001")])) == 413)
        #expect(self.status(self.head([self.lines, ("Content-Length", "99999999999999999999999")])) == 413)
        #expect(self.status(self.head([self.lines, ("Content-Length", "-1")])) == 400)
        #expect(self.status(self.head([self.lines, ("Content-Length", "+5")])) == 400)
        #expect(self.status(self.head([self.lines, self.five, self.five])) == 400)
        #expect(self.status(self.head([self.lines, self.five, ("Transfer-Encoding", "chunked")])) == 400)
        #expect(self.status(self.head([self.lines, ("Transfer-Encoding", "gzip, chunked")])) == 501)
        #expect(self.status(self.head([self.lines, ("Transfer-Encoding", "xchunked")])) == 501)
        #expect(self.status(self.head([self.lines, self.five, ("Expect", "tea")])) == 417)
        #expect(self.status(self.head([self.lines, self.five, ("Host", "other")])) == 400)
    }

    @Test func tokenIsAskedForBeforeAnythingIsTold() throws {
        let token = try SecretToken(contents: Array("abc".utf8))
        let rules = RequestRules(path: "/events", bodyBytesMax: 1000, token: token)
        #expect(self.status(self.head([], .GET, "/else"), rules) == 401)
        #expect(self.status(self.head([self.lines, self.five, ("Authorization", "Bearer abd")]), rules) == 401)
        #expect(
            self.status(
                self.head([self.lines, self.five, ("Authorization", "Bearer abc"), ("Authorization", "x")]),
                rules
            ) == 401
        )
        #expect(self.status(self.head([self.lines, self.five, ("Authorization", "Bearer abc")]), rules) == nil)
    }

    @Test func connectionEndsWhereABodyIsLeftUnread() {
        guard case .refuse(let get) = self.rules.verdict(on: self.head([], .GET)),
            case .refuse(let put) = self.rules.verdict(on: self.head([self.five], .PUT))
        else {
            Issue.record("They were not refused.")
            return
        }
        #expect(!get.closes)
        #expect(put.closes)
    }
}
#endif
