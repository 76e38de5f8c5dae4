//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting

/// Jobs that give jobs to their own pool, 64 deep on a full queue of 2, directly, from a child task or by way of another
/// pool: whatever the pool does about them, all of it ends, and each refusal and each inline run is counted.
struct NestingScenario: Sendable {
    private struct Job: Sendable {
        /// How many more jobs deep it goes.
        var depth: Int
    }

    private struct Counts {
        var accepted = 0
        var refused = 0
        var full = 0
        var closed = 0
        var begun = 0

        mutating func count(_ attempt: SubmitAttempt) {
            switch attempt.rejection {
            case nil: self.accepted += 1
            case PenstockError.Code.closed?: self.closed += 1
            case _?: self.full += 1
            }
        }
    }

    /// What the pools' handlers need, and what the pools need to be made.
    private final class Pools: Sendable {
        let pool = Locked<WorkerPool<Job, Int>?>(nil)
        let other = Locked<WorkerPool<Job, Int>?>(nil)
    }

    private static let deepest = 64

    private let simulation: Simulation
    private let counts = Locked(Counts())
    private let pools = Pools()
    private let pool: WorkerPool<Job, Int>
    private let other: WorkerPool<Job, Int>
    private let runsInline: Bool

    init(simulation: Simulation) {
        self.simulation = simulation
        self.runsInline = simulation.oneIn(2)
        var configuration = simulation.configuration(workers: 2, capacity: 2)
        configuration.nestedSubmission = self.runsInline ? .runInline : .refuse
        configuration.batchMax = [1, 64][simulation.random(in: 0...1)]
        let (counts, pools) = (self.counts, self.pools)
        self.pool = WorkerPool(configuration) { (job: Job) async throws -> Int in
            try await Self.run(job, simulation, counts, pools)
        }
        self.other = WorkerPool(configuration) { (job: Job) async throws -> Int in
            // Its workers are not those of the first pool, which would not recognise them: they must not wait for it.
            guard let pool = pools.pool.withLock({ $0 }) else { return 0 }
            let attempt = pool.trySubmit(job)
            counts.withLock { $0.count(attempt) }
            return 0
        }
        simulation.watch(self.pool)
        simulation.watch(self.other)
    }

    func run() async throws {
        self.pools.pool.withLock { $0 = self.pool }
        self.pools.other.withLock { $0 = self.other }
        defer {
            self.pools.pool.withLock { $0 = nil }
            self.pools.other.withLock { $0 = nil }
        }
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await self.pool.run() }
            group.addTask { _ = try await self.other.run() }
            await withTaskGroup(of: Void.self) { producers in
                for _ in 0..<self.simulation.random(in: 1...3) {
                    producers.addTask { await self.produce() }
                }
            }
            // All of it ends by itself; or else the drain has all the time it needs.
            if self.simulation.oneIn(2) { await self.settle() }
            let report = await self.pool.drain()
            _ = await self.other.drain()
            try await group.waitForAll()
            return report
        }
        self.judge(report)
    }

    // MARK: - Private

    private func produce() async {
        for _ in 0..<self.simulation.random(in: 1...3) {
            let depth = self.simulation.oneIn(4) ? Self.deepest : self.simulation.random(in: 0...6)
            do {
                try await self.pool.submit(Job(depth: depth))
                self.counts.withLock { $0.accepted += 1 }
            } catch {
                self.simulation.expect(false, "a producer that is no job was refused: \(error)")
            }
        }
    }

    /// Runs a job: it offers the next one, and waits until that is accepted, or for its output.
    private static func run(
        _ job: Job,
        _ simulation: Simulation,
        _ counts: Locked<Counts>,
        _ pools: Pools
    ) async throws -> Int {
        counts.withLock { $0.begun += 1 }
        if simulation.oneIn(3) { await simulation.pause() }
        guard job.depth > 0, let pool = pools.pool.withLock({ $0 }) else { return 0 }
        let next = Job(depth: job.depth - 1)
        if simulation.oneIn(8), let other = pools.other.withLock({ $0 }) {
            // The other pool's job gives one to this pool, and this job waits for that one.
            _ = try? await other.call(next)
            return 0
        }
        if simulation.oneIn(3) {
            async let offered = Self.offer(next, to: pool, simulation, counts)
            return try await offered
        }
        return try await Self.offer(next, to: pool, simulation, counts)
    }

    private static func offer(
        _ job: Job,
        to pool: WorkerPool<Job, Int>,
        _ simulation: Simulation,
        _ counts: Locked<Counts>
    ) async throws -> Int {
        do {
            switch simulation.random(in: 0...4) {
            case 0: try await pool.submit(job)
            case 1: _ = try await pool.call(job)
            case 2: try await pool.submit(contentsOf: [job])
            case 3:
                var sender = pool.sender()
                try await sender.send(job)
            default:
                let attempt = pool.trySubmit(job)
                counts.withLock { $0.count(attempt) }
                return 0
            }
            counts.withLock { $0.accepted += 1 }
        } catch let error as PenstockError where error.code == .nestedSubmission {
            counts.withLock { $0.refused += 1 }
        } catch let error as PenstockError where error.code == .closed {
            // It came from a job that ran when the pool began to drain.
            counts.withLock { $0.closed += 1 }
        }
        return 0
    }

    private func settle() async {
        while true {
            let ledgers = [self.pool.ledger, self.other.ledger]
            if ledgers.allSatisfy({ $0.queued + $0.inFlight + $0.waiting == 0 }) { return }
            await self.simulation.pause()
        }
    }

    private func judge(_ report: DrainReport<Job, Int>) {
        let (counts, ledger) = (self.counts.withLock { $0 }, report.ledger)
        let expect = self.simulation.expect
        expect(ledger.isBalanced && ledger.returned + ledger.abandoned == 0, "it did not end by itself: \(ledger)")
        expect(ledger.rejections.nested == counts.refused, "\(counts.refused) were refused: \(ledger.rejections)")
        expect(ledger.accepted == counts.accepted, "\(counts.accepted) were accepted: \(ledger)")
        expect(ledger.done == counts.begun && ledger.done == ledger.accepted, "\(counts.begun) ran: \(ledger)")
        let rejections = ledger.rejections
        let isRight = rejections.full == counts.full && rejections.closed == counts.closed
        expect(isRight, "\(counts.full) found the queue full, \(counts.closed) closed: \(rejections)")
        expect(!self.runsInline || counts.refused == 0, "\(counts.refused) were refused by a pool that runs them")
    }
}
