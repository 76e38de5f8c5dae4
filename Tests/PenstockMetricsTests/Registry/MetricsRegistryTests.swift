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

@Suite("The registry", .timeLimit(.minutes(5)))
struct MetricsRegistryTests {
    private static let jobs = MetricFamily("jobs_total", .counter, labels: ["kind"], help: "Jobs.")

    private func rejected(_ registry: MetricsRegistry, _ reason: String) -> MetricSample.Value? {
        registry.snapshot().sample("penstock_metrics_series_rejected_total", [reason])?.value
    }

    @Test func `a series that is looked up again is the same`() {
        let registry = MetricsRegistry()
        #expect(registry.counter(Self.jobs, ["a"]) === registry.counter(Self.jobs, ["a"]))
        #expect(registry.counter(Self.jobs, ["a"]) !== registry.counter(Self.jobs, ["b"]))
    }

    @Test func `series beyond the limit count together, the sum stays right, and nothing fails`() {
        let registry = MetricsRegistry(seriesMax: 10)
        for index in 0..<1_000 { registry.counter(Self.jobs, ["kind \(index)"]).increment() }
        let snapshot = registry.snapshot()
        let samples = snapshot.families.first { $0.family == Self.jobs }?.samples ?? []
        #expect(samples.count == 11)
        let sum = samples.reduce(0) { sum, sample in
            guard case .integer(let count) = sample.value else { return sum }
            return sum + count
        }
        #expect(sum == 1_000)
        #expect(snapshot.sample("jobs_total", ["penstock_overflow"])?.value == .integer(990))
        #expect(self.rejected(registry, "limit") == .integer(990))
        // A family that is not known yet has no series to show it by.
        registry.gauge(MetricFamily("late", .gauge, help: "Late.")).set(1)
        registry.histogram(MetricFamily("later", .histogram, help: "Later.")).record(1)
        registry.total(MetricFamily("latest_total", .counter, help: "Latest.")).add(1)
        registry.counter(MetricFamily("last_total", .counter, help: "Last.")).add(1)
        #expect(registry.snapshot().sample("late") == nil)
        #expect(self.rejected(registry, "limit") == .integer(994))
    }

    @Test func `a place that is let go of can be taken`() {
        let registry = MetricsRegistry(seriesMax: 1)
        let first = registry.counter(Self.jobs, ["a"])
        _ = registry.counter(Self.jobs, ["a"])
        first.increment()
        registry.release(Self.jobs, ["a"])
        #expect(registry.snapshot().sample("jobs_total", ["a"]) != nil)
        registry.release(Self.jobs, ["a"])
        #expect(registry.snapshot().sample("jobs_total", ["a"]) == nil)
        registry.release(Self.jobs, ["a"])
        registry.gauge(MetricFamily("g", .gauge, help: "G.")).set(2)
        #expect(registry.snapshot().sample("g")?.value == .real(2))
        #expect(self.rejected(registry, "limit") == .integer(0))
    }

    @Test func `a name belongs to one kind, with all that is derived from it`() {
        let registry = MetricsRegistry()
        registry.histogram(MetricFamily("x", .histogram, help: "X.")).record(1)
        registry.gauge(MetricFamily("x", .gauge, help: "X.")).set(1)
        registry.gauge(MetricFamily("x_count", .gauge, help: "X.")).set(1)
        registry.counter(MetricFamily("x_total", .counter, help: "X.")).add(1)
        registry.counter(Self.jobs, ["a"]).add(1)
        registry.gauge(MetricFamily("jobs", .gauge, help: "Jobs.")).set(1)
        let names = registry.snapshot().families.map(\.family.name).filter { !$0.hasPrefix("penstock") }
        #expect(names == ["jobs_total", "x"])
        #expect(self.rejected(registry, "conflict") == .integer(4))
    }

    @Test func `whole numbers and fractions of one series do not mix`() {
        let registry = MetricsRegistry()
        registry.counter(Self.jobs, ["a"]).add(1)
        registry.total(Self.jobs, ["a"]).add(0.5)
        #expect(registry.snapshot().sample("jobs_total", ["a"])?.value == .integer(1))
    }

    @Test func `collectors are limited too, and a series stands once in a scrape`() {
        let registry = MetricsRegistry(seriesMax: 5)
        registry.counter(Self.jobs, ["a"]).add(1)
        let watch = registry.collect { samples in
            samples.add(Self.jobs, ["a"], 7)
            for index in 0..<10 { samples.add(Self.jobs, ["c\(index)"], index) }
            samples.add(MetricFamily("jobs", .gauge, help: "Jobs."), [], 1.5)
        }
        let snapshot = registry.snapshot()
        #expect(snapshot.sample("jobs_total", ["a"])?.value == .integer(1))
        #expect(snapshot.sample("jobs_total", ["c3"])?.value == .integer(3))
        #expect(snapshot.sample("jobs_total", ["c4"]) == nil)
        #expect(snapshot.sample("penstock_metrics_series")?.value == .integer(5))
        #expect(snapshot.sample("penstock_metrics_series_rejected_total", ["limit"])?.value == .integer(6))
        #expect(snapshot.sample("penstock_metrics_series_rejected_total", ["duplicate"])?.value == .integer(1))
        #expect(snapshot.sample("penstock_metrics_series_rejected_total", ["conflict"])?.value == .integer(1))
        registry.end(watch)
        #expect(registry.snapshot().sample("jobs_total", ["c3"]) == nil)
    }

    @Test func `lookups and scrapes may go on at once`() async {
        let registry = MetricsRegistry(seriesMax: 200)
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0..<500 {
                        registry.counter(Self.jobs, ["\(index % 50)"]).increment()
                        let own = MetricFamily("own_\(task)", .histogram, help: "Own.")
                        registry.histogram(own).record(Double(index))
                        if index % 100 == 0 { _ = registry.snapshot() }
                        registry.release(own)
                    }
                }
            }
        }
        let sum = registry.snapshot().families.first { $0.family == Self.jobs }?.samples.reduce(0) { sum, sample in
            guard case .integer(let count) = sample.value else { return sum }
            return sum + count
        }
        #expect(sum == 4_000)
    }
}
