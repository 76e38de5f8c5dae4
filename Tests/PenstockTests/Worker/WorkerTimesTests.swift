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

/// Where the time of workers and producers goes, on a clock that only the test moves.
@Suite(.timeLimit(.minutes(5)))
struct WorkerTimesTests {
    private let clock = VirtualClock()

    private func configuration(workers: Int, capacity: Int = 10) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(name: "timed", workers: workers, capacity: capacity)
        configuration.batchMax = 1
        configuration.time = self.clock.time
        return configuration
    }

    private func times(busy: Int = 0, blocked: Int = 0, idle: Int = 0) -> WorkerTimes {
        var times = WorkerTimes()
        times.busy = .seconds(busy)
        times.blocked = .seconds(blocked)
        times.idle = .seconds(idle)
        return times
    }

    @Test func `busy and idle add up to workers times time, while jobs run and after`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(self.configuration(workers: 2)) { (_: Int) async in await gate.wait() }
            async let run = pool.run()
            await eventually { pool.snapshot().idleWorkers == 2 }
            self.clock.advance(by: .seconds(5))
            #expect(pool.snapshot().workerTimes == self.times(idle: 10))
            try await pool.submit(1)
            await eventually { gate.arrivals == 1 }
            self.clock.advance(by: .seconds(10))
            let snapshot = pool.snapshot()
            #expect(snapshot.workerTimes == self.times(busy: 10, idle: 20))
            #expect(snapshot.workerStates.map(\.activity.rawValue).sorted() == ["busy", "idle"])
            #expect(snapshot.workerStates.map(\.elapsed).sorted() == [.seconds(10), .seconds(15)])
            #expect(snapshot.workerStates.map(\.jobs).sorted() == [0, 1])
            #expect(snapshot.workerStates.allSatisfy { $0.name.hasPrefix("timed/worker-") })
            gate.open()
            await eventually { pool.snapshot().idleWorkers == 2 }
            self.clock.advance(by: .seconds(1))
            #expect(pool.snapshot().workerTimes == self.times(busy: 10, idle: 22))
            _ = await pool.drain()
            _ = try await run
            self.clock.advance(by: .seconds(100))
            #expect(pool.snapshot().workerTimes == self.times(busy: 10, idle: 22))
            #expect(pool.snapshot().workerStates.isEmpty)
        }
    }

    @Test func `results that find no place make their worker blocked`() async throws {
        try await withWatchdog {
            let pool = WorkerPool(self.configuration(workers: 1), results: .channel(capacity: 1)) { (job: Int) in job }
            async let run = pool.run()
            try await pool.submit(contentsOf: [1, 2])
            await eventually { pool.snapshot().workerStates.first?.activity == .blocked }
            self.clock.advance(by: .seconds(7))
            #expect(pool.snapshot().workerTimes == self.times(blocked: 7))
            #expect(pool.snapshot().workerStates.first?.elapsed == .seconds(7))
            var results = pool.results.makeAsyncIterator()
            _ = await results.next()
            _ = await results.next()
            await eventually { pool.snapshot().idleWorkers == 1 }
            self.clock.advance(by: .seconds(2))
            let snapshot = pool.snapshot()
            #expect(snapshot.workerTimes == self.times(blocked: 7, idle: 2))
            #expect(snapshot.downstreamTimes.count == 1 && snapshot.downstreamTimes.max == 7_000_000_000)
            _ = await pool.drain()
            _ = try await run
        }
    }

    @Test func `a results closure is downstream, and so is what a handler says to wait for`() async throws {
        try await withWatchdog {
            let (own, sink) = (TaskGate(), TaskGate())
            let results = ResultsPolicy<Void>.sink { _ in await sink.wait() }
            let pool = WorkerPool(self.configuration(workers: 1), results: results) { (_: Int) async in
                // Waits of child tasks at the same time are one wait.
                await withDownstreamWait {
                    async let other: Void = withDownstreamWait { await own.wait() }
                    await own.wait()
                    await other
                }
            }
            async let run = pool.run()
            try await pool.submit(1)
            await eventually { own.arrivals == 2 }
            self.clock.advance(by: .seconds(3))
            #expect(pool.snapshot().workerTimes == self.times(blocked: 3))
            own.open()
            await eventually { sink.arrivals == 1 }
            self.clock.advance(by: .seconds(4))
            #expect(pool.snapshot().workerTimes == self.times(blocked: 7))
            sink.open()
            await eventually { pool.snapshot().idleWorkers == 1 }
            let times = pool.snapshot().downstreamTimes
            #expect(times.count == 2 && times.max == 4_000_000_000 && times.sum == 7_000_000_000)
            _ = await pool.drain()
            _ = try await run
        }
    }

    @Test func `outside of a pool there is nothing to count`() async throws {
        let value = await withDownstreamWait { 5 }
        #expect(value == 5)
    }

    @Test func `producers are held from the first that waits to the last`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(self.configuration(workers: 1, capacity: 1)) { (_: Int) async in await gate.wait() }
            async let run = pool.run()
            try await pool.submit(1)
            await eventually { gate.arrivals == 1 }
            try await pool.submit(2)
            self.clock.advance(by: .seconds(1))
            #expect(pool.snapshot().producersHeld == .zero)
            async let third: Void = pool.submit(3)
            await eventually { pool.ledger.waiting == 1 }
            self.clock.advance(by: .seconds(2))
            async let fourth: Void = pool.submit(4)
            await eventually { pool.ledger.waiting == 2 }
            self.clock.advance(by: .seconds(3))
            #expect(pool.snapshot().producersHeld == .seconds(5))
            gate.open()
            try await third
            try await fourth
            self.clock.advance(by: .seconds(9))
            #expect(pool.snapshot().producersHeld == .seconds(5))
            _ = await pool.drain()
            _ = try await run
        }
    }

    @Test func `a job that is abandoned is no longer counted`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(self.configuration(workers: 1)) { (_: Int) async in await gate.wait() }
            async let run = pool.run()
            try await pool.submit(1)
            await eventually { gate.arrivals == 1 }
            async let drained = pool.drain(deadline: .zero, grace: .seconds(5))
            await eventually { self.clock.sleeperCount > 0 }
            self.clock.advance(by: .seconds(6))
            let report = await drained
            #expect(report.ledger.abandoned == 1)
            self.clock.advance(by: .seconds(60))
            #expect(pool.snapshot().workerTimes == self.times(busy: 6))
            gate.open()
            _ = try await run
        }
    }
}
