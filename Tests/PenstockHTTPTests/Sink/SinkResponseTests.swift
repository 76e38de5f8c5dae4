//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockEvents
import Testing

@testable import PenstockHTTP

struct SinkResponseTests {
    private func answer(_ status: Int, retryAfter: String? = nil, body: String = "") -> SinkAnswer {
        SinkResponse(status: status, retryAfter: retryAfter, body: Array(body.utf8)).answer(now: 784_111_777)
    }

    @Test func statusDecides() {
        for status in [200, 201, 202, 204, 299] { #expect(self.answer(status) == .delivered) }
        for status in [408, 425, 429, 500, 502, 503, 599] {
            #expect(self.answer(status) == .retry("the server answered \(status)", after: nil))
        }
        for status in [400, 401, 403, 404, 413, 422] {
            #expect(self.answer(status, body: "no\n") == .refused("the server answered \(status): no "))
        }
        #expect(
            self.answer(301) == .refused("the server answered 301: where it leads to is not followed")
        )
    }

    @Test(
        arguments: [
            (nil, nil), ("0", .zero), ("7", .seconds(7)), (" 7 ", .seconds(7)), ("100000", .seconds(300)),
            ("99999999999999999999999", .seconds(300)), ("-1", nil), ("1.5", nil), ("soon", nil), ("", nil),
            ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("Sun, 06 Nov 1994 08:49:00 GMT", .zero),
            ("Sun, 06 Nov 2094 08:49:00 GMT", .seconds(300)),
        ] as [(String?, Duration?)]
    )
    func serverSaysWhen(text: String?, delay: Duration?) {
        #expect(SinkResponse.delay(text, now: 784_111_777) == delay)
    }

    @Test func onlyTheBeginningOfABodyIsTold() {
        let long = String(repeating: "x", count: 500)
        #expect(self.answer(400, body: long) == .refused("the server answered 400: \(long.prefix(200))"))
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com", "https://", "https://:80/", "https://user:pass@example.com/",
        "https://a@b/",
        "http://example.com:0/", "http://example.com:70000/", "http://example.com:x/", "http://exa mple.com/",
        "http://example.com/#here", "http://exämple.com/",
    ])
    func addressesThatAreNoneAreRefused(url: String) {
        #expect(HTTPSinkConfiguration.problem(ofURL: url) != nil)
    }

    @Test(arguments: [
        "http://example.com", "https://example.com:8443/a/b?c=d", "http://[::1]:80/x", "http://127.0.0.1:1/@",
        "http://[::1]/",
    ])
    func addressesAreTaken(url: String) {
        #expect(HTTPSinkConfiguration.problem(ofURL: url) == nil)
    }

    @Test func headersThatTheSinkSetsAreRefused() {
        #expect(HTTPSinkConfiguration.problem(ofHeader: "X-A", value: "b c") == nil)
        #expect(HTTPSinkConfiguration.problem(ofHeader: "Content-Length", value: "1") != nil)
        #expect(HTTPSinkConfiguration.problem(ofHeader: "authorization", value: "Bearer x") != nil)
        #expect(HTTPSinkConfiguration.problem(ofHeader: "a b", value: "c") != nil)
        #expect(HTTPSinkConfiguration.problem(ofHeader: "", value: "c") != nil)
        #expect(HTTPSinkConfiguration.problem(ofHeader: "X-A", value: "a\r\nb: c") != nil)
    }
}
#endif
