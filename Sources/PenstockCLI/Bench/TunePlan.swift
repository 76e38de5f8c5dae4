//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// What is tuned, and how thoroughly.
struct TunePlan {
    /// What all runs have in common.
    var options: BenchOptions
    var linesPath: String?
    var grid: TuneGrid
    /// Jobs in each run; nil for as many as take the time of a run.
    var events: Int?
    var repetitions: Int
    /// How long all runs together may take.
    var seconds: Double
    /// The share of the best that the recommendation may miss.
    var tolerance: Double

    var goal: TuneGoal { self.options.rate.map { .latency(rate: $0) } ?? .throughput }

    var search: TuneSearch { TuneSearch(self.grid, for: self.goal, tolerance: self.tolerance) }

    /// How long one run is to take: what the time allows, if each setting is run twice more than it is repeated, to
    /// find its number of jobs, and a tenth of the time is left for surprises.
    ///
    /// - Parameter overhead: What a run takes before and after its jobs, in seconds.
    func runSeconds(overhead: Double) -> Double {
        let runs = Double(self.search.settingsExpected * (self.repetitions + 2))
        let whole = self.seconds * 0.9 / runs
        // Where processes start slowly, all takes longer rather than that runs were too short to say anything.
        let share = max(whole - overhead, whole / 2)
        // In an open loop the first 0.3 s are not recorded.
        return self.options.rate == nil ? min(max(share, 0.02), 1) : min(max(share, 0.5), 2)
    }

    /// The run of a setting.
    func run(_ setting: TuneSetting, events: Int, rate: Double?) -> BenchRun {
        var run = BenchRun(options: self.options, linesPath: self.linesPath)
        run.options.workers = setting.workers
        run.options.buffer = setting.capacity
        run.options.batch = setting.batch
        run.options.events = events
        run.options.rate = rate
        return run
    }
}
