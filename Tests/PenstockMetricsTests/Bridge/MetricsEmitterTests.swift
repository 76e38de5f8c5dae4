//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CoreMetrics
import Penstock
import PenstockMetrics
import PenstockTesting
import Testing

@Suite("Emission into a backend of swift-metrics", .timeLimit(.minutes(5)))
struct MetricsEmitterTests {
    private let registry = MetricsRegistry()
    private let factory = RecordingFactory()
    private let clock = VirtualClock()

    /// Waits until the emitter sleeps again, which means that it has emitted.
    private func untilItWaits() async {
        while self.clock.sleeperCount == 0 { await Task.yield() }
    }

    private func counts(_ key: String) -> Int64? { self.factory.state.withLock { $0.counts[key] } }

    @Test func `counters of a pool arrive as what has come since, and all of it`() async throws {
        let pool = WorkerPool(WorkerPoolConfiguration(name: "p", workers: 2)) { (_: Int) in }
        self.registry.watch(pool)
        // Looked up here, so not emitted: the backend may be this very registry.
        self.registry.counter(MetricFamily("own_total", .counter, help: "Own.")).add(5)
        async let run = pool.run()
        let emitter = MetricsEmitter(self.registry, to: self.factory, every: .seconds(10), time: self.clock.time)
        await withTaskGroup { group in
            group.addTask { await emitter.run() }
            await self.untilItWaits()
            #expect(self.factory.state.withLock { $0.counts.isEmpty })
            for round in 1...3 {
                for job in 0..<100 { try? await pool.submit(job) }
                self.clock.advance(by: .seconds(10))
                await self.untilItWaits()
                #expect(self.counts("penstock_jobs_offered_total{pool=p}") == Int64(round * 100))
            }
            for job in 0..<7 { try? await pool.submit(job) }
            _ = await pool.drain()
            group.cancelAll()
        }
        let ledger = try await run.ledger
        #expect(self.counts("penstock_jobs_offered_total{pool=p}") == Int64(ledger.offered))
        #expect(self.counts("jobs_processed_total{pool=p,outcome=done}") == Int64(ledger.done))
        let state = self.factory.state.withLock { $0 }
        #expect(state.values["penstock_queue_capacity{pool=p}"] == 10_000)
        #expect(state.values["penstock_pool_balanced{pool=p}"] == 1)
        #expect(state.counts["penstock_queue_wait_seconds_count{pool=p}"] == Int64(pool.snapshot().waitTimes.count))
        #expect(state.values["penstock_queue_wait_seconds{pool=p,quantile=0.99}"] != nil)
        #expect(!state.made.contains { $0.hasPrefix("own") })
        // Looked up once each, and given back at the end.
        #expect(state.made.count == Set(state.made).count)
        #expect(state.destroyed.sorted() == state.made.sorted())
    }

    @Test func `a counter that began anew is counted from 0, and one that is gone is given back`() async {
        let count = Locked(10)
        let family = MetricFamily("c_total", .counter, help: "C.")
        let seconds = MetricFamily("s_seconds_total", .counter, unit: "seconds", help: "S.")
        let watch = self.registry.collect { samples in
            samples.add(family, [], count.withLock { $0 })
            samples.add(seconds, [], Double(count.withLock { $0 }) / 4)
        }
        let emitter = MetricsEmitter(self.registry, to: self.factory, every: .seconds(1), time: self.clock.time)
        await withTaskGroup { group in
            group.addTask { await emitter.run() }
            for (value, expected) in [(10, 10), (14, 14), (3, 17), (3, 17)] {
                await self.untilItWaits()
                count.withLock { $0 = value }
                self.clock.advance(by: .seconds(1))
                await self.untilItWaits()
                #expect(self.counts("c_total") == Int64(expected))
                #expect(self.factory.state.withLock { $0.totals["s_seconds_total"] } == Double(expected) / 4)
            }
            self.registry.end(watch)
            self.clock.advance(by: .seconds(1))
            await self.untilItWaits()
            #expect(self.factory.state.withLock { Set($0.destroyed) } == ["c_total", "s_seconds_total"])
            group.cancelAll()
        }
    }
}
