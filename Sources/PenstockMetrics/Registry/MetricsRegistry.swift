//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// All series of a process, and what a scrape shows of them.
///
/// Counters, gauges and histograms are looked up once and kept by who counts. Pools and pipelines count for themselves: a
/// registry that watches one asks it for a snapshot at each scrape, and costs its jobs nothing.
///
/// There is a limit to its series, because each costs memory here and in whatever scrapes it. Who looks up one too many
/// gets an instrument all the same: that of the family's overflow, whose labels all say `penstock_overflow`, so that the sum
/// over the family stays right; or, of a new family, one that no scrape shows. `penstock_metrics_series_rejected_total` counts it.
///
/// ```swift
/// let registry = MetricsRegistry()
/// registry.watchProcess()
/// registry.watch(pool)
/// let orders = registry.counter(MetricFamily("shop_orders_total", .counter, help: "Orders taken."))
/// orders.increment()
/// let text = MetricsFormat.prometheus.text(registry.snapshot())
/// ```
public final class MetricsRegistry: Sendable {
    /// The value of each label of a family's overflow.
    static let overflow = "penstock_overflow"

    /// The most series there may be.
    public let seriesMax: Int
    private let state: Locked<RegistryState>

    /// Creates a registry of nothing.
    ///
    /// - Parameter seriesMax: The most series there may be, those of collectors among them; a histogram counts as one.
    public init(seriesMax: Int = 10_000) {
        precondition(seriesMax > 0, "A registry has room for at least one series.")
        self.seriesMax = seriesMax
        self.state = Locked(RegistryState())
    }

    // MARK: - Instruments

    /// A counter; the same one whenever it is looked up.
    ///
    /// - Parameters:
    ///   - family: What it belongs to: of the kind `counter`.
    ///   - values: The values of its labels, in the family's order.
    public func counter(_ family: MetricFamily, _ values: [String] = []) -> MetricCounter {
        precondition(family.kind == .counter, "'\(family.name)' is no counter.")
        let found = self.instrument(family, values) { .counter(MetricCounter($0.next())) }
        if case .counter(let counter) = found { return counter }
        return self.refuse { MetricCounter($0.next()) }
    }

    /// A counter of fractions, as of seconds; the same one whenever it is looked up.
    ///
    /// - Parameters:
    ///   - family: What it belongs to: of the kind `counter`.
    ///   - values: The values of its labels, in the family's order.
    public func total(_ family: MetricFamily, _ values: [String] = []) -> MetricTotal {
        precondition(family.kind == .counter, "'\(family.name)' is no counter.")
        let found = self.instrument(family, values) { .total(MetricTotal($0.next())) }
        if case .total(let total) = found { return total }
        return self.refuse { MetricTotal($0.next()) }
    }

    /// A gauge; the same one whenever it is looked up.
    ///
    /// - Parameters:
    ///   - family: What it belongs to: of the kind `gauge` or `info`.
    ///   - values: The values of its labels, in the family's order.
    public func gauge(_ family: MetricFamily, _ values: [String] = []) -> MetricGauge {
        precondition(family.kind == .gauge || family.kind == .info, "'\(family.name)' is no gauge.")
        let found = self.instrument(family, values) { _ in .gauge(MetricGauge()) }
        if case .gauge(let gauge) = found { return gauge }
        return self.refuse { _ in MetricGauge() }
    }

    /// A histogram; the same one whenever it is looked up.
    ///
    /// - Parameters:
    ///   - family: What it belongs to: of the kind `histogram`.
    ///   - values: The values of its labels, in the family's order.
    ///   - bounds: The ranges that a scrape shows.
    public func histogram(
        _ family: MetricFamily,
        _ values: [String] = [],
        bounds: MetricBounds = .steps
    ) -> MetricHistogram {
        precondition(family.kind == .histogram, "'\(family.name)' is no histogram.")
        let found = self.instrument(family, values) { _ in .histogram(MetricHistogram(bounds: bounds)) }
        if case .histogram(let histogram) = found { return histogram }
        return self.refuse { _ in MetricHistogram(bounds: bounds) }
    }

