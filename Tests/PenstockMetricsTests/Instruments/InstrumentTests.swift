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
import PenstockTesting
import Testing

@testable import PenstockMetrics

@Suite("Counters, gauges and histograms", .timeLimit(.minutes(5)))
struct InstrumentTests {
    private let registry = MetricsRegistry()

    private func histogram(bounds: MetricBounds = .fine) -> MetricHistogram {
        self.registry.histogram(MetricFamily("h", .histogram, help: "H."), bounds: bounds)
    }

    @Test func `counters of many tasks lose nothing`() async {
        let counter = self.registry.counter(MetricFamily("c_total", .counter, help: "C."))
        let total = self.registry.total(MetricFamily("t_total", .counter, help: "T."))
        let gauge = self.registry.gauge(MetricFamily("g", .gauge, help: "G."))
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        counter.add(2)
                        total.add(0.25)
                        gauge.add(1)
                        gauge.add(-0.5)
                    }
                }
            }
        }
        #expect(counter.value == 240_000)
        #expect(total.value == 20_000)
        #expect(gauge.value == 40_000)
    }

    @Test func `a counter never falls`() {
        let counter = self.registry.counter(MetricFamily("c_total", .counter, help: "C."))
        counter.add(5)
        counter.add(-3)
        counter.add(.min)
        #expect(counter.value == 5)
        let total = self.registry.total(MetricFamily("t_total", .counter, help: "T."))
        for amount in [1.5, -1, .nan, .infinity, -.infinity, 0] { total.add(amount) }
        #expect(total.value == 1.5)
    }

    @Test func `a quantile is exact to 1 %`() {
        for seed in 1...UInt64(20) {
            var random = SeededGenerator(seed: seed)
            let histogram = MetricsRegistry().histogram(MetricFamily("h", .histogram, help: "H."))
            let values = (0..<2_000).map { _ in
                Double(sign: .plus, exponent: .random(in: -30...10, using: &random), significand: 1)
                    * Double.random(in: 1..<2, using: &random)
            }
            for value in values { histogram.record(value) }
            let sorted = values.sorted()
            for share in [0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
                let exact = sorted[max(1, Int((Double(sorted.count) * share).rounded(.up))) - 1]
                let told = histogram.quantile(share)
                #expect(abs(told - exact) <= exact * 0.01, "seed \(seed), \(share): \(told) for \(exact)")
            }
            #expect(histogram.count == values.count)
        }
    }

    @Test func `what is no number is not counted`() {
        let histogram = self.histogram()
        for value in [Double.nan, .infinity, -.infinity, .signalingNaN] { histogram.record(value) }
        #expect(histogram.count == 0)
        #expect(histogram.quantile(0.5) == 0)
        histogram.record(0)
        histogram.record(-1)
        #expect(histogram.distribution().counts.first == 2)
        #expect(histogram.distribution().sum == -1)
    }

    @Test func `times are counted in seconds, however they are given`() {
        let histogram = self.histogram()
        histogram.record(nanoseconds: 46_000)
        histogram.record(.microseconds(46))
        histogram.record(46e-6)
        let distribution = histogram.distribution()
        #expect(distribution.count == 3)
        #expect(abs(distribution.sum - 138e-6) < 1e-9)
        #expect(distribution.bounds.values.first { 46e-6 <= $0 } == 5e-5)
    }
}

/// What Prometheus works out from the bounds.
@Suite("Quantiles by bounds", .timeLimit(.minutes(5)))
struct MetricBoundsTests {
    /// Ways in which a thousand jobs can have a P99 of 46 us: times in microseconds, ascending, the 990th 46.
    private static let shapes: [String: [Double]] = [
        "all the same": Array(repeating: 46, count: 1_000),
        "exponential": (1...1_000).map { -10 * 0.9989 * log(1 - (Double($0) - 0.05) / 1_000) },
        "even": (1...1_000).map { 46 * Double($0) / 990 },
        "mostly fast": (1...1_000).map { $0 < 990 ? 2 : 46 },
        "a long tail": (1...1_000).map { $0 < 985 ? 3 : $0 <= 990 ? 46 : 5_000 },
        "two groups": (1...1_000).map { $0 < 500 ? 1 : $0 < 989 ? 44 : $0 <= 990 ? 46 : 400_000 },
    ]

    @Test(arguments: shapes.keys.sorted()) func `a P99 of 46 us is read within 10 %`(shape: String) throws {
        let times = try #require(Self.shapes[shape])
        #expect(abs(times.sorted()[989] - 46) < 0.5)
        let histogram = MetricsRegistry().histogram(MetricFamily("h", .histogram, help: "H."), bounds: .fine)
        var latency = LatencyHistogram()
        for time in times {
            histogram.record(time * 1e-6)
            latency.record(UInt64(time * 1_000))
        }
        let registry = MetricsRegistry()
        let family = MetricFamily("l_seconds", .histogram, unit: "seconds", help: "L.")
        registry.collect { [latency] in $0.add(family, [], latency) }
        guard case .distribution(let collected) = registry.snapshot().sample("l_seconds")?.value else {
            Issue.record("no distribution")
            return
        }
        for distribution in [histogram.distribution(), collected] {
            let read = try #require(distribution.quantile(0.99))
            #expect(abs(read - 46e-6) <= 4.6e-6, "read as \(read * 1e6) us")
        }
    }

    @Test func `no range between 10 us and 1 s is wider than a seventh`() {
        let bounds = MetricBounds.fine.values
        for (lower, upper) in zip(bounds, bounds.dropFirst()) where lower >= 1e-5 && upper <= 1 {
            #expect((upper - lower) / lower <= 0.143, "\(lower) to \(upper)")
        }
    }

    @Test func `the classic bounds, and 1, 2.5 and 5 from 1 us up, are among the bounds of times`() {
        let classic = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        let steps = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3]
        #expect(MetricBounds.steps.values == steps + classic)
        #expect(Set(MetricBounds.fine.values).isSuperset(of: MetricBounds.steps.values))
        #expect(MetricBounds.fine.values == MetricBounds.fine.values.sorted())
    }
}
