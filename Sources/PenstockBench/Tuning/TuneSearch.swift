//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Which settings are measured, and in which order: rounds, each decided by what the ones before have shown.
///
/// A small grid is measured whole. Of a larger one, first the three lines through its middle, then every capacity with
/// every batch at the count of workers that was best, then the lines through the setting that would be recommended.
/// In the end those that the recommendation hangs on are measured once more: of many settings that are equally good
/// the one with the luckiest runs looks best.
package struct TuneSearch: Sendable {
    private enum Stage {
        /// Nothing is measured. Can transition to: plane, refine.
        case start
        /// The lines through the middle are measured. Can transition to: refine.
        case plane
        /// So many rounds more at most around the present choice. Can transition to: refine, finished.
        case refine(left: Int)
        /// Can transition to: none.
        case finished
    }

    /// A grid of so many settings is measured whole.
    package static let wholeMax = 32
    /// How many settings are measured once more at a time.
    private static let confirmedMax = 8
    /// Each round may change the choice, and so the next round; it comes to rest long before.
    private static let refineMax = 8

    private let grid: TuneGrid
    private let goal: TuneGoal
    private let tolerance: Double
    private var stage = Stage.start
    private var measurements: [TuneSetting: TuneMeasurement] = [:]
    private var confirmed: Set<TuneSetting> = []

    package init(_ grid: TuneGrid, for goal: TuneGoal, tolerance: Double) {
        self.grid = grid
        self.goal = goal
        self.tolerance = tolerance
    }

    /// About how many settings are measured, repeated ones counted again: what a time for all of them is shared among.
    package var settingsExpected: Int {
        let lines = self.grid.lines(through: self.grid.middle).count
        let plane = self.grid.capacities.count * self.grid.batches.count
        let first = self.grid.count <= Self.wholeMax ? self.grid.count : lines + plane
        return first + min(first, Self.confirmedMax)
    }

    /// What is recommended by all that was measured so far; nil before the first run.
    package var recommendation: TuneRecommendation? {
        TuneRecommendation(self.measurements.values, for: self.goal, tolerance: self.tolerance)
    }

    /// Adds a run.
    package mutating func record(_ run: BenchFigures, of setting: TuneSetting) {
        self.measurements[setting, default: TuneMeasurement(setting, runs: [])].add(run)
    }

    /// The settings to measure next; none when all is known.
    package mutating func nextRound() -> [TuneSetting] {
        while true {
            let round: [TuneSetting]
            switch self.stage {
            case .start: round = self.begin()
            case .plane:
                round = self.unmeasured { grid, chosen in grid.plane(workers: chosen.workers) }
                self.stage = .refine(left: Self.refineMax)
            case .refine(let left):
                round = self.around()
                self.stage = round.isEmpty || left == 1 ? .finished : .refine(left: left - 1)
            case .finished: return []
            }
            if !round.isEmpty { return round }
        }
    }

    // MARK: - Private

    private mutating func begin() -> [TuneSetting] {
        if self.grid.count <= Self.wholeMax {
            self.stage = .refine(left: Self.refineMax)
            return self.grid.all
        }
        self.stage = .plane
        return self.grid.lines(through: self.grid.middle)
    }

    /// What is missing to be sure of the present choice, and to show it.
    private mutating func around() -> [TuneSetting] {
        let lines = self.unmeasured { grid, chosen in grid.lines(through: chosen) }
        if !lines.isEmpty { return lines }
        let deciding = self.unconfirmed()
        self.confirmed.formUnion(deciding)
        if !deciding.isEmpty { return deciding }
        return self.unmeasured { grid, chosen in grid.plane(workers: chosen.workers) }
    }

    private func unmeasured(_ settings: (TuneGrid, TuneSetting) -> [TuneSetting]) -> [TuneSetting] {
        guard let chosen = self.recommendation?.chosen.setting else { return [] }
        return settings(self.grid, chosen).filter { self.measurements[$0] == nil }
    }

    /// The best and the smallest that are not much worse, but for those that were measured twice already.
    private func unconfirmed() -> [TuneSetting] {
        guard let recommendation = self.recommendation else { return [] }
        let near = recommendation.candidates(within: 2 * self.tolerance).map(\.setting)
        let deciding = Set(near.prefix(Self.confirmedMax - 1) + [recommendation.best.setting])
        return deciding.subtracting(self.confirmed).sorted()
    }
}
