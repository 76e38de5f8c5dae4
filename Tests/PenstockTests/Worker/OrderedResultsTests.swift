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

@Suite(.timeLimit(.minutes(5)))
struct OrderedResultsTests {
    private typealias Pool = WorkerPool<Int, Int>

    private func configuration(workers: Int, capacity: Int = 100) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(workers: workers, capacity: capacity)
        configuration.batchMax = 1
        return configuration
    }

    private func numbers(_ results: [Result<Int, any Error>]) -> [Int] {
        results.map { result in
            switch result {
            case .success(let job): job
            case .failure(let error): -((error as? JobFailure)?.job ?? 1_000)
            }
        }
    }

    private func read(_ pool: Pool, _ count: Int) async throws -> [Int] {
        var results: [Result<Int, any Error>] = []
        while results.count < count, let next = try await pool.results.receive() { results.append(next) }
        return self.numbers(results)
    }

    @Test func `results come in the order of their jobs, whatever the order of their ends`() async throws {
        try await withWatchdog {
            let gates = (0..<11).map { _ in TaskGate() }
            let pool = Pool(self.configuration(workers: 10), results: .channel(capacity: 10, ordered: true)) {
                (job: Int) async throws -> Int in
                // Each waits for the one after it.
                if job < 9 { await gates[job + 1].wait() }
                gates[job].open()
                if job % 3 == 2 { throw JobFailure(job: job) }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<10)
            #expect(try await self.read(pool, 10) == [0, 1, -2, 3, 4, -5, 6, 7, -8, 9])
            let report = await pool.drain()
            #expect(report.ledger.done == 7 && report.ledger.failed == 3 && report.ledger.isBalanced, "\(report)")
            #expect(report.undelivered.isEmpty)
            _ = try await run
        }
    }

    @Test(arguments: [1, 2, 5])
    func `no job begins whose result would have no place, and none is lost by that`(places: Int) async throws {
        try await withWatchdog {
            let (gate, begun) = (TaskGate(), Notes<Int>())
            let pool = Pool(self.configuration(workers: 8), results: .channel(capacity: places, ordered: true)) {
                (job: Int) async -> Int in
                begun.add(job)
                if job == 0 { await gate.wait() }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<20)
            // Job 0 is missing: as many begin as there are places, and every worker but its own then rests.
            await eventually { gate.arrivals == 1 && begun.count == places && pool.snapshot().idleWorkers == 7 }
            for _ in 0..<100 { await Task.yield() }
            #expect(begun.count == places && pool.results.depth == 0 && pool.ledger.queued == 20 - places)
            #expect(pool.strandedJobs == 0 && pool.ledger.isBalanced)
            gate.open()
            // Nobody reads: the channel fills, then the places, then the workers rest again.
            await eventually { begun.count == 2 * places && pool.snapshot().idleWorkers == 8 }
            #expect(pool.results.depth == places)
            async let report = pool.drain()
            #expect(try await self.read(pool, 20) == Array(0..<20))
            let last = await report
            #expect(last.ledger.done == 20 && last.undelivered.isEmpty)
            #expect(try await self.read(pool, 1).isEmpty)
            _ = try await run
        }
    }

    @Test func `a drain past its deadline keeps what was not handed over, in order`() async throws {
        try await withWatchdog {
            let (gate, begun) = (TaskGate(), Notes<Int>())
            let pool = Pool(self.configuration(workers: 4), results: .channel(capacity: 3, ordered: true)) {
                (job: Int) async -> Int in
                begun.add(job)
                if job == 4 { await gate.wait() }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<10)
            // 0 to 2 are in the channel, 3 waits for a place in it, 4 is missing, 5 waits for 4.
            await eventually { begun.count == 6 && pool.snapshot().idleWorkers == 3 }
            async let report = pool.drain(deadline: .zero, grace: .seconds(3_600))
            await eventually { gate.arrivals == 1 && pool.ledger.returned == 4 }
            gate.open()
            let last = await report
            #expect(last.returned == [6, 7, 8, 9] && self.numbers(last.undelivered) == [3, 4, 5])
            #expect(last.ledger.done == 6 && last.ledger.isBalanced)
            #expect(try await self.read(pool, 10) == [0, 1, 2])
            _ = try await run
        }
    }

    @Test func `a job that never ends is abandoned, and what came after it is in the report`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = Pool(self.configuration(workers: 2), results: .channel(capacity: 4, ordered: true)) {
                (job: Int) async -> Int in
                if job == 1 { await gate.wait() }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<4)
            await eventually { gate.arrivals == 1 && pool.snapshot().idleWorkers == 1 }
            let report = await pool.drain(deadline: .zero, grace: .zero)
            #expect(report.abandoned.map(\.job) == [1] && report.ledger.done == 3 && report.ledger.isBalanced)
            #expect(try await self.read(pool, 4) + self.numbers(report.undelivered) == [0, 2, 3])
            // It ends after all: its result comes too late, and is nowhere.
            gate.open()
            _ = try await run
            #expect(pool.results.tryReceive() == nil)
        }
    }

    @Test func `jobs without a result of the pool's hold nobody`() async throws {
        try await withWatchdog {
            let (gate, ran) = (TaskGate(), Notes<Int>())
            var configuration = self.configuration(workers: 1, capacity: 4)
            configuration.overflow = .dropOldest
            let pool = Pool(configuration, results: .channel(capacity: 2, ordered: true)) { (job: Int) async -> Int in
                if job == 0 { await gate.wait() }
                ran.add(job)
                return job
            }
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { gate.arrivals == 1 }
            try await pool.submit(1)
            async let called = pool.call(2)
            await eventually { pool.ledger.queued == 2 }
            // 1 is shed.
            try await pool.submit(contentsOf: [3, 4, 5])
            gate.open()
            #expect(try await called == 2)
            #expect(try await self.read(pool, 4) == [0, 3, 4, 5])
            #expect(ran.all == [0, 2, 3, 4, 5] && pool.ledger.sheds.oldest == 1)
            _ = await pool.drain()
            _ = try await run
        }
    }

    @Test func `a job that is tried again keeps its place, and goes ahead of those that wait for it`() async throws {
        try await withWatchdog {
            let tries = Notes<Int>()
            var configuration = self.configuration(workers: 2)
            configuration.retry = RetryPolicy(attemptsMax: 3)
            configuration.retry?.backoffInitial = .milliseconds(1)
            // One place: as long as job 0 waits for another attempt, no other may begin.
            let pool = Pool(configuration, results: .channel(capacity: 1, ordered: true)) {
                (job: Int) async throws -> Int in
                tries.add(job)
                if job % 2 == 0 { throw JobFailure(job: job) }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<4)
            #expect(try await self.read(pool, 4) == [0, 1, -2, 3])
            #expect(tries.all == [0, 0, 0, 1, 2, 2, 2, 3])
            let report = await pool.drain()
            #expect(report.ledger.failed == 2 && report.ledger.done == 2 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `batches, senders and real threads keep the order too`() async throws {
        try await withWatchdog {
            let count = scaled(20_000)
            for isBatch in [false, true] {
                let configuration = WorkerPoolConfiguration(workers: 4, capacity: 64)
                let results = ResultsPolicy<Int>.channel(capacity: 16, ordered: true)
                let pool =
                    isBatch
                    ? Pool(
                        configuration,
                        results: results,
                        batchHandler: { jobs, outcomes in
                            for index in jobs.indices { outcomes.append(jobs[index]) }
                        }
                    )
                    : Pool(configuration, results: results, handler: { (job: Int) throws -> Int in job })
                async let run = pool.run()
                async let read = self.read(pool, 2 * count)
                await withTaskGroup(of: Void.self) { group in
                    for producer in 0..<2 {
                        group.addTask {
                            var sender = pool.sender()
                            for job in 0..<count { _ = try? await sender.send(producer * 1_000_000 + job) }
                        }
                    }
                }
                let report = await pool.drain()
                #expect(report.ledger.done == 2 * count && report.ledger.isBalanced, "\(report)")
                let all = try await read + self.numbers(report.undelivered)
                for producer in 0..<2 {
                    let own = all.filter { $0 / 1_000_000 == producer }
                    #expect(own == (0..<count).map { producer * 1_000_000 + $0 })
                }
                _ = try await run
            }
        }
    }

    @Test func `a drain ends when a call that was held behind others is cancelled`() async throws {
        try await withWatchdog {
            let (gate, begun) = (TaskGate(), Notes<Int>())
            let pool = Pool(self.configuration(workers: 2), results: .channel(capacity: 1, ordered: true)) {
                (job: Int) async -> Int in
                begun.add(job)
                if job == 0 { await gate.wait() }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: [0, 1])
            await eventually { gate.arrivals == 1 && pool.snapshot().idleWorkers == 1 }
            // Job 1 is held for want of a place, and so is the call behind it.
            let call = Task { try await pool.call(2) }
            await eventually { pool.ledger.queued == 2 }
            async let report = pool.drain(deadline: .seconds(3_600))
            async let read = self.read(pool, 2)
            call.cancel()
            await #expect(throws: PenstockError.self) { try await call.value }
            gate.open()
            #expect(try await read == [0, 1] && begun.all == [0, 1])
            let ledger = await report.ledger
            #expect(ledger.done == 2 && ledger.cancelled == 1 && ledger.isBalanced, "\(ledger)")
            _ = try await run
        }
    }
}
