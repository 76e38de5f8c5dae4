//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Logging
import Penstock
import PenstockLifecycle
import PenstockTesting
import ServiceLifecycle
import Testing
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A pool in a group of services, and what such groups are known to do to their services.
@Suite(.timeLimit(.minutes(5)))
struct WorkerPoolServiceTests {
    /// What the service has handed on.
    private final class Reports<Job: Sendable>: Sendable {
        private let kept = Locked<[DrainReport<Job, Void>]>([])

        var all: [DrainReport<Job, Void>] { self.kept.withLock { $0 } }

        func add(_ report: DrainReport<Job, Void>) { self.kept.withLock { $0.append(report) } }
    }

    /// Does nothing until it is told to stop.
    private struct Idler: Service {
        func run() async throws { try await gracefulShutdown() }
    }

    private struct Failing: Service {
        struct Failure: Error {}

        let gate: Channel<Void>

        func run() async throws {
            _ = try await self.gate.receive()
            throw Failure()
        }
    }

    private func group(_ services: [any Service], signals: [UnixSignal] = []) -> ServiceGroup {
        ServiceGroup(services: services, gracefulShutdownSignals: signals, logger: LogBook.make().logger)
    }

    @Test func `SIGTERM drains it, and all that was accepted is done`() async throws {
        let begun = Channel<Void>(capacity: 1)
        let pool = WorkerPool<Int, Void>(WorkerPoolConfiguration(workers: 2, capacity: 1_000)) { job in
            if job == 0 { _ = begun.trySend(()) }
        }
        let (reports, (logger, pages)) = (Reports<Int>(), LogBook.make())
        try await pool.submit(contentsOf: 0..<1_000)
        let group = self.group(
            [WorkerPoolService(pool, logger: logger) { reports.add($0) }, Idler()],
            signals: [.sigterm]
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            // The group listens for signals before it starts its services.
            _ = try await begun.receive()
            kill(getpid(), SIGTERM)
            try await tasks.waitForAll()
        }
        let report = try #require(reports.all.first)
        #expect(reports.all.count == 1)
        #expect(report.ledger.isBalanced && report.ledger.done == 1_000 && report.returned.isEmpty)
        await #expect(throws: PenstockError.self) { try await pool.submit(1) }
        let entry = try #require(pages.entries.last)
        #expect(entry.level == .info && entry.metadata["penstock.balanced"] == "true")
    }

    /// swift-service-lifecycle #248: a shutdown that is asked for before the group runs.
    @Test func `shutdown before the group runs loses no job that was submitted by then`() async throws {
        let pool = WorkerPool<Int, Void>(WorkerPoolConfiguration(workers: 2, capacity: 100)) { _ in }
        let reports = Reports<Int>()
        try await pool.submit(contentsOf: 0..<100)
        let group = self.group([WorkerPoolService(pool, onReport: { reports.add($0) })])
        await group.triggerGracefulShutdown()
        try await group.run()
        #expect(reports.all.first?.ledger.done == 100)
    }

    /// swift-service-lifecycle #207: a service that swallows its cancellation leaves a server half alive for ever.
    @Test func `handler that ignores everything holds up no group`() async throws {
        let (gate, begun) = (Channel<Void>(capacity: 1), Channel<Void>(capacity: 1))
        let pool = WorkerPool<Int, Void>(WorkerPoolConfiguration(name: "stubborn", workers: 1, capacity: 10)) { _ in
            _ = begun.trySend(())
            // A task of its own does not hear of the cancellation of this one.
            await Task.detached { _ = try? await gate.receive() }.value
        }
        let (reports, (logger, pages)) = (Reports<Int>(), LogBook.make())
        try await pool.submit(contentsOf: 0..<3)
        let service = WorkerPoolService(
            pool,
            deadline: .milliseconds(20),
            grace: .milliseconds(20),
            logger: logger,
            onReport: { reports.add($0) }
        )
        let group = self.group([service, Idler()])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            _ = try await begun.receive()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        gate.finish()
        let report = try #require(reports.all.first)
        #expect(report.ledger.isBalanced)
        #expect(report.abandoned.map(\.job) == [0] && report.returned.sorted() == [1, 2])
        #expect(pages.entries.last?.level == .warning)
    }

    @Test func `failure of another service hands back what has not begun`() async throws {
        let (begun, fail) = (Channel<Void>(capacity: 1), Channel<Void>(capacity: 1))
        let pool = WorkerPool<Int, Void>(WorkerPoolConfiguration(workers: 1, capacity: 10)) { _ in
            _ = begun.trySend(())
            _ = try await Channel<Void>(capacity: 1).receive()
        }
        let reports = Reports<Int>()
        try await pool.submit(contentsOf: 0..<4)
        let group = self.group([WorkerPoolService(pool, onReport: { reports.add($0) }), Failing(gate: fail)])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await #expect(throws: Failing.Failure.self) { try await group.run() }
            }
            _ = try await begun.receive()
            try await fail.send(())
            try await tasks.waitForAll()
        }
        let report = try #require(reports.all.first)
        #expect(report.ledger.isBalanced)
        #expect(report.returned.sorted() == [1, 2, 3] && report.ledger.returned == 3)
    }

    /// swift-service-lifecycle #177: what takes its time to be cancelled, and then succeeds.
    @Test func `job that ends well after its cancellation is done, and the group ends`() async throws {
        let begun = Channel<Void>(capacity: 1)
        let pool = WorkerPool<Int, Void>(WorkerPoolConfiguration(workers: 1, capacity: 10)) { _ in
            _ = begun.trySend(())
            _ = try? await Channel<Void>(capacity: 1).receive()
        }
        let reports = Reports<Int>()
        try await pool.submit(1)
        let service = WorkerPoolService(pool, deadline: .zero, grace: .seconds(60), onReport: { reports.add($0) })
        let group = self.group([service, Idler()])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            _ = try await begun.receive()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let ledger = try #require(reports.all.first).ledger
        #expect(ledger.isBalanced && ledger.done == 1)
    }

    @Test func `failures are logged with the names of pools`() async throws {
        struct Refusal: Error {}
        let (logger, pages) = LogBook.make()
        var configuration = WorkerPoolConfiguration(name: "orders", workers: 1, capacity: 10)
        configuration.observer = LoggingObserver(logger)
        let pool = WorkerPool<Int, Void>(configuration) { _ in throw Refusal() }
        async let running = pool.run()
        try await pool.submit(1)
        // However long it takes until the pool runs.
        _ = await pool.drain(deadline: .seconds(600))
        #expect(try await running.ledger.failed == 1)
        let failure = try #require(pages.entries.first { $0.level == .debug })
        #expect(failure.metadata["penstock.pool"] == "orders" && failure.metadata["penstock.error"] == "Refusal()")
        #expect(pages.entries.last?.level == .info)
    }
}
