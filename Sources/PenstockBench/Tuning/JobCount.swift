//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Finds how many jobs a run has to have to take a given time.
package struct JobCount: Equatable, Sendable {
    /// How much more jobs than before are tried at once: a short run says little about a long one.
    private static let growthMax = 20.0

    /// How many jobs to try, and once ``isFound`` how many to run.
    package private(set) var count: Int
    package private(set) var isFound = false
    /// Jobs a second in the last run.
    package private(set) var throughput = 0.0
    private let seconds: Double
    private let countMax: Int

    /// - Parameters:
    ///   - seconds: How long a run is to take.
    ///   - first: How many jobs are tried first.
    ///   - countMax: More jobs are never run.
    package init(seconds: Double, first: Int = 20_000, countMax: Int = 1_000_000_000) {
        self.seconds = seconds
        self.count = min(first, countMax)
        self.countMax = countMax
    }

    /// Takes what a run of ``count`` jobs has shown.
    package mutating func record(_ run: BenchFigures) {
        self.throughput = run.throughput
        let growth = self.seconds / max(run.seconds, 1e-6)
        self.isFound = growth <= 2 || self.count == self.countMax
        let next = (Double(self.count) * min(growth, Self.growthMax)).rounded()
        self.count = max(1, next < Double(self.countMax) ? Int(next) : self.countMax)
    }
}
