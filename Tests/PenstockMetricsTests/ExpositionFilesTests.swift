//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Penstock
import PenstockEvents
import PenstockMetrics
import Testing

/// Scrapes with everything in them, taken while a pool works.
///
/// `dev/check metrics` names a folder in `PENSTOCK_SCRAPES`: there they are left for Prometheus's own tools to read.
@Suite("Scrapes under load", .timeLimit(.minutes(5)))
struct ExpositionFilesTests {
    private func registry() -> MetricsRegistry {
        let registry = MetricsRegistry()
        registry.watchProcess()
        registry.describeBuild(version: "0.1.0")
        registry.watchLiveObjects()
        let naughty = MetricFamily(
            "naughty_texts_total",
            .counter,
            labels: ["text"],
            help: "Texts \\ of \"any\"\nkind."
        )
        for text in NaughtyTexts.all { registry.counter(naughty, [text]).increment() }
        let traced = MetricFamily("traced_seconds", .histogram, unit: "seconds", help: "Times with examples.")
        let histogram = registry.histogram(traced)
        for (index, text) in NaughtyTexts.all.enumerated() {
            histogram.record(Double(index) / 1_000, exemplar: ["trace_id": text])
        }
        return registry
    }

    @Test func `a scrape under load is whole in both formats`() async throws {
        let registry = self.registry()
        let pool = WorkerPool(WorkerPoolConfiguration(name: "jobs", workers: 2, capacity: 64)) { (_: Int) in }
        let resources = ResourcePool<Int> { 1 }
        let pipeline = Pipeline("flights") {
            Generator(count: 10_000)
            Decode.json
            Filter("delay > 60")
            NullSink()
        }
        registry.watch(pool)
        registry.watch(resources)
        registry.watch(pipeline)
        async let poolRun = pool.run()
        async let resourceRun = resources.run()
        async let pipelineRun = pipeline.run()
        let lease = try await resources.lease()
        let scrape = try await withThrowingTaskGroup { group in
            for _ in 0..<2 { group.addTask { for job in 0..<5_000 { try await pool.submit(job) } } }
            var scrape = registry.snapshot()
            while scrape.number("penstock_jobs_offered_total", ["jobs"]) == 0 { scrape = registry.snapshot() }
            try await group.waitForAll()
            return scrape
        }
        lease.release()
        _ = await pool.drain()
        _ = await resources.drain()
        _ = try await (poolRun, resourceRun, pipelineRun)
        let atEnd = registry.snapshot()
        for (name, snapshot) in [("load", scrape), ("end", atEnd)] {
            let prometheus = MetricsFormat.prometheus.text(snapshot)
            let openMetrics = MetricsFormat.openMetrics.text(snapshot)
            let read = (try Exposition(prometheus), try Exposition(openMetrics))
            #expect(read.0.lines.map(\.value) == read.1.lines.map(\.value))
            #expect(Set(read.0.lines).count == read.0.lines.count)
            // Whatever is called as ours is in the catalogue.
            let own = snapshot.names.filter { $0.hasPrefix("penstock_") || $0.hasPrefix("process_") }
            #expect(own.isSubset(of: MetricFamily.all.map(\.name)))
            guard let folder = ProcessInfo.processInfo.environment["PENSTOCK_SCRAPES"] else { continue }
            try Data(prometheus.utf8).write(to: URL(filePath: "\(folder)/\(name).prometheus"))
            try Data(openMetrics.utf8).write(to: URL(filePath: "\(folder)/\(name).openmetrics"))
        }
        #expect(atEnd.count("jobs_processed_total", "jobs", "done") == 10_000)
    }
}
