//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A label and its value.
public struct MetricLabel: Sendable, Hashable {
    /// Of a value, at most so many bytes are kept.
    static let bytesMax = 1_024

    /// Letters, digits and `_`.
    public let name: String
    /// Anything; what is longer than 1,024 bytes of UTF-8 is cut.
    public let value: String

    /// Creates a label.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value.utf8.count <= Self.bytesMax ? value : Self.cut(value)
    }

    private static func cut(_ value: String) -> String {
        var bytes = 0
        return String(
            String.UnicodeScalarView(
                value.unicodeScalars.prefix { scalar in
                    bytes += UTF8.width(scalar)
                    return bytes <= Self.bytesMax
                }
            )
        )
    }
}

/// What leads from a value to its cause.
public struct MetricExemplar: Sendable, Equatable {
    /// What was recorded.
    public let value: Double
    /// As `trace_id`; names and values have at most 128 characters together.
    public let labels: [MetricLabel]

    /// Creates an exemplar; nil when it is too long for OpenMetrics, a label's name is not one, or a value has a quotation
    /// mark: the parser of Prometheus's client for Python takes an escaped one in an exemplar for the end of the value.
    init?(value: Double, labels: [MetricLabel]) {
        let length = labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        guard length <= 128, labels.allSatisfy({ MetricFamily.isLabelName($0.name) }) else { return nil }
        guard Set(labels.map(\.name)).count == labels.count else { return nil }
        guard !labels.contains(where: { $0.value.utf8.contains(UInt8(ascii: "\"")) }) else { return nil }
        self.value = value
        self.labels = labels
    }
}

/// How values are spread over ranges.
public struct MetricDistribution: Sendable, Equatable {
    /// The ranges' upper bounds.
    public let bounds: MetricBounds
    /// How many values do not exceed each bound: those of lower ranges are among them.
    public let counts: [Int]
    /// How many values there are.
    public let count: Int
    /// Their sum.
    public let sum: Double
    /// The last exemplars, by the number of their bound; one after the last for what is above it.
    public let exemplars: [Int: MetricExemplar]

    init(bounds: MetricBounds, counts: [Int], count: Int, sum: Double, exemplars: [Int: MetricExemplar] = [:]) {
        precondition(counts.count == bounds.values.count, "There is a count for each bound.")
        self.bounds = bounds
        self.counts = counts
        self.count = count
        self.sum = sum
        self.exemplars = exemplars
    }

    /// The value that a share of all do not exceed, as `histogram_quantile` of Prometheus works it out: by the bounds,
    /// and as if values were spread evenly between two. Nil when empty.
    ///
    /// - Parameter share: From 0 to 1, as 0.99 for P99.
    public func quantile(_ share: Double) -> Double? {
        guard self.count > 0, let last = self.bounds.values.last else { return nil }
        let rank = Double(self.count) * share
        guard let index = self.counts.firstIndex(where: { Double($0) >= rank }) else { return last }
        let upper = self.bounds.values[index]
        if index == 0, upper <= 0 { return upper }
        let lower = index == 0 ? 0 : self.bounds.values[index - 1]
        let below = index == 0 ? 0 : self.counts[index - 1]
        guard self.counts[index] > below else { return lower }
        return lower + (upper - lower) * (rank - Double(below)) / Double(self.counts[index] - below)
    }

    /// What has come since an earlier look at the same; nil when this is no continuation of it.
    func since(_ earlier: MetricDistribution) -> MetricDistribution? {
        guard earlier.bounds == self.bounds else { return nil }
        let counts = zip(self.counts, earlier.counts).map { $0 - $1 }
        guard self.count >= earlier.count, counts.allSatisfy({ $0 >= 0 }) else { return nil }
        return MetricDistribution(
            bounds: self.bounds,
            counts: counts,
            count: self.count - earlier.count,
            sum: self.sum - earlier.sum
        )
    }
}

/// One series at one instant.
public struct MetricSample: Sendable {
    /// What a series shows.
    public enum Value: Sendable, Equatable {
        /// A count.
        case integer(Int)
        /// A number.
        case real(Double)
        /// How values are spread.
        case distribution(MetricDistribution)
    }

    /// Its labels, in the order of the family's.
    public let labels: [MetricLabel]
    /// What it shows.
    public let value: Value
    /// The labels as they stand between braces; what makes the series one of its family.
    let labelText: String

    init(labels: [MetricLabel], labelText: String, value: Value) {
        self.labels = labels
        self.labelText = labelText
        self.value = value
    }
}

/// All series at one instant.
public struct MetricsSnapshot: Sendable {
    /// A family with its series.
    public struct Family: Sendable {
        /// What it is called and means.
        public let family: MetricFamily
        /// Its series, each with other labels than the rest.
        public internal(set) var samples: [MetricSample]
    }

    /// The families, by their names.
    public internal(set) var families: [Family]

    /// The series of a family with certain values of its labels; nil when there is none.
    public func sample(_ name: String, _ values: [String] = []) -> MetricSample? {
        self.families.first { $0.family.name == name }?.samples.first { $0.labels.map(\.value) == values }
    }
}
