//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import CoreMetrics
public import Penstock

/// Hands what a registry's collectors show to the backend that swift-metrics was bootstrapped with.
///
/// For who has a backend already and wants Penstock's pools and pipelines in it: every some seconds, counters are
/// incremented by what has come since, and gauges set. Of histograms it emits `NAME_count`, `NAME_sum`, and a meter
/// `NAME` for each of three quantiles of what has come since, with the dimension `quantile`; backends of swift-metrics take
/// no histograms, only single values. Instruments that were looked up at the registry are not emitted.
///
/// ```swift
/// registry.watch(pool)
/// group.addTask { await MetricsEmitter(registry).run() }
/// ```
public final class MetricsEmitter: Sendable {
    private let registry: MetricsRegistry
    private let factory: (any MetricsFactory)?
    private let interval: Duration
    private let time: TimeSource

    /// Creates an emitter.
    ///
    /// - Parameters:
    ///   - registry: What it watches is emitted.
    ///   - factory: The backend; nil for the one that is bootstrapped when ``run()`` begins.
    ///   - interval: How long to wait between two times.
    ///   - time: Where time comes from.
    public init(
        _ registry: MetricsRegistry,
        to factory: (any MetricsFactory)? = nil,
        every interval: Duration = .seconds(10),
        time: TimeSource = .system
    ) {
        precondition(interval > .zero, "An emitter waits between two times.")
        self.registry = registry
        self.factory = factory
        self.interval = interval
        self.time = time
    }

    /// Emits until its task is cancelled, then once more, so that nothing is missing, and returns.
    public func run() async {
        var emission = Emission(factory: self.factory ?? MetricsSystem.factory)
        while true {
            let goesOn = (try? await self.time.sleep(for: self.interval)) != nil
            emission.emit(self.registry.collected())
            guard goesOn else { return emission.end() }
        }
    }
}

/// What was emitted so far, and the backend's handles, each looked up once.
struct Emission {
    private enum Handle {
        case counter(Counter, last: Int)
        case total(FloatingPointCounter, last: Double)
        case meter(Meter)
        case distribution(DistributionHandles, last: MetricDistribution?)

        func destroy() {
            switch self {
            case .counter(let counter, _): counter.destroy()
            case .total(let total, _): total.destroy()
            case .meter(let meter): meter.destroy()
            case .distribution(let handles, _): handles.destroy()
            }
        }
    }

    private let factory: any MetricsFactory
    private var handles: [SeriesKey: Handle] = [:]

    init(factory: any MetricsFactory) { self.factory = factory }

    /// Emits what has changed; handles of series that are no longer there are destroyed.
    mutating func emit(_ snapshot: MetricsSnapshot) {
        var seen: Set<SeriesKey> = []
        for group in snapshot.families {
            for sample in group.samples {
                let key = SeriesKey(name: group.family.name, labelText: sample.labelText)
                seen.insert(key)
                let handle = self.handles[key] ?? self.handle(for: group.family, sample)
                self.handles[key] = self.emit(sample.value, to: handle)
            }
        }
        for (key, handle) in self.handles where !seen.contains(key) {
            handle.destroy()
            self.handles[key] = nil
        }
    }

    /// Destroys all handles.
    mutating func end() {
        for handle in self.handles.values { handle.destroy() }
        self.handles = [:]
    }

    // MARK: - Private

    private func handle(for family: MetricFamily, _ sample: MetricSample) -> Handle {
        let dimensions = sample.labels.map { ($0.name, $0.value) }
        switch (family.kind, sample.value) {
        case (.counter, .integer):
            return .counter(Counter(label: family.name, dimensions: dimensions, factory: self.factory), last: 0)
        case (.counter, _):
            let total = FloatingPointCounter(label: family.name, dimensions: dimensions, factory: self.factory)
            return .total(total, last: 0)
        case (.histogram, _):
            return .distribution(DistributionHandles(family.name, dimensions, self.factory), last: nil)
        case (.gauge, _), (.info, _):
            return .meter(Meter(label: family.name, dimensions: dimensions, factory: self.factory))
        }
    }

    private func emit(_ value: MetricSample.Value, to handle: Handle) -> Handle {
        switch (handle, value) {
        case (.counter(let counter, let last), .integer(let count)):
            // Less than before is another one's, which has begun at 0.
            let change = count < last ? count : count - last
            if change > 0 { counter.increment(by: change) }
            return .counter(counter, last: count)
        case (.total(let total, let last), _):
            let number = value.number
            let change = number < last ? number : number - last
            if change > 0 { total.increment(by: change) }
            return .total(total, last: number)
        case (.distribution(let handles, let last), .distribution(let distribution)):
            handles.emit(last.flatMap { distribution.since($0) } ?? distribution)
            return .distribution(handles, last: distribution)
        case (.meter(let meter), _):
            meter.set(value.number)
            return handle
        case (.counter, _), (.distribution, _):
            return handle
        }
    }
}

/// The backend's handles for a histogram.
private struct DistributionHandles {
    private static let quantiles = [("0.5", 0.5), ("0.95", 0.95), ("0.99", 0.99)]

    private let count: Counter
    private let sum: FloatingPointCounter
    private let meters: [(share: Double, meter: Meter)]

    init(_ name: String, _ dimensions: [(String, String)], _ factory: any MetricsFactory) {
        self.count = Counter(label: name + "_count", dimensions: dimensions, factory: factory)
        self.sum = FloatingPointCounter(label: name + "_sum", dimensions: dimensions, factory: factory)
        self.meters = Self.quantiles.map { text, share in
            (share, Meter(label: name, dimensions: dimensions + [("quantile", text)], factory: factory))
        }
    }

    /// Emits what has come; quantiles of nothing stay what they were.
    func emit(_ change: MetricDistribution) {
        guard change.count > 0 else { return }
        self.count.increment(by: change.count)
        if change.sum > 0 { self.sum.increment(by: change.sum) }
        for (share, meter) in self.meters {
            if let value = change.quantile(share) { meter.set(value) }
        }
    }

    func destroy() {
        self.count.destroy()
        self.sum.destroy()
        for (_, meter) in self.meters { meter.destroy() }
    }
}

extension MetricSample.Value {
    /// The number it is; of a distribution, how many values there are.
    fileprivate var number: Double {
        switch self {
        case .integer(let count): Double(count)
        case .real(let number): number
        case .distribution(let distribution): Double(distribution.count)
        }
    }
}
