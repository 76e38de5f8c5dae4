//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

@testable import Penstock

@Suite("A pool's threads", .timeLimit(.minutes(5)))
struct PoolThreadsTests {
    private static func configuration(workers: Int?, processors: Int) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(name: "threads-test", workers: workers, capacity: 500)
        configuration.processors = processors
        return configuration
    }

    @Test(arguments: [(nil, 1, 1, 1), (nil, 3, 3, 3), (2, 3, 2, 2), (64, 1, 64, 1), (64, 2, 64, 2), (2, 64, 2, 2)])
    func `are as many as processors, and at most one a worker`(
        workers: Int?,
        processors: Int,
        workerCount: Int,
        threads: Int
    ) {
        let configuration = Self.configuration(workers: workers, processors: processors)
        let pool = WorkerPool(configuration) { (_: Int) in }
        #expect(pool.snapshot().workers == workerCount)
        #expect(pool.core.threads?.threadsMax == threads)
        #expect(pool.snapshot().threads == 0)
    }

    @Test func `are one a worker when handlers block, on however many processors`() {
        var configuration = Self.configuration(workers: 8, processors: 1)
        configuration.threads = .perWorker
        #expect(WorkerPool(configuration) { (_: Int) in }.core.threads?.threadsMax == 8)
    }

    @Test func `are not kept from others by a worker that waits for more, where there is one processor`() {
        #expect(WorkerPool(Self.configuration(workers: 2, processors: 1)) { (_: Int) in }.core.smallBatch == 0)
        #expect(WorkerPool(Self.configuration(workers: 2, processors: 2)) { (_: Int) in }.core.smallBatch > 0)
    }

    @Test(arguments: [1, 2])
    func `run all jobs of 64 workers`(processors: Int) async throws {
        try await withWatchdog {
            let gate = ThreadGate()
            let configuration = Self.configuration(workers: 64, processors: processors)
            let pool = WorkerPool(configuration, results: .channel(capacity: 50)) { (job: Int) in
                // The first jobs hold every thread that there may be.
                if job < 0 { gate.wait() }
                return job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: Array(repeating: -1, count: 64))
            await eventually { gate.arrivals == processors }
            #expect(pool.snapshot().threads == processors)
            gate.open()
            let jobs = scaled(20_000)
            async let senders: Void = send(jobs, to: pool)
            var sum = 0
            for _ in 0..<(64 + jobs) { sum += try await pool.results.receive()?.get() ?? 0 }
            try await senders
            #expect(sum == jobs * (jobs - 1) / 2 - 64)
            #expect(pool.snapshot().threads == processors)
            let ledger = await pool.drain().ledger
            #expect(ledger.done == 64 + jobs && ledger.isBalanced)
            _ = try await run
        }
    }

    @Test(arguments: [1, 2])
    func `run all jobs of 64 workers that suspend`(processors: Int) async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(Self.configuration(workers: 64, processors: processors)) { (_: Int) async in
                await gate.wait()
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<200)
            // All of them have a job at once, however few threads there are.
            await eventually { gate.arrivals == 64 }
            #expect(pool.ledger.inFlight >= 64 && pool.snapshot().threads <= processors)
            gate.open()
            #expect(await pool.drain().ledger.done == 200)
            _ = try await run
        }
    }

    @Test func `stay while they are idle, and are gone after a drain, but for that of an abandoned job`() async throws {
        try await withWatchdog {
            let (gate, stuck) = (ThreadGate(), ThreadGate())
            var configuration = WorkerPoolConfiguration(name: "leak-test", workers: 8, capacity: 8)
            configuration.threads = .perWorker
            configuration.batchMax = 1
            let pool = WorkerPool(configuration) { (job: Int) in
                if job == 7 { stuck.wait() } else { gate.wait() }
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<8)
            await eventually { gate.arrivals == 7 && stuck.arrivals == 1 }
            #expect(self.threads(of: pool) == [8])
            gate.open()
            await eventually { pool.snapshot().idleWorkers == 7 }
            #expect(self.threads(of: pool) == [8])
            let report = await pool.drain(deadline: .zero, grace: .zero)
            #expect(report.abandoned.map(\.job) == [7])
            await eventually { self.threads(of: pool) == [1] }
            stuck.open()
            await eventually { self.threads(of: pool) == [0] }
            _ = try await run
        }
    }

    /// How many threads a pool has, by what it says and by what the system says, where that can be asked.
    private func threads<Job, Output>(of pool: WorkerPool<Job, Output>) -> Set<Int> {
        #if os(Linux)
        [pool.snapshot().threads, statistics(ofThreadsNamed: pool.name)?.count ?? -1]
        #else
        [pool.snapshot().threads]
        #endif
    }

    /// Sends the numbers below a bound from four senders side by side.
    private func send(_ jobs: Int, to pool: WorkerPool<Int, Int>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<4 {
                group.addTask {
                    var sender = pool.sender()
                    for job in stride(from: first, to: jobs, by: 4) { try await sender.send(job) }
                    sender.flush()
                }
            }
            try await group.waitForAll()
        }
    }
}