    /// Lets go of a series: once as often as it was looked up, and no scrape shows it any more.
    ///
    /// Who still has the instrument may count on; nobody sees it.
    ///
    /// - Parameters:
    ///   - family: What it belongs to.
    ///   - values: The values of its labels, in the family's order.
    public func release(_ family: MetricFamily, _ values: [String] = []) {
        let labels = MetricLabel.text(of: zip(family.labels, values).map { MetricLabel($0, $1) })
        self.state.withLock { $0.release(family.name, labels) }
    }

    // MARK: - Collectors

    /// Calls a closure at each scrape, which adds series.
    ///
    /// - Parameter collector: Called outside all locks, by whoever scrapes; by several at once if they do.
    /// - Returns: What ends it.
    @discardableResult
    public func collect(_ collector: @escaping @Sendable (inout MetricSamples) -> Void) -> MetricsWatch {
        MetricsWatch(id: self.state.withLock { $0.add(collector) })
    }

    /// Ends a collector, or the watch of a pool or pipeline; scrapes that have begun may still show it.
    public func end(_ watch: MetricsWatch) {
        self.state.withLock { state in
            state.collectors[watch.id] = nil
            state.watched[watch.id] = nil
        }
    }

    // MARK: - Scrapes

    /// All series now: those looked up here, those of collectors, and the registry's own.
    public func snapshot() -> MetricsSnapshot {
        let (registered, collectors) = self.state.withLock { ($0.registered(), $0.orderedCollectors()) }
        var samples = MetricSamples(seriesMax: self.seriesMax)
        for (family, sample) in registered { samples.add(family, sample.sample(), isLimited: !sample.isOverflow) }
        for collector in collectors { collector(&samples) }
        self.addOwn(to: &samples)
        return samples.snapshot()
    }

    /// What the collectors show now, without the series that were looked up here.
    func collected() -> MetricsSnapshot {
        let collectors = self.state.withLock { $0.orderedCollectors() }
        var samples = MetricSamples(seriesMax: self.seriesMax)
        for collector in collectors { collector(&samples) }
        return samples.snapshot()
    }

    // MARK: - Watches

    /// Begins a watch of what has a name, and may be asked what of it lives.
    func watch(
        _ name: String,
        live: @escaping @Sendable (String) -> LiveObjects,
        collect: @escaping @Sendable (String, inout MetricSamples) -> Void
    ) -> MetricsWatch {
        self.state.withLock { state in
            let name = state.freeName(name)
            let id = state.add { collect(name, &$0) }
            state.watched[id] = RegistryState.Watched(name: name) { live(name) }
            return MetricsWatch(id: id)
        }
    }

    /// What is watched, in the order in which the watches began.
    func watched() -> [@Sendable () -> LiveObjects] {
        self.state.withLock { state in state.watched.sorted { $0.key < $1.key }.map(\.value.live) }
    }

    // MARK: - Private

    private func instrument(
        _ family: MetricFamily,
        _ values: [String],
        make: (inout CellShelf) -> Instrument
    ) -> Instrument? {
        precondition(values.count == family.labels.count, "'\(family.name)' has \(family.labels.count) labels.")
        let labels = zip(family.labels, values).map { MetricLabel($0, $1) }
        return self.state.withLock { $0.instrument(family, labels, seriesMax: self.seriesMax, make: make) }
    }

    /// An instrument that no scrape shows, because the one asked for is of another kind.
    private func refuse<Made>(_ make: (inout CellShelf) -> Made) -> Made {
        self.state.withLock { make(&$0.shelf) }
    }

    private func addOwn(to samples: inout MetricSamples) {
        let count = samples.count
        let rejections = self.state.withLock { state in
            state.rejections += samples.rejections
            return state.rejections
        }
        let reasons = [
            ("limit", rejections.limit), ("conflict", rejections.conflict), ("duplicate", rejections.duplicate),
        ]
        for (reason, rejected) in reasons {
            samples.add(own: .seriesRejected, [reason], .integer(rejected))
        }
        samples.add(own: .series, [], .integer(count))
        samples.add(own: .seriesMax, [], .integer(self.seriesMax))
    }
}

/// A collector of a registry, or its watch of something; see ``MetricsRegistry/end(_:)``.
public struct MetricsWatch: Sendable, Hashable {
    let id: Int
}
