//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Lets one tenant flood a pool that nine others use as well, and looks what is left for those.
///
/// Jobs take 100 microseconds of processor time and arrive at random. Each of the nine offers 5 % of what the pool can do,
/// the one 100 times as much: five times what the pool can do alone. The nine offer the same jobs at the same times in
/// each run, so that what they lose is what the flood takes.
package struct FairnessBench: Sendable {
    /// How many tenants there are beside the one that floods.
    package static let tenants = 9
    /// How much more that one offers than another.
    package static let flood = 100.0
    /// What each of the nine offers, as a share of the peak.
    package static let share = 0.05
    /// Places in the queue. More only make jobs wait: the flood always finds the last of those that it may have.
    package static let capacity = 100

    package var workers: Int
    /// How long each run lasts.
    package var time: Duration

    package init(workers: Int, time: Duration) {
        self.workers = workers
        self.time = time
    }

    /// Measures.
    ///
    /// - Parameter progress: Told what it is at.
    /// - Throws: What sending throws, which is a defect.
    package func run(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> FairnessReport {
        let spin = CalibratedSpin(.microseconds(100))
        progress("what the pool can do, in a closed loop")
        let peak = try await ClosedLoop(spin: spin, workers: self.workers, time: self.time).peak()
        progress("nine tenants")
        let calm = try await self.run(spin, peak, .fair { $0.lane }, isFlooded: false)
        progress("nine tenants and a flood")
        let fair = try await self.run(spin, peak, .fair { $0.lane }, isFlooded: true)
        progress("nine tenants and a flood, in order of arrival")
        let fifo = try await self.run(spin, peak, .fifo, isFlooded: true)
        return FairnessReport(
            workers: self.workers,
            seconds: Double(self.time.wholeNanoseconds) / 1e9,
            peak: peak,
            calm: calm,
            fair: fair,
            fifo: fifo
        )
    }

    // MARK: - Private

    private func run(
        _ spin: CalibratedSpin,
        _ peak: Double,
        _ discipline: Discipline<LoadJob>,
        isFlooded: Bool
    ) async throws -> FairnessRun {
        var configuration = WorkerPoolConfiguration(name: "fairness", workers: self.workers, capacity: Self.capacity)
        configuration.overflow = .reject
        let records = LoadRecords(lanes: Self.tenants + 1)
        let pool = WorkerPool<LoadJob, Void>(configuration, discipline: discipline) { job in
            _ = spin.run(job.due)
            records.ended(job)
        }
        let time = self.time.wholeNanoseconds
        let threads = ThreadExecutor(threads: 1, name: "producer")
        defer { threads.shutdown() }
        async let run = pool.run()
        async let offered = withTaskExecutorPreference(threads) {
            Self.offer(to: pool, rate: peak * Self.share, isFlooded: isFlooded, for: time)
        }
        let offers = await offered
        let ledger = await pool.drain().ledger
        _ = try await run
        return FairnessRun(records.all(with: offers), ledger)
    }

    private static func offer(
        to pool: WorkerPool<LoadJob, Void>,
        rate: Double,
        isFlooded: Bool,
        for time: UInt64
    ) -> [LoadRecord] {
        var offers = (0...Self.tenants).map { _ in LoadRecord() }
        let start = TimeSource.system.now()
        let loop = OpenLoop(start: start, end: start + time)
        let nine = ArrivalSchedule(rate: rate * Double(Self.tenants), lanes: Self.tenants, start: start, seed: 9)
        let offer = { (due: UInt64, lane: Int) in
            offers[lane].offer(LoadJob(due: due, lane: lane), due: due, to: pool)
        }
        if isFlooded {
            let flood = ArrivalSchedule(rate: rate * Self.flood, start: start, seed: 1)
            loop.run(MergedArrivals(nine, flood), offer: offer)
        } else {
            loop.run(nine, offer: offer)
        }
        return offers
    }
}
