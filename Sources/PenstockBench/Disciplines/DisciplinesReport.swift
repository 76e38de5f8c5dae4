//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What `penstock bench disciplines` has shown.
package struct DisciplinesReport: Sendable {
    package let bench: DisciplinesBench
    /// Nanoseconds of processor time a job of each run, by discipline.
    private var times: [BenchDiscipline: [Double]] = [:]
    /// Why runs count for nothing, a sentence each.
    package private(set) var problems: [String] = []

    package init(bench: DisciplinesBench) { self.bench = bench }

    mutating func add(_ run: BenchReport, of discipline: BenchDiscipline) {
        if let problem = run.problem { self.problems.append("\(discipline.rawValue): \(problem)") }
        self.add(run.processorTimePerJob, of: discipline)
    }

    /// Adds what a job of one run took.
    package mutating func add(_ time: Double, of discipline: BenchDiscipline) {
        self.times[discipline, default: []].append(time)
    }

    /// Nanoseconds of processor time a job: the median of the runs.
    package func time(_ discipline: BenchDiscipline) -> Double { (self.times[discipline] ?? []).median() }

    /// How much more than first in, first out, in nanoseconds a job.
    package func cost(_ discipline: BenchDiscipline) -> Double { self.time(discipline) - self.time(.fifo) }

    /// What each may cost.
    package var bounds: [BenchBound] {
        BenchDiscipline.allCases.filter { $0 != .fifo }.map { discipline in
            BenchBound(
                discipline.rawValue,
                "\(discipline.rawValue), more than fifo",
                self.cost(discipline),
                atMost: DisciplinesBench.costMax,
                .nanoseconds
            )
        }
    }

    package var isHeld: Bool { self.problems.isEmpty && self.bounds.allSatisfy(\.isHeld) }
}
