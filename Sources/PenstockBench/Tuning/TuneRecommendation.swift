//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a pool is tuned for.
package enum TuneGoal: Equatable, Sendable {
    /// As many jobs a second as possible.
    case throughput
    /// The least P99 of the latency at so many jobs a second.
    case latency(rate: Double)
}

/// The one setting to use: the smallest that is nearly as good as the best.
///
/// Nearly as good is within a tolerance: a larger queue, more workers or larger batches that bring less than that only
/// cost memory and time in the queue.
package struct TuneRecommendation: Equatable, Sendable {
    /// What the settings were judged by: the throughput, too, when none of them holds the rate.
    package let goal: TuneGoal
    /// The share of the best that may be missed.
    package let tolerance: Double
    package let best: TuneMeasurement
    package let chosen: TuneMeasurement
    /// All that were measured, the smallest setting first.
    package let measurements: [TuneMeasurement]

    /// Chooses a setting; nil when none was measured.
    ///
    /// - Parameters:
    ///   - measurements: In any order; those without a run do not count.
    ///   - goal: What is wanted.
    ///   - tolerance: The share of the best that may be missed, as 0.03 for 3 %.
    package init?(_ measurements: some Sequence<TuneMeasurement>, for goal: TuneGoal, tolerance: Double) {
        let measurements = measurements.filter { !$0.runs.isEmpty }.sorted { $0.setting < $1.setting }
        let goal = Self.attainable(goal, measurements)
        guard let best = Self.eligible(measurements, for: goal).max(by: { Self.isWorse($0, than: $1, for: goal) }),
            let chosen = Self.candidates(measurements, within: tolerance, of: best, for: goal).first
        else { return nil }
        self.goal = goal
        self.tolerance = tolerance
        self.best = best
        self.chosen = chosen
        self.measurements = measurements
    }

    /// The settings within a tolerance of the best, the smallest first.
    package func candidates(within tolerance: Double) -> [TuneMeasurement] {
        Self.candidates(self.measurements, within: tolerance, of: self.best, for: self.goal)
    }

    /// Those that differ from the chosen one in one dimension at most, the smallest first.
    package func line(along dimension: TuneDimension) -> [TuneMeasurement] {
        self.measurements.filter { measurement in
            TuneDimension.allCases.allSatisfy {
                $0 == dimension || measurement.setting[$0] == self.chosen.setting[$0]
            }
        }
    }

    // MARK: - Private

    /// The throughput, where no setting holds the rate.
    private static func attainable(_ goal: TuneGoal, _ measurements: [TuneMeasurement]) -> TuneGoal {
        Self.eligible(measurements, for: goal).isEmpty ? .throughput : goal
    }

    private static func eligible(_ measurements: [TuneMeasurement], for goal: TuneGoal) -> [TuneMeasurement] {
        switch goal {
        case .throughput: measurements
        case .latency(let rate): measurements.filter { $0.holds(rate) }
        }
    }

    private static func isWorse(_ left: TuneMeasurement, than right: TuneMeasurement, for goal: TuneGoal) -> Bool {
        switch goal {
        case .throughput: left.throughput < right.throughput
        case .latency: left.latencyP99 > right.latencyP99
        }
    }

    private static func candidates(
        _ measurements: [TuneMeasurement],
        within tolerance: Double,
        of best: TuneMeasurement,
        for goal: TuneGoal
    ) -> [TuneMeasurement] {
        Self.eligible(measurements, for: goal).filter {
            switch goal {
            case .throughput: $0.throughput >= best.throughput * (1 - tolerance)
            case .latency: $0.latencyP99 <= best.latencyP99 * (1 + tolerance)
            }
        }
    }
}
