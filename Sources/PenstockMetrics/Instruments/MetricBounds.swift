//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The upper bounds of a histogram's ranges, as a scrape shows them.
public struct MetricBounds: Sendable, Equatable {
    /// Ascending; there is a range above the last besides.
    public let values: [Double]

    /// Creates bounds.
    ///
    /// - Parameter values: Finite and ascending, at most 1,000.
    public init(_ values: [Double]) {
        precondition(values.count <= 1_000, "A histogram has at most 1,000 bounds.")
        precondition(values.allSatisfy(\.isFinite), "A histogram's bounds are finite.")
        precondition(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "A histogram's bounds ascend.")
        self.values = values
    }

    /// For times: 1, 2.5 and 5 of each power of ten, from 1 µs to 10 s. The classic eleven of Prometheus are among them.
    public static let steps = MetricBounds([
        1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
        0.5, 1, 2.5, 5, 10,
    ])

    /// For Penstock's own times: those of ``steps``, and between 10 µs and 1 s twenty to each power of ten.
    ///
    /// Each of these ranges is at most 1/7 of its value wide. So a quantile that Prometheus works out, which may
    /// lie anywhere in its range, cannot be further off. With ``steps`` it can be off by half or by double.
    public static let fine = MetricBounds(
        Self.steps.values.filter { $0 < 1e-5 } + [5, 4, 3, 2, 1].flatMap { Self.twenty(places: $0) }
            + Self.steps.values.filter { $0 >= 1 }
    )

    /// For any values, as of bytes: 1, 2.5 and 5 of each power of ten, from a thousandth to a billion.
    public static let amounts = MetricBounds(
        (-3...9).flatMap { power in ["1", "2.5", "5"].compactMap { Double("\($0)e\(power)") } }.filter { $0 <= 1e9 }
    )

    /// The series R 20 of preferred numbers, rounded to what is easy to read.
    private static let preferred = [
        "1", "1.12", "1.25", "1.4", "1.6", "1.8", "2", "2.24", "2.5", "2.8", "3.15", "3.55", "4", "4.5", "5", "5.6",
        "6.3", "7.1", "8", "9",
    ]

    /// Read from text, because a product would not be the nearest number to what is written.
    private static func twenty(places: Int) -> [Double] {
        self.preferred.compactMap { Double("\($0)e-\(places)") }
    }
}
