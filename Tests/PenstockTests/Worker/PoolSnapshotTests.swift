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

/// What a pool tells of itself, alone and beside another on the same threads.
@Suite(.timeLimit(.minutes(5)))
struct PoolSnapshotTests {
    @Test func `a new pool has counted nothing`() {
        let pool = WorkerPool(WorkerPoolConfiguration(workers: 3, capacity: 5)) { (_: Int) in }
        let snapshot = pool.snapshot()
        #expect(pool.ledger == Ledger() && snapshot.ledger == Ledger())
        #expect(snapshot.depth == 0 && snapshot.utilization == 0 && snapshot.capacity == 5)
        #expect(snapshot.workers == 3 && snapshot.idleWorkers == 0 && snapshot.threads == 0)
        #expect(snapshot.oldestAge == .zero && snapshot.steals == 0 && snapshot.retries == 0)
        #expect(!snapshot.isPaused && snapshot.stuckJobs.isEmpty)
        #expect(snapshot.waitTimes == LatencyHistogram() && snapshot.runTimes == LatencyHistogram())
    }

    @Test func `a queue whose bytes are at their limit is full, however few its jobs are`() async throws {
        var configuration = WorkerPoolConfiguration(workers: 1, capacity: 100)
        configuration.bytesMax = 1000
        let pool = WorkerPool(configuration, size: { JobSize(bytes: $0) }) { (_: Int) in }
        for (bytes, share) in [(400, 0.4), (100, 0.5), (500, 1.0)] {
            #expect(pool.trySubmit(bytes).rejection == nil)
            #expect(pool.snapshot().utilization == share)
        }
        #expect(pool.trySubmit(1).rejection != nil && pool.snapshot().depth == 3)
        _ = await pool.drain(deadline: .zero)
    }

    @Test func `a snapshot tells what runs and what waits`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            var configuration = WorkerPoolConfiguration(workers: 10, capacity: 20)
            configuration.batchMax = 1
            let pool = WorkerPool(configuration) { (_: Int) async in await gate.wait() }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<20)
            await eventually { gate.arrivals == 10 }
            let busy = pool.snapshot()
            #expect(busy.ledger.inFlight == 10 && busy.ledger.queued == 10 && busy.ledger.isBalanced, "\(busy.ledger)")
            #expect(busy.depth == 10 && busy.utilization == 0.5 && busy.idleWorkers == 0)
            #expect(busy.oldestAge > .zero)
            gate.open()
            await eventually { pool.snapshot().idleWorkers == 10 }
            let idle = pool.snapshot()
            #expect(idle.ledger.done == 20 && idle.ledger.inFlight == 0 && idle.depth == 0, "\(idle.ledger)")
            #expect(idle.oldestAge == .zero)
            _ = await pool.drain()
            _ = try await run
        }
    }

    @Test func `a pool on another's executor keeps its own bound and ledger, and ends alone`() async throws {
        try await withWatchdog {
            let (gate, narrowGate) = (TaskGate(), TaskGate())
            var configuration = WorkerPoolConfiguration(name: "wide", workers: 4, capacity: 10)
            configuration.batchMax = 1
            let wide = WorkerPool(configuration) { (_: Int) async in await gate.wait() }
            configuration.name = "narrow"
            configuration.workers = 2
            configuration.executor = wide.executor
            let narrow = WorkerPool(configuration) { (_: Int) async in await narrowGate.wait() }
            async let wideRun = wide.run()
            async let narrowRun = narrow.run()
            try await wide.submit(contentsOf: 0..<10)
            try await narrow.submit(contentsOf: 0..<10)
            await eventually { gate.arrivals == 4 && narrowGate.arrivals == 2 }
            for _ in 0..<100 { await Task.yield() }
            #expect(wide.ledger.inFlight == 4 && narrow.ledger.inFlight == 2)
            #expect(narrow.snapshot().threads == 0)
            narrowGate.open()
            let report = await narrow.drain()
            #expect(report.ledger.done == 10 && report.ledger.isBalanced, "\(report)")
            #expect(narrow.trySubmit(1).rejection == .closed)
            // The other one goes on, and has counted its own jobs only.
            #expect(wide.ledger.inFlight == 4 && wide.ledger.accepted == 10 && wide.ledger.done == 0)
            try await wide.submit(10)
            gate.open()
            #expect(await wide.drain().ledger.done == 11)
            _ = try await (wideRun, narrowRun)
        }
    }
}
