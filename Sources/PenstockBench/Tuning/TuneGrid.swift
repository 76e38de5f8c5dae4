//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The values that are tried of each dimension, in order.
package struct TuneGrid: Equatable, Sendable {
    package let workers: [Int]
    package let capacities: [Int]
    package let batches: [Int]
    /// Where a search begins: the values that are nearest to a pool's defaults.
    package let middle: TuneSetting

    /// Creates a grid.
    ///
    /// - Parameters:
    ///   - cores: How many processors there are.
    ///   - workers: Counts of workers, not empty; nil for 1, a core each, and two and four a core.
    ///   - capacities: Capacities, not empty; nil for 16 to 100,000.
    ///   - batches: Batches, not empty; nil for 1 to 256.
    package init(cores: Int, workers: [Int]? = nil, capacities: [Int]? = nil, batches: [Int]? = nil) {
        self.workers = Self.ordered(workers ?? [1, cores, 2 * cores, 4 * cores])
        self.capacities = Self.ordered(capacities ?? [16, 64, 256, 1000, 10_000, 100_000])
        self.batches = Self.ordered(batches ?? [1, 8, 64, 256])
        self.middle = TuneSetting(
            workers: Self.nearest(to: cores, in: self.workers),
            capacity: Self.nearest(to: 1000, in: self.capacities),
            batch: Self.nearest(to: 64, in: self.batches)
        )
    }

    package subscript(dimension: TuneDimension) -> [Int] {
        switch dimension {
        case .workers: self.workers
        case .capacity: self.capacities
        case .batch: self.batches
        }
    }

    /// How many settings there are.
    package var count: Int { self.workers.count * self.capacities.count * self.batches.count }

    /// Every setting.
    package var all: [TuneSetting] { self.workers.flatMap { self.plane(workers: $0) } }

    /// Every capacity with every batch, at a count of workers.
    package func plane(workers: Int) -> [TuneSetting] {
        self.capacities.flatMap { capacity in
            self.batches.map { TuneSetting(workers: workers, capacity: capacity, batch: $0) }
        }
    }

    /// A setting with each value of one dimension.
    package func line(through setting: TuneSetting, along dimension: TuneDimension) -> [TuneSetting] {
        self[dimension].map { value in
            var other = setting
            other[dimension] = value
            return other
        }
    }

    /// The settings that differ from one in one dimension at most.
    package func lines(through setting: TuneSetting) -> [TuneSetting] {
        Set(TuneDimension.allCases.flatMap { self.line(through: setting, along: $0) }).sorted()
    }

    // MARK: - Private

    private static func ordered(_ values: [Int]) -> [Int] {
        precondition(!values.isEmpty, "A grid has at least one value of each dimension.")
        return Set(values).sorted()
    }

    /// The value whose ratio to another is the smallest; of two the smaller.
    private static func nearest(to target: Int, in values: [Int]) -> Int {
        let ratio = { (value: Int) in Double(max(value, target)) / Double(max(1, min(value, target))) }
        return values.min { ratio($0) < ratio($1) } ?? target
    }
}
