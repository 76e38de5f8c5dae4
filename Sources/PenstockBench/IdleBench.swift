//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// Keeps a pool without jobs for a while: what it uses meanwhile is what waiting costs.
///
/// The pool has run jobs before. Its workers are parked, a sender is alive, and a reader waits for results.
package struct IdleBench: Sendable {
    /// How many jobs the pool runs before.
    static let jobs = 100_000
    /// How long the workers get to park, in milliseconds.
    static let parkingTimeMax = 10_000

    package var workers: Int
    package var duration: Duration

    package init(workers: Int, duration: Duration) {
        self.workers = workers
        self.duration = duration
    }

    /// - Throws: What sending throws, which is a defect, and `CancellationError`.
    package func run() async throws -> IdleReport {
        let configuration = WorkerPoolConfiguration(name: "idle", workers: self.workers)
        let pool = WorkerPool(configuration, results: .channel(capacity: 1000)) { (job: Int) in job }
        return try await withTaskExecutorPreference(pool.executor) {
            async let run = pool.run()
            async let read = Self.readAll(pool)
            var sender = pool.sender()
            for job in 0..<Self.jobs { try await sender.send(job) }
            sender.flush()
            try await self.waitUntilParked(pool)
            let (snapshot, meter) = try await self.wait(pool)
            // Used once more, so that it has lived meanwhile.
            sender.flush()
            _ = await pool.drain()
            _ = try await run
            return IdleReport(snapshot, meter, read: await read)
        }
    }

    // MARK: - Private

    private static func readAll(_ pool: WorkerPool<Int, Int>) async -> Int {
        var count = 0
        for await _ in pool.results { count += 1 }
        return count
    }

    private func waitUntilParked(_ pool: WorkerPool<Int, Int>) async throws {
        for _ in 0..<Self.parkingTimeMax {
            let snapshot = pool.snapshot()
            if snapshot.idleWorkers == self.workers, snapshot.ledger.done == Self.jobs { return }
            try await TimeSource.system.sleep(for: .milliseconds(1))
        }
    }

    private func wait(_ pool: WorkerPool<Int, Int>) async throws -> (PoolSnapshot, Meter) {
        var meter = Meter()
        try await TimeSource.system.sleep(for: self.duration)
        meter.stop()
        return (pool.snapshot(), meter)
    }
}

/// What a pool without jobs has used.
package struct IdleReport: Sendable {
    /// The most processor time that is taken for none: the process has a timer, and the system counts coarsely.
    package static let processorTimeMax: UInt64 = 10_000_000

    /// The pool at the end, before its drain.
    package let snapshot: PoolSnapshot
    /// How long it had no jobs, in nanoseconds.
    package let elapsed: UInt64
    /// The processor time of the whole process meanwhile, in nanoseconds.
    package let processorTime: UInt64
    private let read: Int

    init(_ snapshot: PoolSnapshot, _ meter: Meter, read: Int) {
        self.snapshot = snapshot
        self.elapsed = meter.elapsed
        self.processorTime = meter.processorTime
        self.read = read
    }

    /// What was not as it is to be.
    package var problem: String? {
        if self.read != IdleBench.jobs { return "\(self.read) of \(IdleBench.jobs) results were read" }
        if self.snapshot.idleWorkers != self.snapshot.workers {
            return "\(self.snapshot.idleWorkers) of \(self.snapshot.workers) workers are parked"
        }
        if self.processorTime > Self.processorTimeMax {
            return "a pool without jobs has used \(self.processorTime / 1_000_000) ms of processor time"
        }
        return nil
    }
}
