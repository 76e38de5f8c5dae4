//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Offers a pool from half of what it can do to ten times as much, and looks whether it stays useful.
///
/// Jobs take 100 microseconds of processor time and arrive at random (``ArrivalSchedule``) whether or not the pool keeps up.
/// What it can do is measured first, in a closed loop. Then one pool goes through all loads without a pause, and at
/// the end back to the load at which its latency was taken for normal. No job is left out of any figure.
package struct OverloadBench: Sendable {
    /// How much is offered, as a share of the peak, in order.
    package static let loads = [0.5, 0.8, 1, 2, 10]
    /// The load at which latency and memory count as normal.
    package static let normalLoad = 0.8
    /// How long the pool has to be back to normal after the last load, in seconds.
    package static let recoveryTimeMax = 2.0
    /// The recovery is looked at in windows of this length, in nanoseconds.
    static let window: UInt64 = 250_000_000

    package var setup: OverloadSetup
    package var workers: Int
    /// How long each load lasts.
    package var phase: Duration

    package init(setup: OverloadSetup = .queue, workers: Int, phase: Duration) {
        self.setup = setup
        self.workers = workers
        self.phase = phase
    }

    /// Measures.
    ///
    /// - Parameter progress: Told what it is at.
    /// - Throws: What sending throws, which is a defect.
    package func run(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> OverloadReport {
        let spin = CalibratedSpin(.microseconds(100))
        progress("what the pool can do, in a closed loop")
        let peak = try await ClosedLoop(spin: spin, workers: self.workers, time: self.phase).peak()
        let configuration = self.setup.configuration(workers: self.workers, peak: peak)
        let plan = OverloadPlan(peak: peak, phase: self.phase.wholeNanoseconds)
        let records = LoadRecords(lanes: plan.partCount)
        let pool = WorkerPool<LoadJob, Void>(
            configuration,
            onDrop: { job, _ in records.dropped(job) },
            handler: { job in
                _ = spin.run(job.due)
                records.ended(job)
            }
        )
        let threads = ThreadExecutor(threads: 1, name: "producer")
        defer { threads.shutdown() }
        async let run = pool.run()
        async let offered = withTaskExecutorPreference(threads) { plan.offer(to: pool, progress: progress) }
        let parts = await offered
        let ledger = await pool.drain().ledger
        _ = try await run
        return OverloadReport(
            setup: self.setup,
            workers: self.workers,
            capacity: configuration.capacity,
            peak: peak,
            phases: plan.phases(parts, records.all(with: parts.map(\.record))),
            ledger: ledger
        )
    }
}

/// When what is offered.
struct OverloadPlan: Sendable {
    /// What the producer has noted of a part of the run.
    struct Part: Sendable {
        var record = LoadRecord()
        /// The most memory that was seen, in bytes.
        var memory = 0
        /// Whether the pool's ledger balanced at the end of the part.
        var isBalanced = true
    }

    /// How often memory is looked at, in nanoseconds.
    private static let memoryTick: UInt64 = 20_000_000

    /// Jobs a second at a load of 1.
    let peak: Double
    /// How long each load lasts, in nanoseconds.
    let phase: UInt64

    /// How many windows the recovery has: until the time is over.
    private var windows: Int { Int(OverloadBench.recoveryTimeMax * 1e9) / Int(OverloadBench.window) }

    /// One for each load, then one for each window of the recovery.
    var partCount: Int { OverloadBench.loads.count + self.windows }

    /// Offers everything; blocks its thread.
    ///
    /// - Returns: What was offered and refused, for each part.
    func offer(to pool: WorkerPool<LoadJob, Void>, progress: @Sendable (String) -> Void) -> [Part] {
        var parts = (0..<self.partCount).map { _ in Part() }
        var start = TimeSource.system.now()
        for part in parts.indices {
            let load = self.load(part)
            if part <= OverloadBench.loads.count { progress("\(load) times as much as the pool can do") }
            let loop = OpenLoop(start: start, end: start + self.time(part))
            let arrivals = ArrivalSchedule(rate: self.peak * load, start: start, seed: UInt64(part))
            self.offer(arrivals, loop, to: pool, as: part, &parts[part])
            start = loop.end
        }
        return parts
    }

    /// What each part has shown.
    func phases(_ parts: [Part], _ records: [LoadRecord]) -> (loads: [OverloadPhase], recovery: [OverloadPhase]) {
        let phases = parts.indices.map { part in
            let record = records[part]
            return OverloadPhase(
                load: self.load(part),
                seconds: Double(self.time(part)) / 1e9,
                offered: record.offered,
                done: record.done,
                rejected: record.rejected,
                shed: record.shed,
                latencyP99: record.latencyP99,
                answerP99: record.answerP99,
                memory: parts[part].memory,
                isBalanced: parts[part].isBalanced && record.isBalanced
            )
        }
        let loads = OverloadBench.loads.count
        return (Array(phases.prefix(loads)), Array(phases.dropFirst(loads)))
    }

    // MARK: - Private

    private func load(_ part: Int) -> Double {
        part < OverloadBench.loads.count ? OverloadBench.loads[part] : OverloadBench.normalLoad
    }

    private func time(_ part: Int) -> UInt64 {
        part < OverloadBench.loads.count ? self.phase : OverloadBench.window
    }

    private func offer(
        _ arrivals: ArrivalSchedule,
        _ loop: OpenLoop,
        to pool: WorkerPool<LoadJob, Void>,
        as lane: Int,
        _ part: inout Part
    ) {
        // Not in place: two closures have to do with it.
        var (record, memory, looked) = (part.record, ResidentMemory.bytes(), loop.start)
        loop.run(arrivals) { now in
            guard now > looked + Self.memoryTick else { return }
            looked = now
            memory = max(memory, ResidentMemory.bytes())
        } offer: { due, _ in
            record.offer(LoadJob(due: due, lane: lane), due: due, to: pool)
        }
        part = Part(record: record, memory: memory, isBalanced: pool.ledger.isBalanced)
    }
}
