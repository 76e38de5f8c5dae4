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

/// Pools that are paused. How they go on is in `OverloadTests`.
@Suite(.timeLimit(.minutes(5)))
struct PoolPauseTests {
    @Test func `a paused pool accepts up to its capacity, runs nothing more and loses nothing`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let begun = Notes<Int>()
            var configuration = WorkerPoolConfiguration(workers: 2, capacity: 3)
            configuration.batchMax = 1
            let pool = WorkerPool(configuration) { (job: Int) async in
                begun.add(job)
                if job < 2 { await gate.wait() }
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<2)
            await eventually { gate.arrivals == 2 }
            pool.pause()
            #expect(pool.isPaused && pool.snapshot().isPaused)
            for job in 2..<5 { #expect(pool.trySubmit(job).isAccepted) }
            #expect(pool.trySubmit(5).rejection == .full)
            let producer = Task { try await pool.submit(6) }
            await eventually { pool.ledger.waiting == 1 }
            // What runs ends, and nothing else begins.
            gate.open()
            await eventually { pool.ledger.done == 2 && pool.snapshot().idleWorkers == 2 }
            for _ in 0..<100 { await Task.yield() }
            let ledger = pool.ledger
            #expect(ledger.inFlight == 0 && ledger.queued == 3 && ledger.waiting == 1 && ledger.isBalanced, "\(ledger)")
            #expect(begun.count == 2)
            pool.resume()
            try await producer.value
            #expect(!pool.isPaused)
            let report = await pool.drain()
            #expect(begun.all.sorted() == [0, 1, 2, 3, 4, 6], "\(report)")
            #expect(report.ledger.done == 6 && report.ledger.rejected == 1 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test(arguments: [Duration.zero, .seconds(100)])
    func `a drain of a paused pool runs its jobs until the deadline, and returns the others`(
        deadline: Duration
    ) async throws {
        try await withWatchdog {
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 2, capacity: 10)) { (_: Int) in }
            async let run = pool.run()
            await eventually { pool.snapshot().idleWorkers == 2 }
            pool.pause()
            try await pool.submit(contentsOf: 0..<10)
            let report = await pool.drain(deadline: deadline)
            #expect(report.ledger.done + report.returned.count == 10 && report.ledger.isBalanced, "\(report)")
            #expect(deadline == .zero || report.returned.isEmpty, "\(report)")
            _ = try await run
        }
    }
}
