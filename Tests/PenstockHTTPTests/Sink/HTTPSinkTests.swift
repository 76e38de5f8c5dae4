//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import Penstock
import PenstockEvents
import PenstockHTTP
import PenstockTesting
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a sink that posts to a server does with what it answers, over real connections.
@Suite(.timeLimit(.minutes(5)))
struct HTTPSinkTests {
    private func run(
        _ server: ScriptedServer,
        lines: [String] = ["{\"a\":1}", "{\"a\":2}"],
        letters: CollectingSink = CollectingSink(),
        change: (inout HTTPSinkConfiguration) -> Void = { _ in },
        options: (inout SinkOptions) -> Void = { _ in }
    ) async throws -> PipelineReport {
        var configuration = HTTPSinkConfiguration(url: server.url)
        change(&configuration)
        var sinkOptions = SinkOptions()
        sinkOptions.retry.backoffInitial = .milliseconds(1)
        options(&sinkOptions)
        let report = try await Pipeline("test") {
            Source("in", CountedSource(lines, batchMax: 100))
            Sink("out", HTTPSink(configuration), options: sinkOptions)
            DeadLetters(letters)
        }.run()
        server.stop()
        #expect(report.balanced)
        return report
    }

    @Test func batchIsOneRequest() async throws {
        let server = try ScriptedServer { _, _ in ScriptedServer.answer(204) }
        let report = try await self.run(server) { $0.headers = [("X-Origin", "here")] }
        #expect(report.events.delivered == 2)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /in?a=b HTTP/1.1\r\n"))
        #expect(request.header("Content-Type") == "application/x-ndjson")
        #expect(request.header("X-Origin") == "here")
        #expect(request.header("Penstock-Batch-Id")?.count == 32)
        #expect(request.body == "{\"a\":1}\n{\"a\":2}\n")
    }

    @Test func batchIsOneArray() async throws {
        let server = try ScriptedServer { _, _ in ScriptedServer.answer(200, body: "ok") }
        _ = try await self.run(server) { $0.format = .jsonArray }
        #expect(server.requests.first?.header("Content-Type") == "application/json")
        #expect(server.requests.first?.body == "[{\"a\":1},{\"a\":2}]")
    }

    @Test func whatMayPassIsTriedAgainUnderTheSameName() async throws {
        let server = try ScriptedServer { number, _ in
            switch number {
            case 1: ScriptedServer.answer(503)
            case 2: ScriptedServer.answer(429, headers: ["Retry-After: 0"])
            case 3: nil
            default: ScriptedServer.answer(200)
            }
        }
        let report = try await self.run(server)
        #expect(report.events.delivered == 2)
        #expect(server.requests.count == 4)
        #expect(Set(server.requests.map { $0.header("Penstock-Batch-Id") }).count == 1)
    }

