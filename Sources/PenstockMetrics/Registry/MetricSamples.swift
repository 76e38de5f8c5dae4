//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// The series of a scrape while it is made: what a collector adds to.
///
/// A series that is there already, one beyond the registry's limit, and one whose family is called as another of a
/// different kind is left out and counted.
public struct MetricSamples {
    private var families: [String: MetricsSnapshot.Family] = [:]
    private var names = ClaimedNames()
    private var seen: Set<SeriesKey> = []
    private let seriesMax: Int
    /// Those of the series that the limit is about: not the overflows, nor the registry's own.
    private var limitedCount = 0
    /// How many series were left out.
    private(set) var rejections = SeriesRejections()

    init(seriesMax: Int) { self.seriesMax = seriesMax }

    /// How many series there are.
    var count: Int { self.seen.count }

    /// Adds a count.
    ///
    /// - Parameters:
    ///   - family: What it belongs to.
    ///   - values: The values of its labels, in the family's order.
    ///   - count: The count.
    public mutating func add(_ family: MetricFamily, _ values: [String] = [], _ count: Int) {
        self.add(family, values, .integer(count))
    }

    /// Adds a number.
    ///
    /// - Parameters:
    ///   - family: What it belongs to.
    ///   - values: The values of its labels, in the family's order.
    ///   - number: The number.
    public mutating func add(_ family: MetricFamily, _ values: [String] = [], _ number: Double) {
        self.add(family, values, .real(number))
    }

    /// Adds a time, in seconds.
    ///
    /// - Parameters:
    ///   - family: What it belongs to.
    ///   - values: The values of its labels, in the family's order.
    ///   - duration: The time.
    public mutating func add(_ family: MetricFamily, _ values: [String] = [], _ duration: Duration) {
        self.add(family, values, .real(duration.inSeconds))
    }

    /// Adds a histogram of times, in seconds.
    ///
    /// - Parameters:
    ///   - family: What it belongs to.
    ///   - values: The values of its labels, in the family's order.
    ///   - times: The times.
    ///   - bounds: The ranges to show.
    public mutating func add(
        _ family: MetricFamily,
        _ values: [String] = [],
        _ times: LatencyHistogram,
        bounds: MetricBounds = .fine
    ) {
        let counts = times.counts(upTo: bounds.values.map { UInt64(max(0, $0 * 1e9).rounded()) })
        let sum = Double(times.sum) / 1e9
        let value = MetricDistribution(bounds: bounds, counts: counts, count: times.count, sum: sum)
        self.add(family, values, .distribution(value))
    }

    /// Adds a series.
    ///
    /// - Parameters:
    ///   - family: What it belongs to.
    ///   - values: The values of its labels, in the family's order.
    ///   - value: What it shows; a distribution for histograms, and only for them.
    public mutating func add(_ family: MetricFamily, _ values: [String], _ value: MetricSample.Value) {
        precondition(values.count == family.labels.count, "'\(family.name)' has \(family.labels.count) labels.")
        let labels = zip(family.labels, values).map { MetricLabel($0, $1) }
        self.add(family, MetricSample(labels: labels, labelText: MetricLabel.text(of: labels), value: value))
    }

    /// Adds a series of the registry's own, which no limit leaves out.
    mutating func add(own family: MetricFamily, _ values: [String], _ value: MetricSample.Value) {
        let labels = zip(family.labels, values).map { MetricLabel($0, $1) }
        let sample = MetricSample(labels: labels, labelText: MetricLabel.text(of: labels), value: value)
        self.add(family, sample, isLimited: false)
    }

    mutating func add(_ family: MetricFamily, _ sample: MetricSample, isLimited: Bool = true) {
        if case .distribution = sample.value {
            precondition(family.kind == .histogram, "'\(family.name)' is no histogram.")
        } else {
            precondition(family.kind != .histogram, "'\(family.name)' is a histogram.")
        }
        guard self.names.claim(family) else {
            self.rejections.conflict += 1
            return
        }
        if isLimited, self.limitedCount >= self.seriesMax {
            self.rejections.limit += 1
            return
        }
        let key = SeriesKey(name: family.name, labelText: sample.labelText)
        guard self.seen.insert(key).inserted else {
            self.rejections.duplicate += 1
            return
        }
        if isLimited { self.limitedCount += 1 }
        self.families[family.name, default: .init(family: family, samples: [])].samples.append(sample)
    }

    func snapshot() -> MetricsSnapshot {
        MetricsSnapshot(families: self.families.values.sorted { $0.family.name < $1.family.name })
    }
}
