//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import Penstock
import PenstockEvents
import PenstockTesting
import Testing

@testable import PenstockPostgres

/// The sink on a real server. The tests run one by one: each has a server of its own.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct PostgresSinkTests {
    private func pipeline(
        _ lines: [String],
        _ sink: PostgresSink,
        session: UInt64? = nil,
        batch: Int = 1_000,
        retries: Int = 100
    ) -> Pipeline {
        Pipeline("events") {
            Source("in", PositionedSource(lines, session: session))
            Decode.json
            Sink("out", sink).with {
                $0.batchEventsMax = batch
                $0.retry.attemptsMax = retries
                $0.retry.backoffInitial = .milliseconds(10)
                $0.retry.backoffMax = .milliseconds(100)
            }
        }
    }

    private func lines(_ numbers: Range<Int>) -> [String] {
        numbers.map { "{\"number\":\($0),\"text\":\"tab\\t é \\\\ \\\"q\\\"\"}" }
    }

    @Test func `the sink keeps the promises of sinks`() async throws {
        let server = try PostgresServer()
        let tables = Locked(0)
        let names = Locked<[ObjectIdentifier: String]>([:])
        try await SinkConformance {
            let table = tables.withLock { count in
                count += 1
                return "conformance_\(count)"
            }
            // Text keeps the bytes of an event; `jsonb` would write it in its own way.
            _ = try server.column("CREATE TABLE \(table) (id text UNIQUE, received_at timestamptz, event text)")
            let sink = PostgresSink(server.target, table: table, connections: 2)
            names.withLock { $0[ObjectIdentifier(sink)] = table }
            return sink
        } contents: { sink in
            guard let sink = sink as? PostgresSink else { return [] }
            let table = names.withLock { $0[ObjectIdentifier(sink)] } ?? ""
            return try server.column("SELECT event FROM \(table) ORDER BY id")
        }.run()
    }

    @Test func `events that come again are there once, in whatever batches they come`() async throws {
        let server = try PostgresServer()
        for (batch, count) in [(7, 60), (1_000, 100), (33, 100)] {
            let sink = PostgresSink(server.target, table: "again")
            let report = try await self.pipeline(self.lines(0..<count), sink, session: 5, batch: batch).run()
            #expect(report.balanced && report.events.delivered == count)
        }
        #expect(try server.column("SELECT count(*) FROM again") == ["100"])
        #expect(try server.column("SELECT count(DISTINCT event) FROM again") == ["100"])
    }

    @Test func `an event that the server never takes is refused alone`() async throws {
        let server = try PostgresServer()
        var lines = self.lines(0..<50)
        lines[17] = "{\"number\":17,\"text\":\"\\u0000\"}"
        let (sink, letters) = (PostgresSink(server.target, table: "refused"), CollectingSink())
        let pipeline = Pipeline("events") {
            Source("in", PositionedSource(lines))
            Decode.json
            Sink("out", sink)
            DeadLetters(letters)
        }
        let report = try await pipeline.run()
        #expect(report.balanced && report.events.delivered == 49 && report.events.deadLettered == 1)
        #expect(letters.lines.count == 1 && letters.lines[0].contains("\\\\u0000"))
        #expect(try server.column("SELECT count(*) FROM refused") == ["49"])
    }

    @Test func `a server that crashes and comes back gets every event once`() async throws {
        let server = try PostgresServer()
        let sink = PostgresSink(server.target, table: "crashed", timeout: .seconds(10))
        let gate = Channel<Void>(capacity: 1)
        let pipeline = Pipeline("events") {
            Source("in", PositionedSource(self.lines(0..<3_000), gate: gate, at: 1_000))
            Decode.json
            Sink("out", sink).with {
                $0.batchEventsMax = 100
                $0.retry.attemptsMax = 10_000
                $0.retry.backoffInitial = .milliseconds(10)
                $0.retry.backoffMax = .milliseconds(100)
            }
        }
        async let running = pipeline.run()
        while pipeline.progress().events.delivered < 1_000 {
            try Task.checkCancellation()
            await Task.yield()
        }
        try server.stop("immediate")
        gate.finish()
        while pipeline.progress().writing == 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
        try server.start()
        let report = try await running
        #expect(report.balanced && report.events.delivered == 3_000)
        #expect(try server.column("SELECT count(*) FROM crashed") == ["3000"])
    }

    @Test func `a server that answers nothing costs no more than the time limit, and nothing is lost`() async throws {
        let server = try PostgresServer()
        let sink = PostgresSink(server.target, table: "stopped", timeout: .milliseconds(300))
        let gate = Channel<Void>(capacity: 1)
        let letters = CollectingSink()
        let pipeline = Pipeline("events") {
            Source("in", PositionedSource(self.lines(0..<20), gate: gate, at: 10))
            Decode.json
            Sink("out", sink).with {
                $0.retry.attemptsMax = 2
                $0.retry.backoffInitial = .milliseconds(1)
            }
            DeadLetters(letters)
        }
        async let running = pipeline.run()
        while pipeline.progress().events.delivered < 10 {
            try Task.checkCancellation()
            await Task.yield()
        }
        try server.signal("STOP")
        gate.finish()
        let report = try await running
        try server.signal("CONT")
        #expect(report.balanced && report.events.delivered == 10 && report.events.deadLettered == 10)
        #expect(letters.lines.allSatisfy { $0.contains("\"attempts\":2") })
    }

    @Test func `a table that is none for events is refused before the run`() async throws {
        let server = try PostgresServer()
        _ = try server.column("CREATE TABLE other (id text, event jsonb)")
        _ = try server.column("CREATE TABLE loose (id text, received_at timestamptz, event jsonb)")
        for (table, words) in [
            ("other", "has no column received_at"), ("loose", "ON CONFLICT"), ("no.schema", "schema"),
        ] {
            let sink = PostgresSink(server.target, table: table)
            let error = await #expect(throws: PenstockError.self) {
                try await self.pipeline(self.lines(0..<1), sink).run()
            }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        #expect(throws: (any Error).self) { try PostgresSink(server.target, table: "other").check() }
        try PostgresSink(server.target, table: "to_come").check()
        #expect(try server.column("SELECT to_regclass('to_come')") == ["null"])
    }

    @Test func `columns of the user's own are filled by the server`() async throws {
        let server = try PostgresServer()
        _ = try server.column("CREATE SCHEMA s")
        _ = try server.column(
            """
            CREATE TABLE s."Kinds" (id text UNIQUE, received_at timestamptz, event jsonb,
                kind text GENERATED ALWAYS AS (event->>'type') STORED)
            """
        )
        let lines = ["a", "b", "a"].map { "{\"type\":\"\($0)\"}" }
        let report = try await self.pipeline(lines, PostgresSink(server.target, table: "s.Kinds")).run()
        #expect(report.balanced)
        #expect(try server.column("SELECT kind FROM s.\"Kinds\" ORDER BY kind") == ["a", "a", "b"])
    }

    @Test func `a server that is not there is told before the run`() async throws {
        let sink = PostgresSink(PostgresTarget("host=/nowhere dbname=x"), table: "t")
        let error = await #expect(throws: PenstockError.self) {
            try await self.pipeline(self.lines(0..<1), sink).run()
        }
        #expect(error?.message.contains("/nowhere") == true)
    }
}

/// Events whose positions mean the same after a restart, when it has a session; it may wait in the middle.
private final class PositionedSource: EventSource {
    private let lines: [String]
    private let session: UInt64?
    private let gate: Channel<Void>?
    private let place: Int

    init(_ lines: [String], session: UInt64? = nil, gate: Channel<Void>? = nil, at place: Int = 0) {
        (self.lines, self.session, self.gate, self.place) = (lines, session, gate, place)
    }

    func run(_ feed: SourceFeed) async throws {
        for (number, line) in self.lines.enumerated() {
            if let gate = self.gate, number == self.place { _ = try? await gate.receive() }
            try await feed.send(
                SourceBatch(
                    id: UInt64(number),
                    lines: Array(line.utf8),
                    firstPosition: UInt64(number),
                    session: self.session
                )
            )
        }
    }
}
#endif
