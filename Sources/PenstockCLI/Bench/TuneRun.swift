//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockBench

/// Measures one setting after another until the search knows which to recommend, or the time is over.
struct TuneRun {
    private let plan: TunePlan
    private let children: BenchChildren
    private let progress: BenchProgress
    private let begun = TimeSource.system.now()
    private var search: TuneSearch
    private var runCount = 0
    private var isTimeOver = false
    /// How long one run is to take.
    private var runSeconds = 0.0

    init(_ plan: TunePlan, children: BenchChildren, progress: BenchProgress) {
        self.plan = plan
        self.children = children
        self.progress = progress
        self.search = plan.search
    }

    /// Measures.
    ///
    /// - Throws: ``BenchProblem`` when a run failed: a pool that loses a job is not tuned.
    mutating func run() async throws(BenchProblem) -> TuneReport {
        if self.plan.events == nil { try await self.findRunSeconds() }
        var jobs: [TuneSetting: Int] = [:]
        while !self.isTimeOver {
            let round = self.search.nextRound()
            if round.isEmpty { break }
            try await self.measure(round, &jobs)
        }
        guard let recommendation = self.search.recommendation else { throw BenchProblem("nothing was measured") }
        return TuneReport(
            plan: self.plan,
            recommendation: recommendation,
            runCount: self.runCount,
            seconds: self.elapsed,
            isTimeOver: self.isTimeOver
        )
    }

    // MARK: - Private

    private var elapsed: Double { Double(TimeSource.system.now() - self.begun) / 1e9 }

    /// Runs each setting of a round once, then each again: what disturbs the machine for a while disturbs them all.
    private mutating func measure(_ round: [TuneSetting], _ jobs: inout [TuneSetting: Int]) async throws(BenchProblem) {
        for _ in 0..<self.plan.repetitions {
            for setting in round {
                // Without any measurement there is nothing to recommend, however late it is.
                if self.elapsed > self.plan.seconds, self.search.recommendation != nil {
                    self.isTimeOver = true
                    return
                }
                self.show(setting)
                if jobs[setting] == nil { jobs[setting] = try await self.jobCount(of: setting) }
                let events = jobs[setting] ?? 1
                let run = self.plan.run(setting, events: events, rate: self.plan.options.rate)
                self.search.record(try await self.children.run(run), of: setting)
                self.runCount += 1
            }
        }
    }

    /// Learns from runs of one job what starting a process takes here: the first is slower than those to come.
    private mutating func findRunSeconds() async throws(BenchProblem) {
        var overheads: [Double] = []
        for _ in 0..<3 {
            let start = TimeSource.system.now()
            _ = try await self.children.run(self.plan.run(self.plan.grid.middle, events: 1, rate: nil))
            overheads.append(Double(TimeSource.system.now() - start) / 1e9)
        }
        self.runSeconds = self.plan.runSeconds(overhead: overheads.median())
    }

    /// How many jobs a run of a setting has.
    private func jobCount(of setting: TuneSetting) async throws(BenchProblem) -> Int {
        if let events = self.plan.events { return events }
        let seconds = self.runSeconds
        // In an open loop, only how fast the setting is has to be known, about.
        var count = JobCount(seconds: self.plan.options.rate == nil ? seconds : min(seconds, 0.05))
        while !count.isFound {
            count.record(try await self.children.run(self.plan.run(setting, events: count.count, rate: nil)))
        }
        guard let rate = self.plan.options.rate else { return count.count }
        // A setting that cannot hold the rate falls behind for half of the time more, not for hours.
        return max(1, Int(min(rate, 1.5 * count.throughput) * seconds))
    }

    private func show(_ setting: TuneSetting) {
        let share = min(1, self.elapsed / max(self.plan.seconds, 1e-3))
        let text = "workers \(setting.workers), capacity \(grouped(setting.capacity)), batch \(setting.batch)"
        self.progress.show("tune  \(decimal(share * 100, places: 0)) % of the time  \(text)")
    }
}
