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
import Testing

/// P11: a job that gives jobs to its own pool cannot bring it to a standstill.
@Suite(.timeLimit(.minutes(5)))
struct NestingTests {
    /// How a job offers the next one.
    enum Way: CaseIterable {
        case submit, call, bulk, sender
    }

    /// What the handler needs to reach its own pool.
    private final class Descent: Sendable {
        let pool = Locked<WorkerPool<Int, Int>?>(nil)
        let refused = Notes<Int>()
        /// Where the two descents begin, and where they have ended.
        let (top, bottom) = (TaskGate(), TaskGate())
        let way: Way

        init(_ way: Way) { self.way = way }

        /// Offers jobs ever deeper: from the job that the pool runs in place, or from a child task if it refuses to.
        @Sendable
        func run(_ job: Int) async throws -> Int {
            if job == 64 { await self.top.wait() }
            _ = try await self.descend(job)
            if job == 64 { await self.bottom.wait() }
            return job
        }

        private func descend(_ job: Int) async throws -> Int {
            guard job > 0, let pool = self.pool.withLock({ $0 }) else { return 0 }
            do {
                switch self.way {
                case .submit: try await pool.submit(job - 1)
                case .call: _ = try await pool.call(job - 1)
                case .bulk: try await pool.submit(contentsOf: [job - 1])
                case .sender:
                    var sender = pool.sender()
                    try await sender.send(job - 1)
                }
            } catch let error as PenstockError where error.code == .nestedSubmission {
                self.refused.add(job)
                async let deeper = self.descend(job - 1)
                return try await deeper
            }
            return 0
        }
    }

    @Test(arguments: Way.allCases, [NestedSubmission.refuse, .runInline])
    func `64 deep on a full pool of 2 ends, with each refusal or inline run counted`(
        way: Way,
        nested: NestedSubmission
    ) async throws {
        try await withWatchdog {
            let descent = Descent(way)
            var configuration = WorkerPoolConfiguration(workers: 2, capacity: 2)
            configuration.nestedSubmission = nested
            configuration.batchMax = 1
            let pool = WorkerPool<Int, Int>(configuration, handler: descent.run)
            descent.pool.withLock { $0 = pool }
            defer { descent.pool.withLock { $0 = nil } }
            async let run = pool.run()
            for _ in 0..<2 { try await pool.submit(64) }
            await eventually { descent.top.arrivals == 2 }
            // Both workers are at work, both places are taken, and stay so until the descents have ended.
            for _ in 0..<2 { try await pool.submit(0) }
            descent.top.open()
            await eventually { descent.bottom.arrivals == 2 }
            descent.bottom.open()
            await eventually { pool.ledger.queued + pool.ledger.inFlight == 0 }
            let report = await pool.drain()
            let ledger = report.ledger
            #expect(ledger.isBalanced && ledger.returned + ledger.abandoned == 0, "\(report)")
            #expect(descent.refused.count == (nested == .refuse ? 128 : 0))
            #expect(ledger.rejections.nested == descent.refused.count && ledger.rejected == descent.refused.count)
            #expect(ledger.done == (nested == .refuse ? 4 : 132) && ledger.done == ledger.accepted)
            _ = try await run
        }
    }

    @Test func `a job that resizes another pool does not make that pool's jobs its own`() async throws {
        try await withWatchdog {
            let (gate, refused) = (TaskGate(), Notes<Int>())
            let second = Locked<WorkerPool<Int, Void>?>(nil)
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
            configuration.batchMax = 1
            let first = WorkerPool<Int, Void>(configuration) { (job: Int) async in
                if job == 0 { second.withLock { $0 }?.resize(workers: 3) }
                if job == 1 { await gate.wait() }
            }
            let other = WorkerPool<Int, Void>(WorkerPoolConfiguration(workers: 1, capacity: 10)) { (job: Int) async in
                do { try await first.submit(job) } catch { refused.add(job) }
            }
            second.withLock { $0 = other }
            defer { second.withLock { $0 = nil } }
            async let firstRun = first.run()
            async let otherRun = other.run()
            try await first.submit(0)
            await eventually { other.snapshot().idleWorkers == 3 }
            try await first.submit(1)
            await eventually { gate.arrivals == 1 }
            try await first.submit(2)
            // The first pool is full: the workers that its job has started wait for a place like anybody.
            for job in 3..<6 { try await other.submit(job) }
            await eventually { first.ledger.waiting + refused.count == 3 }
            #expect(refused.all == [])
            gate.open()
            await eventually { first.ledger.done + refused.count == 6 }
            _ = await (first.drain(), other.drain())
            _ = try await (firstRun, otherRun)
        }
    }
}
