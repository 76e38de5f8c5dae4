//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// Counts of values by ranges, which any thread records.
///
/// Look it up once, with ``MetricsRegistry/histogram(_:_:bounds:)``, and keep it. It keeps each value with an error of at
/// most 1 %, far finer than the bounds that a scrape shows: ``quantile(_:)`` tells it. Recording takes some nanoseconds,
/// however many threads do. It is not for signal handlers.
public final class MetricHistogram: Sendable {
    @usableFromInline let values = ShardedHistogram()
    /// The ranges that a scrape shows.
    public let bounds: MetricBounds
    /// The last exemplar of each range, by the number of its bound.
    private let exemplars = Locked<[Int: MetricExemplar]>([:])

    init(bounds: MetricBounds) { self.bounds = bounds }

    /// Counts a value in the family's unit, as seconds; what is infinite or no number is ignored.
    @inlinable
    public func record(_ value: Double) {
        if value.isFinite { self.values.record(value) }
    }

    /// Counts a time, for a family in seconds.
    @inlinable
    public func record(nanoseconds: UInt64) { self.values.record(Double(nanoseconds) * 1e-9) }

    /// Counts a time, for a family in seconds.
    public func record(_ duration: Duration) { self.values.record(duration.inSeconds) }

    /// Counts a value, and keeps its example for OpenMetrics; the last one of each range is shown.
    ///
    /// It takes a lock: give the values that have a trace, not all.
    ///
    /// - Parameters:
    ///   - value: In the family's unit.
    ///   - exemplar: What leads from the value to its cause, as `["trace_id": …]`. Beyond 128 characters, names and
    ///     values together, it is left out, as OpenMetrics demands; with a quotation mark in a value too, on which
    ///     readers trip.
    public func record(_ value: Double, exemplar: KeyValuePairs<String, String>) {
        guard value.isFinite else { return }
        self.values.record(value)
        guard let exemplar = MetricExemplar(value: value, labels: exemplar.map { MetricLabel($0.key, $0.value) })
        else { return }
        let range = self.bounds.values.firstIndex { value <= $0 } ?? self.bounds.values.count
        self.exemplars.withLock { $0[range] = exemplar }
    }

    /// How many values were recorded.
    public var count: Int { self.values.contents().steps.reduce(0) { $0 + Int(truncatingIfNeeded: $1.count) } }

    /// The value that a share of all do not exceed, to 1 %; 0 when empty.
    ///
    /// - Parameter share: From 0 to 1, as 0.99 for P99.
    public func quantile(_ share: Double) -> Double {
        precondition((0...1).contains(share), "A quantile is asked as a share from 0 to 1.")
        let steps = self.values.contents().steps
        let count = steps.reduce(0) { $0 + $1.count }
        // A hair less: 7 % of 100 is 7, and 7.000000000000001 in floating point.
        let rank = max(1, UInt64((Double(count) * share * (1 - 1e-12)).rounded(.up)))
        var seen: UInt64 = 0
        for step in steps {
            seen += step.count
            if seen >= rank { return step.middle }
        }
        return 0
    }

    /// What it has counted, by its bounds.
    package func distribution() -> MetricDistribution {
        let (steps, sum) = self.values.contents()
        var counts: [Int] = []
        counts.reserveCapacity(self.bounds.values.count)
        var (index, seen) = (0, 0)
        for bound in self.bounds.values {
            while index < steps.count, steps[index].middle <= bound {
                seen += Int(truncatingIfNeeded: steps[index].count)
                index += 1
            }
            counts.append(seen)
        }
        let count = steps[index...].reduce(seen) { $0 + Int(truncatingIfNeeded: $1.count) }
        let exemplars = self.exemplars.withLock { $0 }
        return MetricDistribution(bounds: self.bounds, counts: counts, count: count, sum: sum, exemplars: exemplars)
    }
}

extension Duration {
    /// In seconds, as metrics are.
    @usableFromInline
    var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
