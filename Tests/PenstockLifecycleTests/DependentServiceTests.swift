//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockLifecycle
import PenstockTesting
import ServiceLifecycle
import Testing

/// swift-service-lifecycle #232: a database that is shut down before the worker that notes in it what it has done.
@Suite(.timeLimit(.minutes(5)))
struct DependentServiceTests {
    /// What has happened, in order.
    private final class Diary: Sendable {
        private let kept = Locked<[String]>([])

        var all: [String] { self.kept.withLock { $0 } }

        func note(_ entry: String) { self.kept.withLock { $0.append(entry) } }
    }

    /// Closes when it is told to stop, or cancelled; or fails when `fail` says so.
    private struct Database: Service {
        struct Failure: Error {}

        let diary: Diary
        let opened: Channel<Void>
        var fail: Channel<Void>?

        func run() async throws {
            _ = self.opened.trySend(())
            if let fail = self.fail {
                _ = try await fail.receive()
                throw Failure()
            }
            try? await gracefulShutdown()
            self.diary.note("closed")
        }
    }

    private struct Failing: Service {
        struct Failure: Error {}

        let gate: Channel<Void>

        func run() async throws {
            _ = try await self.gate.receive()
            throw Failure()
        }
    }

    /// A job that ends well a while after it was told to stop, and notes so.
    private static func pool(_ diary: Diary, begun: Channel<Void>, end: Channel<Void>) -> WorkerPool<Int, Void> {
        var configuration = WorkerPoolConfiguration(workers: 1, capacity: 10)
        configuration.drainGrace = .seconds(60)
        return WorkerPool(configuration) { job in
            _ = begun.trySend(())
            // A task of its own does not hear of the cancellation of this one.
            await Task.detached { _ = try? await end.receive() }.value
            diary.note("job \(job)")
        }
    }

    /// A pool has heard of its shutdown once it takes no more jobs.
    private static func untilClosed(_ pool: WorkerPool<Int, Void>) async {
        while pool.trySubmit(3).rejection != .closed { await Task.yield() }
    }

    private func group(_ services: [any Service]) -> ServiceGroup {
        ServiceGroup(services: services, logger: LogBook.make().logger)
    }

    @Test func `graceful shutdown closes the database behind the last job`() async throws {
        let (diary, opened) = (Diary(), Channel<Void>(capacity: 1))
        let (begun, end) = (Channel<Void>(capacity: 1), Channel<Void>(capacity: 10))
        let pool = Self.pool(diary, begun: begun, end: end)
        try await pool.submit(contentsOf: 0..<3)
        let needs = self.group([Database(diary: diary, opened: opened)])
        let group = self.group([DependentService(WorkerPoolService(pool), on: needs)])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            _ = try await opened.receive()
            _ = try await begun.receive()
            await group.triggerGracefulShutdown()
            for _ in 0..<3 { try await end.send(()) }
            try await tasks.waitForAll()
        }
        #expect(diary.all == ["job 0", "job 1", "job 2", "closed"])
    }

    @Test(arguments: [false, true]) func `cancellation closes it behind the job that has its grace`(
        fails: Bool
    ) async throws {
        let (diary, opened, fail) = (Diary(), Channel<Void>(capacity: 1), Channel<Void>(capacity: 1))
        let (begun, end) = (Channel<Void>(capacity: 1), Channel<Void>(capacity: 1))
        let pool = Self.pool(diary, begun: begun, end: end)
        try await pool.submit(contentsOf: 0..<3)
        let service = WorkerPoolService(pool) { report in
            diary.note("returned")
            #expect(report.ledger.isBalanced && report.ledger.done == 1)
            #expect(report.returned.starts(with: [1, 2]))
        }
        let needs = self.group([Database(diary: diary, opened: opened)])
        let group = self.group([DependentService(service, on: needs), Failing(gate: fail)])
        let running = Task { try await group.run() }
        _ = try await opened.receive()
        _ = try await begun.receive()
        if fails { try await fail.send(()) } else { running.cancel() }
        await Self.untilClosed(pool)
        #expect(!diary.all.contains("closed"))
        try await end.send(())
        let result = await running.result
        if fails { #expect(throws: Failing.Failure.self) { try result.get() } }
        #expect(diary.all == ["job 0", "returned", "closed"])
    }

    @Test func `service is cancelled when what it needs has failed`() async throws {
        let (diary, opened, fail) = (Diary(), Channel<Void>(capacity: 1), Channel<Void>(capacity: 1))
        let (begun, end) = (Channel<Void>(capacity: 1), Channel<Void>(capacity: 1))
        let pool = Self.pool(diary, begun: begun, end: end)
        try await pool.submit(contentsOf: 0..<3)
        let service = WorkerPoolService(pool) { report in
            diary.note("returned")
            #expect(report.ledger.isBalanced && report.returned.starts(with: [1, 2]))
        }
        let needs = self.group([Database(diary: diary, opened: opened, fail: fail)])
        let dependent = DependentService(service, on: needs)
        let running = Task { try await dependent.run() }
        _ = try await begun.receive()
        try await fail.send(())
        await Self.untilClosed(pool)
        try await end.send(())
        await #expect(throws: Database.Failure.self) { try await running.value }
        #expect(diary.all == ["job 0", "returned"])
    }

    @Test func `service that ends at once shuts down what it needs`() async throws {
        struct Brief: Service {
            func run() async throws {}
        }

        let (diary, opened) = (Diary(), Channel<Void>(capacity: 1))
        try await DependentService(Brief(), on: self.group([Database(diary: diary, opened: opened)])).run()
        #expect(diary.all == ["closed"])
    }
}
