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
        #expect(self.converted([100, 300, 600], elapsed: 500) == [50, 150, 300])
        #expect(self.converted([7], elapsed: 1_234) == [1_234])
    }

    @Test func `a counter that goes back or stands still gives no nonsense`() {
        #expect(self.converted([0 &- 5, 100, 300], elapsed: 800) == [0, 200, 600])
        #expect(self.converted([0, 0], elapsed: 90) == [45, 45])
        #expect(self.converted([.max, .max], elapsed: 10) == [5, 5])
    }

    private func converted(_ ticks: [UInt64], elapsed: UInt64) -> [UInt64] {
        var limits = PoolLimits(capacity: 1, bytesMax: nil, workers: 1, parallelism: 1, batchMax: ticks.count + 1)
        limits.timing = .everyJob
        var times = RunTimes(limits)
        defer { times.deallocate() }
        for (index, tick) in ticks.enumerated() { times.times[index] = tick }
        times.count = ticks.count
        times.convertTicks(elapsed: elapsed)
        return ticks.indices.map { times.times[$0] }
    }
}
