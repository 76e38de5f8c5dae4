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

/// Pools whose workers become more and fewer while they work.
@Suite(.timeLimit(.minutes(5)))
struct ResizeTests {
    private func configuration(workers: Int, capacity: Int) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(workers: workers, capacity: capacity)
        configuration.threads = .perWorker
        // What a worker has taken, it has begun: the counts are exact.
        configuration.batchMax = 1
        return configuration
    }

    @Test func `a pool that grows runs more at once, one that shrinks lets its jobs end`() async throws {
        try await withWatchdog {
            let tokens = Channel<Void>(capacity: 10)
            let (begun, ended) = (Notes<Int>(), Notes<Int>())
            let pool = WorkerPool(self.configuration(workers: 1, capacity: 10)) { (job: Int) async throws in
                begun.add(job)
                _ = try await tokens.receive()
                ended.add(job)
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<10)
            await eventually { begun.count == 1 }
            #expect(pool.ledger.inFlight == 1 && pool.ledger.queued == 9)
            pool.resize(workers: 3)
            await eventually { begun.count == 3 }
            #expect(pool.snapshot().workers == 3 && pool.ledger.inFlight == 3 && pool.ledger.queued == 7)
            pool.resize(workers: 2)
            for _ in 0..<100 { await Task.yield() }
            // No running job is disturbed.
            #expect(pool.snapshot().workers == 2 && pool.ledger.inFlight == 3 && ended.count == 0)
            for _ in 0..<3 { try await tokens.send(()) }
            await eventually { pool.ledger.done == 3 && begun.count == 5 }
            #expect(pool.ledger.inFlight == 2 && pool.ledger.queued == 5)
            for _ in 0..<7 { try await tokens.send(()) }
            let report = await pool.drain()
            #expect(report.ledger.done == 10 && report.ledger.isBalanced, "\(report)")
            await eventually { pool.snapshot().threads == 0 }
            _ = try await run
        }
    }

    @Test func `producers that wait go on when a pool grows`() async throws {
        try await withWatchdog {
            let gate = ThreadGate()
            let begun = Notes<Int>()
            let pool = WorkerPool(self.configuration(workers: 2, capacity: 1)) { (job: Int) in
                begun.add(job)
                gate.wait()
            }
            async let run = pool.run()
            for job in 0..<2 {
                try await pool.submit(job)
                await eventually { begun.count == job + 1 }
            }
            try await pool.submit(2)
            var producers: [Task<Void, any Error>] = []
            for job in 3..<9 {
                producers.append(Task { try await pool.submit(job) })
                await eventually { pool.ledger.waiting == job - 2 }
            }
            pool.resize(workers: 8)
            for producer in producers { try await producer.value }
            await eventually { begun.count == 8 }
            let ledger = pool.ledger
            #expect(ledger.inFlight == 8 && ledger.queued == 1 && ledger.done == 0 && ledger.isBalanced, "\(ledger)")
            // They were accepted in the order in which they came: the last one is the one that is left.
            #expect(begun.all.sorted() == Array(0..<8))
            gate.open()
            #expect(await pool.drain().ledger.done == 9)
            _ = try await run
        }
    }

    @Test(arguments: [false, true])
    func `resizes under load lose no job, and keep the order of keys`(isKeyed: Bool) async throws {
        try await withWatchdog {
            let jobs = scaled(20_000)
            let lanes = Locked(Lanes())
            let pool = WorkerPool(
                WorkerPoolConfiguration(workers: 2, capacity: 64),
                discipline: isKeyed ? .keyed { $0 % 7 } : .fifo
            ) { (job: Int) in
                lanes.withLock { $0.begin(job) }
                lanes.withLock { $0.end(job) }
            }
            let isOver = Locked(false)
            pool.resize(workers: 5)
            async let run = pool.run()
            let watching = Task { () -> String? in
                while !isOver.withLock({ $0 }) {
                    let snapshot = pool.snapshot()
                    guard snapshot.ledger.isBalanced, snapshot.depth <= 64 else { return "\(snapshot.ledger)" }
                    await Task.yield()
                }
                return nil
            }
            let resizing = Task {
                var random = SeededGenerator(seed: 1)
                while !isOver.withLock({ $0 }) {
                    pool.resize(workers: 1 + random.below(8))
                    await Task.yield()
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { producers in
                for producer in 0..<4 {
                    producers.addTask {
                        // Each has keys of its own, so that one producer's order is a key's.
                        for job in 0..<jobs / 4 where job % 7 % 4 == producer { try await pool.submit(job) }
                    }
                }
                try await producers.waitForAll()
            }
            let report = await pool.drain()
            isOver.withLock { $0 = true }
            await resizing.value
            #expect(await watching.value == nil)
            pool.resize(workers: 3)
            #expect(report.ledger.done == jobs / 4 && report.ledger.accepted == jobs / 4, "\(report)")
            #expect(report.ledger.isBalanced && pool.ledger == report.ledger, "\(report)")
            let seen = lanes.withLock { $0 }
            #expect(seen.count == jobs / 4)
            #expect(!isKeyed || (seen.overlaps == 0 && seen.isInOrder), "\(seen.overlaps) overlaps")
            _ = try await run
        }
    }
}

/// What is seen of jobs whose key is their rest by 7.
private struct Lanes {
    private var running: Set<Int> = []
    private var last: [Int: Int] = [:]
    private(set) var count = 0
    private(set) var overlaps = 0
    private(set) var isInOrder = true

    mutating func begin(_ job: Int) {
        let key = job % 7
        if !self.running.insert(key).inserted { self.overlaps += 1 }
        if let last = self.last[key], last > job { self.isInOrder = false }
        self.last[key] = job
    }

    mutating func end(_ job: Int) {
        self.running.remove(job % 7)
        self.count += 1
    }
}
