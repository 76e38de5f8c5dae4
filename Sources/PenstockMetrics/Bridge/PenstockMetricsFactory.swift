//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import CoreMetrics

/// A backend for users of swift-metrics, whose series are those of a registry.
///
/// ```swift
/// MetricsSystem.bootstrap(PenstockMetricsFactory(registry))
/// ```
///
/// | of swift-metrics | in a scrape |
/// |---|---|
/// | `Counter`, `FloatingPointCounter` | a counter; its name ends in `_total` |
/// | `Meter`, `Gauge`, `Recorder(aggregate: false)` | a gauge |
/// | `Recorder(aggregate: true)` | a histogram |
/// | `Timer` | a histogram of seconds; its name ends in `_seconds` |
///
/// Dimensions are labels. In names, each character that is no letter or digit of ASCII becomes `_`. A series that
/// is one too many, or whose name belongs to another kind of metric, counts as ``MetricsRegistry`` says, and nothing traps.
public final class PenstockMetricsFactory: MetricsFactory {
    private let registry: MetricsRegistry
    private let timerBounds: MetricBounds
    private let recorderBounds: MetricBounds
    private let counters: HandlerCache<BridgedCounter>
    private let totals: HandlerCache<BridgedTotal>
    private let gauges: HandlerCache<BridgedGauge>
    private let recorders: HandlerCache<BridgedHistogram>
    private let timers: HandlerCache<BridgedHistogram>

    /// Creates a factory.
    ///
    /// - Parameters:
    ///   - registry: Has the series.
    ///   - timerBounds: The ranges that a scrape shows of timers, in seconds.
    ///   - recorderBounds: Those of recorders.
    public init(
        _ registry: MetricsRegistry,
        timerBounds: MetricBounds = .steps,
        recorderBounds: MetricBounds = .amounts
    ) {
        self.registry = registry
        self.timerBounds = timerBounds
        self.recorderBounds = recorderBounds
        self.counters = HandlerCache(entriesMax: registry.seriesMax)
        self.totals = HandlerCache(entriesMax: registry.seriesMax)
        self.gauges = HandlerCache(entriesMax: registry.seriesMax)
        self.recorders = HandlerCache(entriesMax: registry.seriesMax)
        self.timers = HandlerCache(entriesMax: registry.seriesMax)
    }

    /// A counter of the registry.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let key = HandlerCache<BridgedCounter>.Key(label, dimensions)
        return self.counters.handler(key) {
            let series = BridgedSeries(label, .counter, suffix: "_total", dimensions)
            return BridgedCounter(self.registry.counter(series.family, series.values), series, key)
        }
    }

    /// A counter of fractions.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        let key = HandlerCache<BridgedTotal>.Key(label, dimensions)
        return self.totals.handler(key) {
            let series = BridgedSeries(label, .counter, suffix: "_total", dimensions)
            return BridgedTotal(self.registry.total(series.family, series.values), series, key)
        }
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.gauge(label, dimensions)
    }

    /// A histogram, or a gauge of the last value for a recorder that does not aggregate.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return self.gauge(label, dimensions) }
        let key = HandlerCache<BridgedHistogram>.Key(label, dimensions)
        return self.recorders.handler(key) {
            let series = BridgedSeries(label, .histogram, dimensions)
            let histogram = self.registry.histogram(series.family, series.values, bounds: self.recorderBounds)
            return BridgedHistogram(histogram, series, key)
        }
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let key = HandlerCache<BridgedHistogram>.Key(label, dimensions)
        return self.timers.handler(key) {
            let series = BridgedSeries(label, .histogram, unit: "seconds", suffix: "_seconds", dimensions)
            let histogram = self.registry.histogram(series.family, series.values, bounds: self.timerBounds)
            return BridgedHistogram(histogram, series, key)
        }
    }

    /// Lets go of a counter; it is gone from scrapes when as many were destroyed as made.
    public func destroyCounter(_ handler: any CounterHandler) {
        if let counter = handler as? BridgedCounter { self.release(counter, self.counters) }
    }

    /// Lets go of a counter of fractions.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        if let total = handler as? BridgedTotal { self.release(total, self.totals) }
    }

    /// Lets go of a gauge.
    public func destroyMeter(_ handler: any MeterHandler) {
        if let gauge = handler as? BridgedGauge { self.release(gauge, self.gauges) }
    }

    /// Lets go of a recorder's histogram or gauge.
    public func destroyRecorder(_ handler: any RecorderHandler) {
        if let gauge = handler as? BridgedGauge { self.release(gauge, self.gauges) }
        if let histogram = handler as? BridgedHistogram { self.release(histogram, self.recorders) }
    }

    /// Lets go of a timer's histogram.
    public func destroyTimer(_ handler: any TimerHandler) {
        if let histogram = handler as? BridgedHistogram { self.release(histogram, self.timers) }
    }

    // MARK: - Private

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> BridgedGauge {
        let key = HandlerCache<BridgedGauge>.Key(label, dimensions)
        return self.gauges.handler(key) {
            let series = BridgedSeries(label, .gauge, dimensions)
            return BridgedGauge(self.registry.gauge(series.family, series.values), series, key)
        }
    }

    private func release<Handler: BridgedHandler>(_ handler: Handler, _ cache: HandlerCache<Handler>) {
        guard cache.destroy(handler, handler.key) else { return }
        self.registry.release(handler.series.family, handler.series.values)
    }
}

