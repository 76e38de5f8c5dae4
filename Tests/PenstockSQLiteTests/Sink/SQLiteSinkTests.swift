//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import GRDB
import Penstock
import PenstockEvents
import PenstockTesting
import Testing

@testable import PenstockSQLite

/// A table of a SQLite database as a sink.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteSinkTests {
    private let folder = TemporaryFolder()

    private var path: String { self.folder["out.db"] }

    private func events(_ path: String) throws -> [String] {
        let database = try DatabaseQueue(path: path)
        defer { try? database.close() }
        return try database.read { try String.fetchAll($0, sql: "SELECT event FROM events ORDER BY rowid") }
    }

    private func run(_ lines: [String], _ sink: any EventSink, letters: CollectingSink) async throws -> PipelineReport {
        try await Pipeline("test") {
            Source("in", CountedSource(lines))
            Decode.lines
            Sink("out", sink)
            DeadLetters(letters)
        }.run()
    }

    @Test func holdsToWhatAPipelineReliesOn() async throws {
        let number = Locked(0)
        let paths = Locked<[ObjectIdentifier: String]>([:])
        try await SinkConformance { [folder = self.folder] in
            let count = number.withLock { number in
                number += 1
                return number
            }
            let path = folder["\(count).db"]
            let sink = SQLiteWriter(path: path, table: "events")
            paths.withLock { $0[ObjectIdentifier(sink)] = path }
            return sink
        } contents: { sink in
            guard let writer = sink as? SQLiteWriter else { return [] }
            return try self.events(paths.withLock { $0[ObjectIdentifier(writer)] } ?? "")
        }.run()
    }

    @Test func whatComesAgainIsThereOnce() async throws {
        let store = MemoryEventStore()
        let lines = (0..<300).map { "{\"n\":\($0)}" }
        for isLast in [false, true] {
            // The first run has its events written, and does not hear of it.
            let writer = SQLiteWriter(path: self.path, table: "events")
            let deaf = DeafSink(writer)
            let source = CountedSource(isLast ? [] : lines, ending: isLast ? .end : .stall)
            let pipeline = Pipeline("test") {
                Source("in", source)
                StoredQueue(in: store)
                Sink("out", isLast ? writer : deaf as any EventSink)
            }
            async let running = pipeline.run()
            if !isLast {
                while deaf.writtenCount < 300 { await Task.yield() }
                pipeline.drain(deadline: .zero)
            }
            let report = try await running
            #expect(report.balanced)
            #expect(report.events.stored == (isLast ? 0 : 300))
        }
        let found = try self.events(self.path)
        #expect(found.sorted() == lines.sorted())
    }

    @Test func columnsSayWhereAndWhenAnEventCameFrom() async throws {
        _ = try await self.run(
            ["a", "b"],
            SQLiteWriter(path: self.path, table: "events"),
            letters: CollectingSink()
        )
        let database = try DatabaseQueue(path: self.path)
        defer { try? database.close() }
        let rows = try database.read { try Row.fetchAll($0, sql: "SELECT * FROM events ORDER BY id") }
        let ids: [String] = rows.map { $0["id"] }
        #expect(ids.allSatisfy { $0.wholeMatch(of: /in-[0-9a-f]{16}-00000000000[12]/) != nil })
        let times: [String] = rows.map { $0["received_at"] }
        #expect(times.allSatisfy { $0.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil })
        #expect(rows.map { $0["event"] as String } == ["a", "b"])
    }

    @Test func tableOfAnotherShapeIsRefused() async throws {
        let database = try DatabaseQueue(path: self.path)
        try await database.write { try $0.execute(sql: "CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT)") }
        try database.close()
        let sink = SQLiteWriter(path: self.path, table: "events")
        let wanted =
            "the table \"events\" has the columns id, name, and not id (the primary key), received_at and event"
        let check = #expect(throws: DatabaseProblem.self, performing: { try sink.check() })
        #expect(check?.description == wanted)
        let open = await #expect(throws: DatabaseProblem.self) { try await sink.open() }
        #expect(open?.description == wanted)
        try SQLiteWriter(path: self.path, table: "others").check()
    }

    /// What was acknowledged would be in memory only.
    @Test(arguments: [":memory:", "file::memory:", "file:out.db?mode=memory", ":", ""])
    func whatIsNoFileIsRefused(_ path: String) async throws {
        let queued = Pipeline("test") {
            Source("in", CountedSource(["{}"]))
            DurableQueue(path)
            Sink("out", CollectingSink())
        }
        let written = Pipeline("test") {
            Source("in", CountedSource(["{}"]))
            SQLiteSink(path)
        }
        for pipeline in [queued, written] {
            #expect(pipeline.check().map(\.code) == [.invalidConfiguration])
            let error = await #expect(throws: PenstockError.self) { try await pipeline.run() }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("SQLite") == true)
        }
    }

    @Test func checkChangesNothing() throws {
        try SQLiteWriter(path: self.path, table: "events").check()
        #expect(self.folder.names.isEmpty)
    }

    @Test func eventThatTheTableDoesNotTakeIsRefusedAlone() async throws {
        let sink = SQLiteWriter(path: self.path, table: "events")
        try await sink.open()
        try await sink.close()
        let database = try DatabaseQueue(path: self.path)
        try await database.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER no_b BEFORE INSERT ON events WHEN new.event = 'b'
                    BEGIN SELECT raise(ABORT, 'no b here'); END
                    """
            )
        }
        try database.close()
        let letters = CollectingSink()
        let report = try await self.run(["a", "b", "c"], sink, letters: letters)
        #expect(report.balanced)
        #expect(report.events.delivered == 2)
        #expect(report.events.deadLettered == 1)
        #expect(letters.lines.first?.contains("no b here") == true)
        // Each worker writes in its own time.
        let events = try self.events(self.path)
        #expect(events.sorted() == ["a", "c"])
    }

    @Test func databaseThatOthersLockIsTriedAgain() async throws {
        let sink = SQLiteWriter(path: self.path, table: "events")
        let locking = LockingSink(sink, path: self.path)
        let report = try await self.run(["a", "b", "c"], locking, letters: CollectingSink())
        #expect(report.balanced)
        #expect(report.events.delivered == 3)
        #expect(locking.wasRetried)
    }
}

/// Writes, and says that it could not.
private final class DeafSink: EventSink {
    private let sink: SQLiteWriter
    private let written = Locked(0)

    init(_ sink: SQLiteWriter) {
        self.sink = sink
    }

    var writtenCount: Int { self.written.withLock { $0 } }

    func open() async throws { try await self.sink.open() }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        _ = try await self.sink.write(batch)
        if batch.attempt == 1 { self.written.withLock { $0 += batch.events.count } }
        return .retry("nobody has heard")
    }

    func close() async throws { try await self.sink.close() }
}

/// Locks the database for the first attempt of the first batch.
private final class LockingSink: EventSink {
    private let sink: SQLiteWriter
    private let path: String
    private let state = Locked((isFirst: true, wasRetried: false))

    init(_ sink: SQLiteWriter, path: String) {
        self.sink = sink
        self.path = path
    }

    var wasRetried: Bool { self.state.withLock { $0.wasRetried } }

    func open() async throws { try await self.sink.open() }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let isFirst = self.state.withLock { state in
            defer { state.isFirst = false }
            return state.isFirst
        }
        guard isFirst else { return try await self.sink.write(batch) }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: self.path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let answer = try await self.sink.write(batch)
        try other.close()
        self.state.withLock { $0.wasRetried = answer != .delivered }
        return answer
    }

    func close() async throws { try await self.sink.close() }
}
#endif
