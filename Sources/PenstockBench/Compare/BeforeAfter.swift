//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The same jobs in two ways: a task for each, and a pool.
package struct BeforeAfter: Equatable, Sendable {
    /// What was compared.
    package enum Metric: Equatable, Sendable {
        /// Jobs a second, in a closed loop.
        case throughput
        /// In microseconds, at a rate.
        case latencyP99(rate: Double)
        /// Jobs a second, at a rate that is too high for one of the two.
        case held(rate: Double)
        /// The most memory, in MiB.
        case memory
        /// Nanoseconds a job.
        case processorTime

        /// Whether a greater figure is the better one.
        package var isMoreBetter: Bool {
            switch self {
            case .throughput, .held: true
            case .latencyP99, .memory, .processorTime: false
            }
        }
    }

    /// A figure of both ways.
    package struct Row: Equatable, Sendable {
        package let metric: Metric
        package let before: Double
        package let after: Double

        package init(_ metric: Metric, before: Double, after: Double) {
            self.metric = metric
            self.before = before
            self.after = after
        }

        /// How many times better the second way is; below 1 it is worse, and nil where one figure is missing.
        package var improvement: Double? {
            guard self.before > 0, self.after > 0 else { return nil }
            return self.metric.isMoreBetter ? self.after / self.before : self.before / self.after
        }
    }

    /// As fast as the jobs are done.
    package let closed: BeforeAfterRuns
    /// At rates.
    package let open: [BeforeAfterRuns]

    package init(closed: BeforeAfterRuns, open: [BeforeAfterRuns]) {
        self.closed = closed
        self.open = open
    }

    /// All figures, medians.
    package var rows: [Row] {
        [self.closed.row(.throughput, \.throughput)] + self.open.flatMap { $0.openRows }
            + [
                self.closed.row(.memory, \.memoryMiB), self.closed.row(.processorTime, \.processorTimePerJob),
            ]
    }

    /// How many runs there were.
    package var runCount: Int {
        ([self.closed] + self.open).reduce(0) { $0 + $1.before.count + $1.after.count }
    }
}

/// Runs of the same jobs in both ways.
package struct BeforeAfterRuns: Equatable, Sendable {
    /// Jobs a second; nil in a closed loop.
    package let rate: Double?
    package let before: [BenchFigures]
    package let after: [BenchFigures]

    /// Takes the runs.
    ///
    /// - Throws: ``BenchProblem`` unless all of them did all the jobs, and the same ones.
    package init(rate: Double?, before: [BenchFigures], after: [BenchFigures]) throws(BenchProblem) {
        let all = before + after
        guard let first = all.first, !before.isEmpty, !after.isEmpty else { throw BenchProblem("there were no runs") }
        for run in all where run.done != run.events {
            throw BenchProblem("\(run.done) of \(run.events) jobs were done")
        }
        for run in all where run.check != first.check || run.events != first.events {
            throw BenchProblem("the runs did not do the same jobs: check \(first.check) and \(run.check)")
        }
        self.rate = rate
        self.before = before
        self.after = after
    }

    /// Whether each way kept up with the rate, in most of its runs.
    package var isHeld: (before: Bool, after: Bool) {
        guard let rate else { return (true, true) }
        let isHeld = { (runs: [BenchFigures]) in runs.count { $0.holds(rate) } * 2 > runs.count }
        return (isHeld(self.before), isHeld(self.after))
    }

    func row(_ metric: BeforeAfter.Metric, _ figure: (BenchFigures) -> Double) -> BeforeAfter.Row {
        BeforeAfter.Row(metric, before: self.before.median(figure), after: self.after.median(figure))
    }

    fileprivate var openRows: [BeforeAfter.Row] {
        guard let rate else { return [] }
        let latency = self.row(.latencyP99(rate: rate), \.latencyP99)
        return self.isHeld == (true, true) ? [latency] : [latency, self.row(.held(rate: rate), \.throughput)]
    }
}