/// A handler that knows what it was made for.
private protocol BridgedHandler: AnyObject, Sendable {
    var series: BridgedSeries { get }
    var key: HandlerCache<Self>.Key { get }
}

/// What a handler counts for.
private struct BridgedSeries: Sendable {
    let family: MetricFamily
    let values: [String]

    init(
        _ label: String,
        _ kind: MetricFamily.Kind,
        unit: String? = nil,
        suffix: String = "",
        _ dimensions: [(String, String)]
    ) {
        let name = BridgedName.metric(label, suffix: suffix)
        let (names, values) = BridgedName.labels(dimensions)
        let help = "\(label), of swift-metrics."
        self.family = MetricFamily(name, kind, unit: unit, labels: names, help: help)
        self.values = values
    }
}

private final class BridgedCounter: BridgedHandler, CounterHandler {
    let counter: MetricCounter
    let series: BridgedSeries
    let key: HandlerCache<BridgedCounter>.Key

    init(_ counter: MetricCounter, _ series: BridgedSeries, _ key: HandlerCache<BridgedCounter>.Key) {
        self.counter = counter
        self.series = series
        self.key = key
    }

    func increment(by amount: Int64) { self.counter.add(Int(amount)) }
    func reset() { self.counter.reset() }
}

private final class BridgedTotal: BridgedHandler, FloatingPointCounterHandler {
    let total: MetricTotal
    let series: BridgedSeries
    let key: HandlerCache<BridgedTotal>.Key

    init(_ total: MetricTotal, _ series: BridgedSeries, _ key: HandlerCache<BridgedTotal>.Key) {
        self.total = total
        self.series = series
        self.key = key
    }

    func increment(by amount: Double) { self.total.add(amount) }
    func reset() { self.total.reset() }
}

private final class BridgedGauge: BridgedHandler, MeterHandler, RecorderHandler {
    let gauge: MetricGauge
    let series: BridgedSeries
    let key: HandlerCache<BridgedGauge>.Key

    init(_ gauge: MetricGauge, _ series: BridgedSeries, _ key: HandlerCache<BridgedGauge>.Key) {
        self.gauge = gauge
        self.series = series
        self.key = key
    }

    func set(_ value: Int64) { self.gauge.set(Double(value)) }
    func set(_ value: Double) { self.gauge.set(value) }
    func increment(by amount: Double) { self.gauge.add(amount) }
    func decrement(by amount: Double) { self.gauge.add(-amount) }
    func record(_ value: Int64) { self.gauge.set(Double(value)) }
    func record(_ value: Double) { self.gauge.set(value) }
}

private final class BridgedHistogram: BridgedHandler, RecorderHandler, TimerHandler {
    let histogram: MetricHistogram
    let series: BridgedSeries
    let key: HandlerCache<BridgedHistogram>.Key

    init(_ histogram: MetricHistogram, _ series: BridgedSeries, _ key: HandlerCache<BridgedHistogram>.Key) {
        self.histogram = histogram
        self.series = series
        self.key = key
    }

    func record(_ value: Int64) { self.histogram.record(Double(value)) }
    func record(_ value: Double) { self.histogram.record(value) }
    func recordNanoseconds(_ duration: Int64) { self.histogram.record(nanoseconds: UInt64(max(0, duration))) }
}
