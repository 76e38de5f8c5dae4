//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Hummingbird
import Penstock
import PenstockEvents
import PenstockHTTP
import Testing

@testable import PenstockAdmin

@Suite("Who may ask the admin server", .timeLimit(.minutes(5)))
struct AdminGuardTests {
    private static func request(host: String, _ headers: [String: String] = [:]) -> HTTPRequest {
        var fields = HTTPFields()
        for (name, value) in headers {
            if let name = HTTPFields.Element.Name(name) { fields[name] = value }
        }
        return HTTPRequest(method: .post, scheme: "http", authority: host, path: "/drain", headerFields: fields)
    }

    private static let order = ["X-Penstock": "1"]
    private static let open = AdminGuard(token: nil, usesTLS: false, isPrivate: false)

    @Test(
        "Without a token, only addresses and localhost are hosts",
        arguments: [
            "127.0.0.1:9464", "127.0.0.1", "localhost:9464", "LOCALHOST", "[::1]:9464", "[::1]", "10.0.0.3:80",
        ]
    )
    func hosts(host: String) {
        #expect(Self.open.refusal(of: Self.request(host: host, Self.order), isOrder: true, isOpen: false) == nil)
    }

    @Test(
        "A name that could lead anywhere is refused, for reading too",
        arguments: [
            "evil.example", "evil.example:9464", "127.0.0.1.evil.example:9464", "localhost.evil.example", "", "a b",
        ]
    )
    func otherHosts(host: String) {
        let request = Self.request(host: host, Self.order)
        #expect(Self.open.refusal(of: request, isOrder: true, isOpen: false)?.status == 421)
        #expect(Self.open.refusal(of: request, isOrder: false, isOpen: true)?.status == 421)
    }

    @Test("A page of another site gives no orders")
    func otherSites() {
        func status(_ headers: [String: String]) -> Int? {
            Self.open.refusal(of: Self.request(host: "127.0.0.1:9464", headers), isOrder: true, isOpen: false)?.status
        }
        #expect(status([:]) == 403, "a form of any page could send it")
        #expect(status(["X-Penstock": "1", "Origin": "http://evil.example"]) == 403)
        #expect(status(["X-Penstock": "1", "Origin": "null"]) == 403)
        #expect(status(["X-Penstock": "1", "Origin": "http://127.0.0.1:8080"]) == 403, "another port is another site")
        #expect(status(["X-Penstock": "1", "Origin": "https://127.0.0.1:9464"]) == 403)
        #expect(status(["X-Penstock": "1", "Origin": "http://127.0.0.1:9464"]) == nil)
        #expect(status(Self.order) == nil)
    }

    @Test("With a token, everything but health and the page needs it")
    func token() throws {
        let token = try SecretToken(contents: Array("s3cret".utf8))
        let guardian = AdminGuard(token: token, usesTLS: true, isPrivate: false)
        func status(_ headers: [String: String], isOpen: Bool = false) -> Int? {
            let request = Self.request(host: "pens.example", headers)
            return guardian.refusal(of: request, isOrder: false, isOpen: isOpen)?.status
        }
        #expect(status([:]) == 401)
        #expect(status(["Authorization": "Bearer wrong"]) == 401)
        #expect(status(["Authorization": "Bearer s3cret"]) == nil)
        #expect(status([:], isOpen: true) == nil)
        let order = Self.request(host: "pens.example", ["X-Penstock": "1", "Origin": "https://pens.example"])
        #expect(guardian.refusal(of: order, isOrder: true, isOpen: false)?.status == 401)
    }

    @Test("Behind a socket of one's own there is no token, but no page either")
    func socket() {
        let guardian = AdminGuard(token: nil, usesTLS: false, isPrivate: true)
        #expect(guardian.refusal(of: Self.request(host: "", Self.order), isOrder: true, isOpen: false) == nil)
        let page = Self.request(host: "h", ["X-Penstock": "1", "Origin": "http://h"])
        #expect(guardian.refusal(of: page, isOrder: true, isOpen: false)?.status == 403)
    }
}
#endif
