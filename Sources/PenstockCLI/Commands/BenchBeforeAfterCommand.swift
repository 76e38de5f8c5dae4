//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import Penstock
import PenstockBench

/// `penstock bench before-after`: what a pool brings to who starts a task for each job.
struct BenchBeforeAfterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "before-after",
        abstract: "Compare a task for each job, as many as there are, with a pool.",
        discussion: """
            The table of the account that Penstock begins with, on this machine: before, every event starts a task of \
            its own and nothing holds the producer; after, the same jobs go through a worker pool.

            Throughput, memory and CPU time are those of a closed loop: jobs come as fast as they can be sent. The P99 \
            is that of an open loop, from the time at which a job was to be sent: at a rate that both ways hold, and \
            at one that the pool holds easily (half of what each does in a closed loop), or at --rate. Where a way \
            does not hold the rate, the table says what it held.

            Each run is a process of its own, so that its peak memory is its own; it is ended after two minutes. The \
            ways take turns, figures are medians. Exit code 1: a run failed or lost a job, or the ways did not do the \
            same jobs.
            """
    )

    @Option(help: BenchJobOptions.workloadHelp)
    var workload = BenchWorkload.json

    @Option(
        help: ArgumentHelp("Jobs of each run in a closed loop; a million take up to 2 GB as tasks.", valueName: "n")
    )
    var events = 500_000

    @OptionGroup var jobs: BenchJobOptions

    @Option(help: ArgumentHelp("Workers of the pool (default: one a core)", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("Runs of each way.", valueName: "n"))
    var repetitions = 3

    @Flag(help: "Print one JSON line.")
    var json = false

    private static let eventsRange = 1000...BeforeAfterPlan.eventsMax
    private static let rateRange = 1000...BeforeAfterPlan.rateMax
    private static let repetitionsRange = 1...99

    func validate() throws {
        try self.jobs.check(for: self.workload)
        try BenchLimit.check("--events", self.events, Self.eventsRange)
        if let workers { try BenchLimit.check("--workers", workers, BenchLimit.workers) }
        try BenchLimit.check("--repetitions", self.repetitions, Self.repetitionsRange)
        if let rate = self.jobs.rate, !Self.rateRange.contains(rate) {
            throw ValidationError(
                "--rate must be from 1,000 to \(decimal(Self.rateRange.upperBound, places: 0)) jobs a second: "
                    + "more of them, as tasks, take too much memory."
            )
        }
    }

    func run() async throws {
        let plan = try self.plan()
        let result = try await BenchSession.run { children, progress throws(BenchProblem) in
            try await BeforeAfterRun(plan, children: children, progress: progress).run()
        }
        try self.show(self.json ? result.json(plan) + "\n" : result.text(plan))
    }

    // MARK: - Private

    private func plan() throws -> BeforeAfterPlan {
        var options = try self.jobs.options(self.workload)
        options.events = self.events
        options.workers = self.workers ?? ProcessorCount.available()
        return BeforeAfterPlan(
            options: options,
            linesPath: self.jobs.lines,
            rate: self.jobs.rate,
            repetitions: self.repetitions
        )
    }
}
