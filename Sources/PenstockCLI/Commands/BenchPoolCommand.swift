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

/// `penstock bench pool`: runs jobs in one way and says what each of them took.
struct BenchPoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract: "Run jobs through a pool, or in another way, and say what a job takes.",
        discussion: """
            Ways: pool (a sender, one job a call, results read), submit (plain submit), pool-batch (batches in, a batch \
            handler, results read), inline (a sender, the handler keeps its results), direct (no queue: the limit), and \
            what Swift offers without Penstock: task-per-event, task-group, async-stream, dispatch.

            Without --rate, jobs are sent as fast as there are places for them: a closed loop.

            'check' is the sum of all results: equal for all who did the same jobs. A run that lost a job, did one \
            twice or whose ledger does not balance ends with exit code 1.
            """
    )

    @Option(name: .customLong("impl"), help: ArgumentHelp("The way.", valueName: "way"))
    var implementation = BenchImplementation.pool

    @Option(help: BenchJobOptions.workloadHelp)
    var workload = BenchWorkload.noop

    @Option(help: ArgumentHelp("Jobs in all.", valueName: "n"))
    var events = 1_000_000

    @OptionGroup var jobs: BenchJobOptions

    @Option(help: ArgumentHelp("Workers that run jobs.", valueName: "n"))
    var workers = 2

    @Option(help: ArgumentHelp("The most jobs that wait for a worker.", valueName: "n"))
    var buffer = 10_000

    @Option(help: ArgumentHelp("The most jobs that a worker takes at once.", valueName: "n"))
    var batch = 64

    @Option(
        help: ArgumentHelp("Which queued job a worker takes next (default: fifo)", valueName: "discipline")
    )
    var discipline: BenchDiscipline?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Measure for each job how long it waited and ran, and scrape the pool's metrics once a second; or measure \
            nothing (default: for one job of each batch)
            """
    )
    var metrics: Bool?

    @Option(help: "Which jobs' waits and runs are measured: off, sampled or every; instead of what --metrics says.")
    var timing: BenchTiming?

    @Flag(help: "Print one JSON line.")
    var json = false

    /// For the benchmarks whose runs are processes of their own. The line without it has the keys of the peers.
    @Flag(help: ArgumentHelp("Tell in the JSON line how long jobs waited, too.", visibility: .hidden))
    var waits = false

    func validate() throws {
        try self.jobs.check(for: self.workload)
        try BenchLimit.check("--events", self.events, BenchLimit.events)
        try BenchLimit.check("--workers", self.workers, BenchLimit.workers)
        try BenchLimit.check("--buffer", self.buffer, BenchLimit.buffer)
        try BenchLimit.check("--batch", self.batch, BenchLimit.batch)
        if self.discipline != nil, !self.implementation.hasPool {
            let ways = BenchImplementation.allCases.filter(\.hasPool).map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--discipline goes with --impl \(ways): \(self.implementation.rawValue) has no pool.")
        }
    }

    func run() async throws {
        var options = try self.jobs.options(self.workload)
        options.events = self.events
        options.implementation = self.implementation
        options.workers = self.workers
        options.buffer = self.buffer
        options.batch = self.batch
        options.discipline = self.discipline
        options.timing = self.timing?.timing ?? self.metrics.map { $0 ? .everyJob : .off } ?? .sampled
        options.isScraped = self.metrics ?? false
        let report = try await Bench.run(options)
        try self.show(self.json ? report.json(waits: self.waits) + "\n" : report.text)
        if let problem = report.problem {
            Output.error("penstock: error: \(problem)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }
}

/// Which jobs' times a benchmark measures.
enum BenchTiming: String, ExpressibleByArgument, CaseIterable {
    case off
    case sampled
    case every

    var timing: WorkerPoolConfiguration.Timing {
        switch self {
        case .off: .off
        case .sampled: .sampled
        case .every: .everyJob
        }
    }
}