    @Test func serverThatAsksToWaitIsWaitedFor() async throws {
        let server = try ScriptedServer { number, _ in
            ScriptedServer.answer(number == 1 ? 503 : 200, headers: ["Retry-After: 1"])
        }
        let start = ContinuousClock.now
        let report = try await self.run(server)
        #expect(report.events.delivered == 2)
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test func whatIsRefusedBecomesDeadLetters() async throws {
        let letters = CollectingSink()
        let server = try ScriptedServer { _, _ in ScriptedServer.answer(422, body: "no such field") }
        let report = try await self.run(server, letters: letters)
        #expect(report.events.deadLettered == 2)
        #expect(server.requests.count == 1)
        #expect(letters.lines.allSatisfy { $0.contains("the server answered 422: no such field") })
    }

    @Test func whatIsRefusedWithoutDeadLettersIsInTheReport() async throws {
        let server = try ScriptedServer { _, _ in ScriptedServer.answer(401, body: "wrong token") }
        let report = try await Pipeline("test") {
            Source("in", CountedSource(["{}", "{}"]))
            Sink("out", HTTPSink(HTTPSinkConfiguration(url: server.url)))
        }.run()
        server.stop()
        #expect(report.balanced)
        #expect(report.events.dropped == ["no_dead_letter": 2])
        #expect(report.sinks.first?.lastReason == "the server answered 401: wrong token")
        #expect(report.json().contains("\"last_reason\":\"the server answered 401: wrong token\""))
    }

    @Test func redirectsAreNotFollowed() async throws {
        let letters = CollectingSink()
        let server = try ScriptedServer { _, _ in
            ScriptedServer.answer(307, headers: ["Location: http://127.0.0.1:1/"])
        }
        let report = try await self.run(server, letters: letters)
        #expect(report.events.deadLettered == 2)
        #expect(letters.lines.first?.contains("the server answered 307") == true)
    }

    @Test func serverThatDoesNotAnswerIsGivenUp() async throws {
        let letters = CollectingSink()
        let hole = try SilentServer()
        let configuration = Self.configuration(hole) { $0.timeout = .milliseconds(100) }
        var options = SinkOptions()
        options.retry.attemptsMax = 2
        options.retry.backoffInitial = .milliseconds(1)
        let report = try await Pipeline("test") {
            Source("in", CountedSource(["{}"]))
            Sink("out", HTTPSink(configuration), options: options)
            DeadLetters(letters)
        }.run()
        #expect(report.balanced)
        #expect(report.events.deadLettered == 1)
        #expect(letters.lines.first?.contains("the server gave no answer: it took too long") == true)
    }

    @Test func whatKeepsAServerFromAnsweringIsToldInPlainWords() async throws {
        let letters = CollectingSink()
        // Nobody listens on the port any more.
        let server = try SilentServer()
        server.stop()
        let port = server.port
        var options = SinkOptions()
        options.retry.attemptsMax = 1
        let sink = HTTPSink(HTTPSinkConfiguration(url: "http://127.0.0.1:\(port)/events?key=secret"))
        _ = try await Pipeline("test") { [options] in
            Source("in", CountedSource(["{}"]))
            Sink("out", sink, options: options)
            DeadLetters(letters)
        }.run()
        let reason =
            "the server gave no answer: the connection was refused: nobody listens there (http://127.0.0.1:\(port))"
        #expect(letters.lines.first?.contains("\"reason\":\"\(reason)\"") == true, "\(letters.lines)")
    }

    @Test func errorsOfConnectionsAreWords() {
        let words: [(any Error, String)] = [
            (IOError(errnoCode: ECONNREFUSED, reason: "connect"), "the connection was refused: nobody listens there"),
            (IOError(errnoCode: ECONNRESET, reason: "read"), "it closed the connection"),
            (IOError(errnoCode: ETIMEDOUT, reason: "connect"), "it took too long"),
            (IOError(errnoCode: EACCES, reason: "connect"), "Permission denied"),
            (ChannelError.connectTimeout(.seconds(1)), "it took too long"),
            (ChannelError.ioOnClosedChannel, "it closed the connection"),
        ]
        for (error, text) in words { #expect(ConnectionProblem.reason(error) == text) }
        // No resolver takes it for a name.
        let error = #expect(throws: (any Error).self) {
            try SocketAddress.makeAddressResolvingHost("no name", port: 1)
        }
        #expect(error.map(ConnectionProblem.reason) == "its name is not known")
    }

    @Test func blackHoleHoldsOnlyItsOwnLane() async throws {
        let hole = try SilentServer()
        let healthy = CollectingSink()
        let lines = (0..<20_000).map { "{\"n\":\($0)}" }
        var options = SinkOptions()
        options.queueEventsMax = 100
        options.retry.attemptsMax = 1
        let dead = HTTPSink(Self.configuration(hole) { $0.timeout = .milliseconds(500) })
        let report = try await Pipeline("test") { [options] in
            Source("in", CountedSource(lines, batchMax: 100))
            Sink("healthy", healthy).whenFull(.wait)
            Sink("hole", dead, options: options)
            DeadLetters(CollectingSink())
        }.run()
        #expect(report.balanced)
        #expect(healthy.lines.count == 20_000)
        #expect(report.events.delivered == 0)
    }

    @Test func cancelledRunLeavesNoRequestBehind() async throws {
        let hole = try SilentServer()
        let configuration = Self.configuration(hole) { $0.timeout = .seconds(600) }
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(["{}"]))
            Sink("out", HTTPSink(configuration))
        }
        async let running = pipeline.run()
        try await until { pipeline.progress().events.accepted == 1 }
        pipeline.drain(deadline: .zero)
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.dropped.values.reduce(0, +) == 1)
    }

    private static func configuration(
        _ server: SilentServer,
        _ change: (inout HTTPSinkConfiguration) -> Void
    ) -> HTTPSinkConfiguration {
        var configuration = HTTPSinkConfiguration(url: "http://127.0.0.1:\(server.port)/")
        change(&configuration)
        return configuration
    }
}
#endif
