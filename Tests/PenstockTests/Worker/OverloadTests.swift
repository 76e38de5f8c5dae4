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

/// Full queues, retries, rates, shedding, stuck jobs, pauses and resizes, in real pools.
@Suite(.timeLimit(.minutes(5)))
struct OverloadTests {
    private func blockedPool(
        _ overflow: OverflowPolicy,
        _ dropped: Notes<Int>,
        gate: TaskGate,
        ran: Notes<Int>
    ) -> WorkerPool<Int, Void> {
        var configuration = WorkerPoolConfiguration(workers: 1, capacity: 2)
        configuration.overflow = overflow
        configuration.batchMax = 1
        return WorkerPool(configuration, onDrop: { job, _ in dropped.add(job) }) { (job: Int) async in
            ran.add(job)
            if job == 0 { await gate.wait() }
        }
    }

    @Test(arguments: ["newest", "oldest", "reject", "callerRuns"])
    func `a full queue does what its policy says`(name: String) async throws {
        try await withWatchdog {
            let (gate, dropped, ran) = (TaskGate(), Notes<Int>(), Notes<Int>())
            let policies: [String: OverflowPolicy] = [
                "newest": .dropNewest, "oldest": .dropOldest, "reject": .reject, "callerRuns": .callerRuns,
            ]
            let pool = self.blockedPool(policies[name] ?? .wait, dropped, gate: gate, ran: ran)
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { gate.arrivals == 1 }
            try await pool.submit(1)
            try await pool.submit(2)
            if name == "reject" {
                await #expect(throws: PenstockError.self) { try await pool.submit(3) }
            } else {
                try await pool.submit(3)
            }
            let ledger = pool.ledger
            #expect(ledger.isBalanced, "\(ledger)")
            gate.open()
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.isBalanced, "\(report)")
            switch name {
            case "newest":
                #expect(dropped.all == [3] && ran.all == [0, 1, 2] && ledger.sheds.newest == 1)
            case "oldest":
                #expect(dropped.all == [1] && ran.all == [0, 2, 3] && ledger.sheds.oldest == 1)
            case "reject":
                #expect(dropped.all == [] && ran.all == [0, 1, 2] && ledger.rejections.full == 1)
            default:
                #expect(dropped.all == [] && ran.all == [0, 3, 1, 2])
            }
            _ = try await run
        }
    }

    @Test func `a failed job is tried again until it succeeds or its attempts are used up`() async throws {
        try await withWatchdog {
            let tries = Notes<Int>()
            var configuration = WorkerPoolConfiguration(workers: 2, capacity: 100)
            configuration.retry = RetryPolicy(attemptsMax: 3)
            configuration.retry?.backoffInitial = .milliseconds(1)
            let pool = WorkerPool(configuration) { (job: Int) async throws in
                tries.add(job)
                if job % 2 == 1 { throw JobFailure(job: job) }
            }
            async let run = pool.run()
            for job in 0..<20 { try await pool.submit(job) }
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.done == 10 && report.ledger.failed == 10 && report.ledger.isBalanced, "\(report)")
            #expect(tries.count == 40 && pool.snapshot().retries == 20)
            _ = try await run
        }
    }

    @Test func `a pause holds jobs, a resume lets them go, and a resize changes the workers`() async throws {
        try await withWatchdog {
            let ran = Notes<Int>()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 2, capacity: 100)) { (job: Int) async in ran.add(job)
            }
            async let run = pool.run()
            await eventually { pool.snapshot().idleWorkers == 2 }
            pool.pause()
            for job in 0..<10 { try await pool.submit(job) }
            for _ in 0..<100 { await Task.yield() }
            #expect(ran.count == 0 && pool.ledger.queued == 10)
            pool.resize(workers: 5)
            await eventually { pool.snapshot().idleWorkers == 5 }
            #expect(ran.count == 0)
            pool.resume()
            await eventually { ran.count == 10 }
            pool.resize(workers: 1)
            await eventually { pool.snapshot().idleWorkers == 1 }
            for job in 10..<20 { try await pool.submit(job) }
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.done == 20 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `a stuck worker is named, and another takes its place until it comes back`() async throws {
        try await withWatchdog {
            let gate = ThreadGate()
            let ran = Notes<Int>()
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 100)
            configuration.stuckAfter = .milliseconds(20)
            configuration.replacementsMax = 1
            configuration.batchMax = 1
            let pool = WorkerPool(configuration) { (job: Int) in
                if job == 0 { gate.wait() }
                ran.add(job)
            }
            async let run = pool.run()
            for job in 0..<10 { try await pool.submit(job) }
            await eventually { ran.count == 9 }
            #expect(pool.snapshot().stuckJobs.map(\.job) == ["0"])
            gate.open()
            await eventually { pool.snapshot().idleWorkers == 1 && pool.snapshot().stuckJobs.isEmpty }
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.done == 10 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }
}
