//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

/// For which jobs a pool measures how long they waited and ran, and what it makes of the processor's counter.
@Suite(.timeLimit(.minutes(5)))
struct TimingTests {
    private static let jobs = 3_000

    private func report(
        _ timing: WorkerPoolConfiguration.Timing,
        _ make: (WorkerPoolConfiguration) -> WorkerPool<Int, Int>
    ) async throws -> DrainReport<Int, Int> {
        var configuration = WorkerPoolConfiguration(workers: 2, capacity: 100)
        configuration.timing = timing
        let pool = make(configuration)
        async let run = pool.run()
        var sender = pool.sender()
        for job in 0..<Self.jobs { try await sender.send(job) }
        _ = await pool.drain()
        let report = try await run
        #expect(report.ledger.done == Self.jobs && report.ledger.isBalanced, "\(report)")
        return report
    }

    private func reports(_ timing: WorkerPoolConfiguration.Timing) async throws -> [DrainReport<Int, Int>] {
        [
            try await self.report(timing) { WorkerPool($0) { (job: Int) in job } },
            try await self.report(timing) { WorkerPool($0) { (job: Int) async in job } },
            try await self.report(timing) {
                WorkerPool(
                    $0,
                    batchHandler: { jobs, outcomes in for index in jobs.indices { outcomes.append(jobs[index]) } }
                )
            },
        ]
    }

    @Test func `every job is timed where every job is to be`() async throws {
        for report in try await self.reports(.everyJob) {
            #expect(report.waitTimes.count == Self.jobs && report.runTimes.count == Self.jobs)
        }
    }

    @Test func `one job of a batch is timed by default, and none where none is to be`() async throws {
        for report in try await self.reports(.sampled) {
            #expect((1...Self.jobs).contains(report.runTimes.count))
            #expect(report.waitTimes.count <= report.runTimes.count)
        }
        for report in try await self.reports(.off) {
            #expect(report.waitTimes.count == 0 && report.runTimes.count == 0)
        }
    }

    @Test func `ticks become nanoseconds by what the clock says of the whole batch`() {
        #expect(self.histogram([100, 300, 600], elapsed: 500) == self.histogram(of: [50, 150, 300]))
        #expect(self.histogram([7], elapsed: 1_234) == self.histogram(of: [1_234]))
        #expect(self.histogram([0, 2_600, 26], elapsed: 1_010) == self.histogram(of: [0, 1_000, 10]))
    }

    @Test func `a counter that goes back or stands still gives no nonsense`() {
        let back = self.histogram([0 &- 5, 105, 300], elapsed: 400)
        #expect(back.count == 3 && back.sum == 400 && back.max == 300 && back.counts(upTo: [0]) == [1])
        #expect(self.histogram([0, 0], elapsed: 90) == self.histogram(of: [45, 45]))
        #expect(self.histogram([.max, .max], elapsed: 10) == self.histogram(of: [5, 5]))
        #expect(self.histogram([1 << 62, 0 &- (1 << 62), 4], elapsed: 8).sum == 8)
    }

    @Test func `a batch that was measured whole counts with each job's share`() {
        var times = self.times(batchMax: 64)
        defer { times.deallocate() }
        for jobs in [1, 64] {
            times.turn(.system, now: 1_000)
            times.forget()
            times.set(2_000, jobs: jobs)
            times.turn(.system, now: 200_000)
            var histogram = LatencyHistogram()
            histogram.record(times.recorded)
            #expect(histogram == self.histogram(of: Array(repeating: 2_000, count: jobs)))
        }
    }

    private func times(batchMax: Int) -> RunTimes {
        var limits = PoolLimits(capacity: 1, bytesMax: nil, workers: 1, parallelism: 1, batchMax: batchMax)
        limits.timing = .everyJob
        return RunTimes(limits)
    }

    /// What a batch counts as whose jobs took so many ticks each, and all together so many nanoseconds.
    private func histogram(_ ticks: [UInt64], elapsed: UInt64) -> LatencyHistogram {
        var times = self.times(batchMax: ticks.count + 1)
        defer { times.deallocate() }
        let counter = Locked(UInt64(1_000))
        let time = TimeSource(manual: .init(now: { counter.withLock { $0 } }, sleepUntil: { _ in }))
        times.turn(time, now: 10)
        times.forget()
        for (slot, tick) in ticks.enumerated() {
            times.beginJob(slot, time)
            counter.withLock { $0 &+= tick }
        }
        times.end(time)
        times.turn(time, now: 10 + elapsed)
        var histogram = LatencyHistogram()
        histogram.record(times.recorded)
        return histogram
    }

    private func histogram(of times: [UInt64]) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for time in times { histogram.record(time) }
        return histogram
    }
}
