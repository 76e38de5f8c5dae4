//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CoreMetrics
import PenstockMetrics
import Testing

@Suite("A backend for users of swift-metrics", .timeLimit(.minutes(5)))
struct PenstockMetricsFactoryTests {
    private let registry = MetricsRegistry()
    private var factory: PenstockMetricsFactory { PenstockMetricsFactory(self.registry) }

    @Test func `each kind is shown as what it is`() throws {
        let factory = self.factory
        Counter(label: "http.requests", dimensions: [("path", "/"), ("code", "200")], factory: factory).increment(by: 3)
        FloatingPointCounter(label: "spent", factory: factory).increment(by: 0.5)
        let meter = Meter(label: "depth", factory: factory)
        meter.set(5)
        meter.increment(by: 2)
        meter.decrement(by: 0.5)
        Gauge(label: "last", factory: factory).record(7)
        let recorder = Recorder(label: "sizes", factory: factory)
        recorder.record(1_500)
        recorder.record(0.25)
        Timer(label: "http.time", factory: factory).recordMilliseconds(46)
        let exposition = try Exposition(MetricsFormat.openMetrics.text(self.registry.snapshot()))
        #expect(exposition.value("http_requests_total", ["path": "/", "code": "200"]) == "3")
        #expect(exposition.types["http_requests"] == "counter")
        #expect(exposition.helps["http_requests"] == "http.requests, of swift-metrics.")
        #expect(exposition.value("spent_total") == "0.5")
        #expect(exposition.value("depth") == "6.5")
        #expect(exposition.value("last") == "7.0")
        #expect(exposition.value("sizes_count") == "2")
        #expect(exposition.value("sizes_sum") == "1500.25")
        #expect(exposition.value("sizes_bucket", ["le": "1000.0"]) == "1")
        let sum = try #require(exposition.value("http_time_seconds_sum").flatMap { Double($0) })
        #expect(abs(sum - 0.046) < 1e-12)
        #expect(exposition.value("http_time_seconds_bucket", ["le": "0.05"]) == "1")
        #expect(exposition.value("http_time_seconds_bucket", ["le": "0.025"]) == "0")
        #expect(exposition.units["http_time_seconds"] == "seconds")
    }

    @Test func `series are the same whatever the order of dimensions, and go when all were destroyed`() {
        let factory = self.factory
        let first = Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: factory)
        let second = Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: factory)
        first.increment()
        second.increment()
        #expect(self.registry.snapshot().count("c_total", "1", "2") == 2)
        first.reset()
        #expect(self.registry.snapshot().count("c_total", "1", "2") == 0)
        second.increment(by: 4)
        first.destroy()
        #expect(self.registry.snapshot().count("c_total", "1", "2") == 4)
        second.destroy()
        #expect(self.registry.snapshot().count("c_total", "1", "2") == nil)
        let timer = Timer(label: "t", factory: factory)
        let meter = Meter(label: "m", factory: factory)
        let gauge = Gauge(label: "g", factory: factory)
        let total = FloatingPointCounter(label: "f", factory: factory)
        #expect(self.registry.snapshot().names.isSuperset(of: ["t_seconds", "m", "g", "f_total"]))
        timer.destroy()
        meter.destroy()
        gauge.destroy()
        total.destroy()
        #expect(self.registry.snapshot().names.allSatisfy { $0.hasPrefix("penstock_metrics_") })
    }

    @Test func `what is made again and again is one series, and what is one too many is not kept`() {
        let registry = MetricsRegistry(seriesMax: 5)
        let factory = PenstockMetricsFactory(registry)
        for index in 0..<1_000 {
            Counter(label: "c", dimensions: [("k", "\(index % 10)")], factory: factory).increment()
            Timer(label: "t", dimensions: [("k", "\(index % 10)")], factory: factory).recordNanoseconds(1)
        }
        let samples = registry.snapshot().families.first { $0.family.name == "c_total" }?.samples ?? []
        let sum = samples.reduce(0) { sum, sample in
            guard case .integer(let count) = sample.value else { return sum }
            return sum + count
        }
        #expect(sum == 1_000)
        // Five, and the overflows of both families.
        #expect(registry.snapshot().count("penstock_metrics_series") == 7)
    }

    @Test func `names and labels may be any text`() throws {
        let factory = self.factory
        for text in NaughtyTexts.all {
            Counter(label: text, dimensions: [(text, text), ("le", text), ("__name__", text)], factory: factory)
                .increment()
            Timer(label: text, dimensions: [(text, text)], factory: factory).recordNanoseconds(1)
            Gauge(label: text, dimensions: [("9", text)], factory: factory).record(1)
            Recorder(label: text, factory: factory).record(1)
        }
        for label in ["_total", "total", "a-b", "a.b", "9"] { Counter(label: label, factory: factory).increment() }
        for label in ["_seconds", "x_seconds"] { Timer(label: label, factory: factory).recordNanoseconds(1) }
        let exposition = try Exposition(MetricsFormat.openMetrics.text(self.registry.snapshot()))
        #expect(exposition.value("_total_total") == "1")
        #expect(exposition.value("total_total") == "1")
        #expect(exposition.value("a_b_total") == "2")
        #expect(exposition.value("_9_total") == "1")
        #expect(exposition.value("x_seconds_count") == "1")
        #expect(exposition.value("_seconds_seconds_count") == "1")
    }

    @Test func `a name of two kinds traps nobody`() {
        let factory = self.factory
        Gauge(label: "x", factory: factory).record(1)
        Recorder(label: "x", factory: factory).record(1)
        Timer(label: "x", factory: factory).recordNanoseconds(1)
        #expect(self.registry.snapshot().number("x") == 1)
        #expect(self.registry.snapshot().count("penstock_metrics_series_rejected_total", "conflict") == 1)
    }
}
