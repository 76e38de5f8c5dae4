//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock
import PenstockEvents
import Testing

@testable import PenstockAdmin

@Suite("What the admin server answers", .timeLimit(.minutes(5)))
struct AdminRoutesTests {
    @Test("It is alive in every phase, and ready in one", arguments: PipelineSnapshot.Phase.allCases)
    func phases(phase: PipelineSnapshot.Phase) async throws {
        let watched = Watched()
        watched.set { $0.phase = phase }
        try await withServer(watched) { (served: Served) async throws in
            #expect(try await served.ask("GET", "/live").status == 200)
            let ready = try await served.ask("GET", "/ready")
            #expect(ready.status == (phase == .running ? 200 : 503))
            let reasons = phase == .running ? "[]" : "[\"\(phase.rawValue)\"]"
            #expect(ready.body == "{\"ready\":\(phase == .running),\"reasons\":\(reasons)}\n")
        }
    }

    @Test("A sink that fails makes it not ready, and is named")
    func failingSink() async throws {
        let watched = Watched()
        watched.set { snapshot in
            snapshot.phase = .running
            var sink = SinkSnapshot(name: "pg", type: "postgres")
            sink.lastError = "connection \"refused\""
            snapshot.sinks = [sink]
        }
        try await withServer(watched) { (served: Served) async throws in
            let ready = try await served.ask("GET", "/ready")
            #expect(ready.status == 503)
            #expect(ready.body.contains(#"sink 'pg' fails: connection \"refused\""#))
            #expect(try await served.ask("GET", "/status").body.contains("\"code\":\"sink_failing\""))
        }
    }

    @Test("Orders are passed on")
    func orders() async throws {
        let watched = Watched()
        try await withServer(watched) { (served: Served) async throws in
            #expect(try await served.order("/pause").status == 202)
            #expect(try await served.order("/resume").status == 202)
            #expect(try await served.order("/resize?workers=3").status == 202)
            #expect(try await served.order("/drain").status == 202)
            #expect(try await served.order("/drain?deadline=1.5").status == 202)
        }
        #expect(
            watched.orders == [
                "pause", "resume", "resize 3", "drain \(Duration.seconds(30))", "drain \(Duration.milliseconds(1500))",
            ]
        )
    }

    @Test(
        "Orders that make no sense are refused, and not passed on",
        arguments: [
            "/resize", "/resize?workers=0", "/resize?workers=1025", "/resize?workers=many", "/drain?deadline=-1",
            "/drain?deadline=nan", "/drain?deadline=inf", "/drain?deadline=1e9",
        ]
    )
    func senseless(path: String) async throws {
        let watched = Watched()
        try await withServer(watched) { (served: Served) async throws in
            #expect(try await served.order(path).status == 400)
        }
        #expect(watched.orders.isEmpty)
    }

    @Test("Where nothing runs, an order is a conflict")
    func nothingRuns() async throws {
        let watched = Watched()
        watched.state.withLock { $0.obeys = false }
        try await withServer(watched) { (served: Served) async throws in
            for path in ["/pause", "/resume", "/resize?workers=2"] {
                #expect(try await served.order(path).status == 409)
            }
        }
    }

    @Test("Methods and paths that there are not")
    func unknown() async throws {
        try await withServer { (served: Served) async throws in
            let get = try await served.ask("GET", "/drain")
            #expect(get.status == 405 && get.headers["allow"] == "POST")
            let post = try await served.order("/status")
            #expect(post.status == 405 && post.headers["allow"] == "GET, HEAD")
            #expect(try await served.ask("GET", "/nothing").status == 404)
            #expect(try await served.ask("GET", "/metrics").status == 404)
            let long = try await served.ask(
                "POST",
                "/pause",
                headers: ["X-Penstock": "1"],
                body: String(repeating: "x", count: 10_000)
            )
            #expect(long.status == 413)
        }
    }

    @Test("Metrics are asked for by what the client takes")
    func metrics() async throws {
        let metrics: AdminServer.Metrics = { ("text/plain; version=0.0.4", "accept \($0 ?? "none")\n") }
        try await withServer(Watched(metrics: metrics)) { (served: Served) async throws in
            let answer = try await served.ask("GET", "/metrics", headers: ["Accept": "application/openmetrics-text"])
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4")
            #expect(answer.body == "accept application/openmetrics-text\n")
        }
    }

    @Test("The page takes nothing from outside, and allows no script but its own")
    func page() async throws {
        try await withServer { (served: Served) async throws in
            let (first, second) = (try await served.ask("GET", "/"), try await served.ask("GET", "/"))
            let policy = try #require(first.headers["content-security-policy"])
            #expect(first.status == 200 && policy.hasPrefix("default-src 'none'"))
            let nonce = try #require(policy.split(separator: "'nonce-").dropFirst().first?.prefix { $0 != "'" })
            #expect(first.body.contains("<script nonce=\"\(nonce)\">"))
            #expect(!first.body.contains("{{nonce}}"))
            #expect(!second.body.contains(nonce), "a word that can be guessed protects nothing")
            for part in ["src=\"http", "href=\"http", "url(http", "@import", " style=\"", " onclick="] {
                #expect(!first.body.contains(part), "\(part)")
            }
        }
    }
}
#endif
