//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// Runs both ways in turn, in a closed loop and then at rates.
struct BeforeAfterRun {
    private let plan: BeforeAfterPlan
    private let children: BenchChildren
    private let progress: BenchProgress

    init(_ plan: BeforeAfterPlan, children: BenchChildren, progress: BenchProgress) {
        self.plan = plan
        self.children = children
        self.progress = progress
    }

    /// Measures.
    ///
    /// - Throws: ``BenchProblem`` when a run failed, or not all did the same jobs.
    func run() async throws(BenchProblem) -> BeforeAfter {
        let closed = try await self.runs(rate: nil)
        let rates = self.plan.rates(
            before: closed.before.median(\.throughput),
            after: closed.after.median(\.throughput)
        )
        var open: [BeforeAfterRuns] = []
        for rate in rates { open.append(try await self.runs(rate: rate)) }
        return BeforeAfter(closed: closed, open: open)
    }

    // MARK: - Private

    private func runs(rate: Double?) async throws(BenchProblem) -> BeforeAfterRuns {
        var before: [BenchFigures] = []
        var after: [BenchFigures] = []
        for repetition in 1...self.plan.repetitions {
            let loop = rate.map { "at \(shown(jobsPerSecond: $0))" } ?? "as fast as they are done"
            self.progress.show("before-after  jobs \(loop), run \(repetition) of \(self.plan.repetitions)")
            before.append(try await self.children.run(self.plan.run(.taskPerEvent, rate: rate)))
            after.append(try await self.children.run(self.plan.run(.pool, rate: rate)))
        }
        return try BeforeAfterRuns(rate: rate, before: before, after: after)
    }
}
