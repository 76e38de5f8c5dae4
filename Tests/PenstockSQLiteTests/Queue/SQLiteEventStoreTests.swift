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

/// The store of a durable queue in a SQLite database.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteEventStoreTests {
    private let folder = TemporaryFolder()

    private var path: String { self.folder["queue.db"] }

    private func batch(_ number: Int64, _ text: String = "{\"n\":1}\n{\"n\":2}") -> StoredBatch {
        StoredBatch(number: number, source: "in", session: 7, firstPosition: 3, receivedAt: 9, lines: Array(text.utf8))
    }

    private func problem(of store: SQLiteEventStore) async -> (check: String?, open: String?) {
        var check: String?
        var open: String?
        do { try store.check() } catch { check = "\(error)" }
        do {
            _ = try await store.open()
            try await store.close()
        } catch {
            open = "\(error)"
        }
        return (check, open)
    }

    @Test(arguments: SQLiteEventStore.Synchronous.allCases)
    func holdsToWhatAPipelineReliesOn(_ synchronous: SQLiteEventStore.Synchronous) async throws {
        try await EventStoreConformance { [path = self.path] in
            SQLiteEventStore(path: path, synchronous: synchronous)
        }.run()
    }

    @Test func whatWasWrittenOutlivesTheProcess() async throws {
        let store = SQLiteEventStore(path: self.path)
        _ = try await store.open()
        for number in 1...50 { try await store.commit(adding: [self.batch(Int64(number))], removing: []) }
        try await store.commit(adding: [], removing: Array(1...20))
        self.folder.copyAsAfterACrash("queue.db", to: "crashed.db")
        let next = SQLiteEventStore(path: self.folder["crashed.db"])
        try next.check()
        let contents = try await next.open()
        #expect(contents.batches == 30)
        #expect(contents.events == 60)
        #expect(contents.lastNumber == 50)
        let read = try await next.read(after: 0, bytesMax: .max)
        #expect(read.map(\.number) == Array(21...50))
        #expect(read.filter(\.isIntact).count == 30)
        try await next.close()
        try await store.close()
    }

    @Test func aRowThatTheDiskHasChangedIsNotIntact() async throws {
        let store = SQLiteEventStore(path: self.path)
        _ = try await store.open()
        try await store.commit(adding: [self.batch(1, "first event"), self.batch(2, "second event")], removing: [])
        try await store.close()
        var bytes = self.folder.read("queue.db")
        let text = Array("second event".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: text) })
        bytes[place] ^= 1
        self.folder.write(bytes, to: "queue.db")
        _ = try await store.open()
        let read = try await store.read(after: 0, bytesMax: .max)
        #expect(read.map(\.isIntact) == [true, false])
        try await store.close()
    }

    @Test func refusesWhatIsNoQueue() async throws {
        self.folder.write(
            Array("this is no database, and longer than the header of one would be: ".utf8)
                + Array(repeating: 65, count: 100),
            to: "text.db"
        )
        let text = await self.problem(of: SQLiteEventStore(path: self.folder["text.db"]))
        #expect(text.check == "the file is no SQLite database")
        #expect(text.open == text.check)

        let other = try DatabaseQueue(path: self.folder["other.db"])
        try await other.write { try $0.execute(sql: "CREATE TABLE batches (a)") }
        try other.close()
        let before = self.folder.read("other.db")
        let foreign = await self.problem(of: SQLiteEventStore(path: self.folder["other.db"]))
        #expect(foreign.check == "it is a database of something else")
        #expect(foreign.open == foreign.check)
        #expect(self.folder.read("other.db") == before, "What is refused is not changed.")

        let store = SQLiteEventStore(path: self.path)
        _ = try await store.open()
        try await store.close()
        let queue = try DatabaseQueue(path: self.path)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 9") }
        try queue.close()
        let later = await self.problem(of: SQLiteEventStore(path: self.path))
        #expect(later.check == "it is a queue of version 9, and this penstock knows version 1" || later.check == nil)
        #expect(later.open == "it is a queue of version 9, and this penstock knows version 1")

        let folder = await self.problem(of: SQLiteEventStore(path: self.folder.path))
        #expect(folder.check == "it is no regular file")
        let missing = await self.problem(of: SQLiteEventStore(path: self.folder["nowhere/queue.db"]))
        #expect(missing.check == "No such file or directory")
        #expect(missing.open == missing.check)
    }

    /// SQLite writes the first page before the first transaction.
    @Test func fileOfAProcessThatWasKilledAtTheVeryBeginningIsNoOther() async throws {
        let other = try DatabaseQueue(path: self.path)
        try await other.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        try other.close()
        let queue = await self.problem(of: SQLiteEventStore(path: self.path))
        #expect(queue.check == nil && queue.open == nil)
    }

    @Test func checkChangesNothing() throws {
        try SQLiteEventStore(path: self.path).check()
        #expect(self.folder.names.isEmpty)
    }

    @Test func belongsToOnePipelineAtATime() async throws {
        let store = SQLiteEventStore(path: self.path)
        _ = try await store.open()
        let second = await self.problem(of: SQLiteEventStore(path: self.path))
        #expect(second.check == "another running penstock uses it")
        #expect(second.open == second.check)
        try await store.commit(adding: [self.batch(1)], removing: [])
        try await store.close()
        let third = await self.problem(of: SQLiteEventStore(path: self.path))
        #expect(third.check == nil && third.open == nil)
    }

    @Test func anotherProgramThatHasItLockedIsNamed() async throws {
        let store = SQLiteEventStore(path: self.path)
        _ = try await store.open()
        try await store.close()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: self.path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        let locked = await self.problem(of: SQLiteEventStore(path: self.path))
        #expect(locked.open == "another program has locked it")
        try other.close()
    }

    @Test func numbersBecomeRanges() {
        #expect(BatchTable.ranges(of: [5, 1, 2, 9, 3, 5]) == [1...3, 5...5, 9...9])
        #expect(BatchTable.ranges(of: []).isEmpty)
    }

    @Test func pipelineOfTheLibraryRuns() async throws {
        let lines = (0..<5000).map { "{\"n\":\($0)}" }
        let report = try await Pipeline("test") {
            Source("in", CountedSource(lines))
            DurableQueue(self.path)
            Decode.json
            Filter("n >= 1000")
            SQLiteSink(self.folder["out.db"], table: "rows")
        }.run()
        #expect(report.balanced)
        #expect(report.events.delivered == 4000)
        #expect(report.events.filtered == 1000)
        let out = try DatabaseQueue(path: self.folder["out.db"])
        let events = try await out.read { try String.fetchAll($0, sql: "SELECT event FROM rows ORDER BY id") }
        #expect(events == Array(lines[1000...]))
        try out.close()
        #expect(!self.folder.names.contains("queue.db-wal"), "The log is gone after a clean end.")
    }
}
#endif
