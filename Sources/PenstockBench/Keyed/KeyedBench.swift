//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Lets the jobs of one key take a thousand times as long as those of 999 others, and looks whether those notice.
///
/// Jobs take 50 microseconds of processor time, 10 a second of each key, at random. Those of the slow key wait for 50
/// milliseconds instead, as for a server that is slow: a worker is busy with them half of the time. Twice the same jobs
/// come at the same times, without a slow key and with it, and each time the pool is resized ten times.
package struct KeyedBench: Sendable {
    package static let keys = 1000
    /// Jobs a second of all keys.
    package static let rate = 10_000.0
    /// What a job takes.
    package static let jobTime = Duration.microseconds(50)
    /// How much longer one of the slow key takes.
    package static let slowness = 1000
    /// How many workers there are at first, and after each resizing: always more than the slow key can hold.
    package static let workers = [8, 4, 6, 3, 8, 5, 2, 7, 4, 6, 8]
    /// How often the pool is resized.
    package static var resizes: Int { Self.workers.count - 1 }
    /// Places in the queue.
    package static let capacity = 10_000
    /// The key whose jobs are slow.
    static let slowKey = 0

    /// How long each run lasts.
    package var time: Duration

    package init(time: Duration) { self.time = time }

    /// Measures.
    ///
    /// - Parameter progress: Told what it is at.
    /// - Throws: What sending throws, which is a defect.
    package func run(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> KeyedReport {
        let spin = CalibratedSpin(Self.jobTime)
        progress("no key is slow")
        let calm = try await self.run(spin, isSlow: false)
        progress("one key is slow")
        let slow = try await self.run(spin, isSlow: true)
        return KeyedReport(seconds: Double(self.time.wholeNanoseconds) / 1e9, calm: calm, slow: slow)
    }

    // MARK: - Private

    private func run(_ spin: CalibratedSpin, isSlow: Bool) async throws -> KeyedRun {
        var configuration = WorkerPoolConfiguration(name: "keyed", workers: Self.workers[0], capacity: Self.capacity)
        configuration.overflow = .reject
        let (records, order) = (LoadRecords(lanes: 2), KeyOrder(keys: Self.keys))
        let pool = WorkerPool<KeyedJob, Void>(
            configuration,
            discipline: .keyed { $0.key },
            handler: { job async throws in
                order.begins(job.key, number: job.number)
                if isSlow, job.key == Self.slowKey {
                    try await TimeSource.system.sleep(for: Self.jobTime * Self.slowness)
                } else {
                    _ = spin.run(job.due)
                }
                order.ends(job.key)
                records.ended(LoadJob(due: job.due, lane: job.lane))
            }
        )
        let time = self.time.wholeNanoseconds
        let threads = ThreadExecutor(threads: 1, name: "producer")
        defer { threads.shutdown() }
        async let run = pool.run()
        async let offered = withTaskExecutorPreference(threads) { Self.offer(to: pool, for: time) }
        let offers = await offered
        let ledger = await pool.drain().ledger
        _ = try await run
        return KeyedRun(records.all(with: offers.lanes), order, ledger, resizes: offers.resizes)
    }

    private static func offer(
        to pool: WorkerPool<KeyedJob, Void>,
        for time: UInt64
    ) -> (lanes: [LoadRecord], resizes: Int) {
        var lanes = [LoadRecord(), LoadRecord()]
        var (number, resizes) = (0, 0)
        let start = TimeSource.system.now()
        let resize = { (now: UInt64) in
            // In equal parts of the time.
            while resizes < Self.resizes, now >= start + time * UInt64(resizes + 1) / UInt64(Self.workers.count) {
                resizes += 1
                pool.resize(workers: Self.workers[resizes])
            }
        }
        OpenLoop(start: start, end: start + time).run(
            ArrivalSchedule(rate: Self.rate, lanes: Self.keys, start: start, seed: 1000),
            tick: resize
        ) { due, key in
            let job = KeyedJob(due: due, key: key, number: number)
            number += 1
            lanes[job.lane].offer(job, due: due, to: pool)
        }
        resize(start + time)
        return (lanes, resizes)
    }
}

/// A job of `penstock bench keyed`.
struct KeyedJob: Sendable {
    /// When it arrived.
    let due: UInt64
    let key: Int
    /// Its place among all jobs.
    let number: Int

    /// What it is counted for: 1 for the slow key, 0 for the others.
    var lane: Int { self.key == KeyedBench.slowKey ? 1 : 0 }
}
