//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockMetrics
import Testing

@Suite("Pools in a scrape", .timeLimit(.minutes(5)))
struct PoolMetricsTests {
    private struct Refused: Error {}

    /// Each count of the ledger is the sample's.
    private func compare(_ scrape: MetricsSnapshot, _ ledger: Ledger, pool: String) {
        #expect(scrape.count("penstock_jobs_offered_total", pool) == ledger.offered)
        #expect(scrape.count("penstock_jobs_accepted_total", pool) == ledger.accepted)
        #expect(scrape.count("penstock_jobs_waiting", pool) == ledger.waiting)
        #expect(scrape.count("penstock_queue_depth", pool) == ledger.queued)
        #expect(scrape.count("penstock_jobs_in_flight", pool) == ledger.inFlight)
        let outcomes = [
            "done": ledger.done, "failed": ledger.failed, "cancelled": ledger.cancelled, "expired": ledger.expired,
            "shed": ledger.shed, "returned": ledger.returned, "abandoned": ledger.abandoned,
        ]
        for (outcome, count) in outcomes {
            #expect(scrape.count("jobs_processed_total", pool, outcome) == count, "\(outcome)")
        }
        #expect(scrape.count("penstock_jobs_rejected_total", pool, "full") == ledger.rejections.full)
        #expect(scrape.count("penstock_jobs_rejected_total", pool, "closed") == ledger.rejections.closed)
        #expect(scrape.count("penstock_jobs_shed_total", pool, "oldest") == ledger.sheds.oldest)
        #expect(scrape.count("penstock_pool_balanced", pool) == 1)
    }

    /// Both equations, from the scrape alone.
    private func isBalanced(_ scrape: MetricsSnapshot, pool: String) -> Bool {
        let sum = { (name: String) in
            scrape.families.first { $0.family.name == name }?.samples.reduce(0) { sum, sample in
                guard case .integer(let count) = sample.value, sample.labels[0].value == pool else { return sum }
                return sum + count
            } ?? 0
        }
        return sum("penstock_jobs_offered_total")
            == sum("penstock_jobs_accepted_total") + sum("penstock_jobs_rejected_total") + sum("penstock_jobs_waiting")
            && sum("penstock_jobs_accepted_total")
                == sum("penstock_queue_depth") + sum("penstock_jobs_in_flight") + sum("jobs_processed_total")
    }

    @Test func `counters equal the ledger, under load and at the end`() async throws {
        let registry = MetricsRegistry()
        var configuration = WorkerPoolConfiguration(name: "p", workers: 3, capacity: 16)
        configuration.overflow = .dropOldest
        let pool = WorkerPool(configuration) { (job: Int) in
            if job % 7 == 0 { throw Refused() }
        }
        registry.watch(pool)
        async let report = pool.run()
        try await withThrowingTaskGroup { group in
            for task in 0..<4 {
                group.addTask { for job in 0..<2_000 { try await pool.submit(task * 10_000 + job) } }
            }
            group.addTask {
                for _ in 0..<200 {
                    let scrape = registry.snapshot()
                    #expect(self.isBalanced(scrape, pool: "p"), "\(MetricsFormat.prometheus.text(scrape))")
                }
            }
            try await group.waitForAll()
        }
        _ = await pool.drain()
        let ledger = try await report.ledger
        #expect(ledger.offered == 8_000 && ledger.isBalanced)
        self.compare(registry.snapshot(), ledger, pool: "p")
    }

    @Test func `a full queue and a drained pool show it`() async throws {
        let registry = MetricsRegistry()
        let gate = Channel<Int>(capacity: 1)
        var configuration = WorkerPoolConfiguration(name: "p", workers: 1, capacity: 2)
        configuration.overflow = .reject
        configuration.batchMax = 1
        let pool = WorkerPool(configuration) { (_: Int) async throws in _ = try await gate.receive() }
        registry.watch(pool)
        async let report = pool.run()
        var rejected = 0
        for job in 0..<50 {
            do { try await pool.submit(job) } catch { rejected += 1 }
        }
        let scrape = registry.snapshot()
        #expect(scrape.count("penstock_jobs_rejected_total", "p", "full") == rejected)
        #expect(rejected >= 47)
        #expect(scrape.count("penstock_queue_capacity", "p") == 2)
        #expect(scrape.number("penstock_queue_utilization_ratio", ["p"]) == 1)
        gate.finish()
        _ = await pool.drain()
        let ledger = try await report.ledger
        self.compare(registry.snapshot(), ledger, pool: "p")
    }

    @Test func `pools of the same name are told apart`() {
        let registry = MetricsRegistry()
        let pools = (0..<3).map { _ in WorkerPool(WorkerPoolConfiguration(name: "p", workers: 1)) { (_: Int) in } }
        let watches = pools.map { registry.watch($0) }
        let scrape = registry.snapshot()
        for name in ["p", "p-2", "p-3"] { #expect(scrape.count("penstock_jobs_offered_total", name) == 0) }
        #expect(scrape.count("penstock_metrics_series_rejected_total", "duplicate") == 0)
        registry.end(watches[1])
        #expect(registry.snapshot().count("penstock_jobs_offered_total", "p-2") == nil)
        #expect(registry.liveObjects().pools.map(\.name) == ["p", "p-3"])
    }

    @Test func `a pool that is no longer watched is let go of`() {
        let registry = MetricsRegistry()
        weak var remembered: WorkerPool<Int, Void>?
        do {
            let pool = WorkerPool(WorkerPoolConfiguration(name: "p", workers: 1)) { (_: Int) in }
            remembered = pool
            registry.end(registry.watch(pool))
        }
        #expect(remembered == nil)
    }

    @Test func `times of jobs are in the histograms`() async throws {
        let registry = MetricsRegistry()
        var configuration = WorkerPoolConfiguration(name: "p", workers: 1)
        configuration.timing = .everyJob
        let pool = WorkerPool(configuration) { (_: Int) in }
        registry.watch(pool)
        async let report = pool.run()
        for job in 0..<100 { try await pool.submit(job) }
        _ = await pool.drain()
        _ = try await report
        let scrape = registry.snapshot()
        guard case .distribution(let runs) = scrape.sample("job_processing_duration_seconds", ["p"])?.value,
            case .distribution(let waits) = scrape.sample("penstock_queue_wait_seconds", ["p"])?.value
        else {
            Issue.record("no distributions")
            return
        }
        #expect(runs.count == 100 && waits.count == 100)
        #expect(runs.counts == runs.counts.sorted())
        #expect(abs(runs.sum - Double(pool.snapshot().runTimes.sum) / 1e9) < 1e-9)
    }
}
