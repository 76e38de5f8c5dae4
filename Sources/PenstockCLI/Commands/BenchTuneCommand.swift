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

/// `penstock bench tune`: finds the workers, the capacity and the batch that fit the jobs on this machine.
struct BenchTuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Find the workers, the capacity and the batch that suit these jobs on this machine.",
        discussion: """
            Measures a pool at many settings and recommends one, with the reason: the smallest (fewest workers, then \
            the smallest capacity, then the smallest batch) whose throughput is within the tolerance of the best. \
            With --rate, the P99 of the latency counts instead, of the settings that hold the rate.

            A grid of at most \(TuneSearch.wholeMax) settings is measured whole. Of a larger one: each dimension alone, \
            from a middle; every capacity with every batch at the best count of workers; each dimension alone, from \
            the best. Those that decide are measured once more. Each run is a process of its own, so that its peak memory is \
            its own; repetitions are interleaved, figures are medians.

            The wait is the time that a job spends in the queue: it shows what a large capacity costs.
            """
    )

    @Option(help: BenchJobOptions.workloadHelp)
    var workload = BenchWorkload.noop

    @Option(help: ArgumentHelp("Jobs of each run (default: as many as fit the time)", valueName: "n"))
    var events: Int?

    @OptionGroup var jobs: BenchJobOptions

    @Option(
        help: ArgumentHelp("Counts of workers to try (default: 1, one a core, two and four a core)", valueName: "list")
    )
    var workers: String?

    @Option(help: ArgumentHelp("Capacities to try (default: 16,64,256,1000,10000,100000)", valueName: "list"))
    var buffer: String?

    @Option(
        help: ArgumentHelp("The most jobs that a worker takes at once, to try (default: 1,8,64,256)", valueName: "list")
    )
    var batch: String?

    @Option(help: ArgumentHelp("Runs of each setting.", valueName: "n"))
    var repetitions = 3

    @Option(help: ArgumentHelp("How long all of it may take (default: 20, with --rate 90)", valueName: "s"))
    var seconds: Double?

    @Option(
        help: ArgumentHelp(
            "How much worse than the best the recommendation may be (default: 3, with --rate 10)",
            valueName: "percent"
        )
    )
    var tolerance: Double?

    @Option(help: ArgumentHelp("Draw the response as a picture, too.", valueName: "file"), completion: .file())
    var svg: String?

    @Flag(help: "Print one JSON line.")
    var json = false

    private static let repetitionsRange = 1...99
    private static let secondsRange = 1.0...86_400

    func validate() throws {
        try self.jobs.check(for: self.workload)
        if let events { try BenchLimit.check("--events", events, BenchLimit.events) }
        _ = try self.grid()
        try BenchLimit.check("--repetitions", self.repetitions, Self.repetitionsRange)
        if let seconds, !Self.secondsRange.contains(seconds) {
            throw ValidationError("--seconds must be from 1 to 86,400.")
        }
        if let tolerance, !(0...50).contains(tolerance) {
            throw ValidationError("--tolerance must be from 0 to 50 percent.")
        }
        if let svg, let problem = svg.isEmpty ? "it needs a name" : FileStatus.problemWriting(svg) {
            throw ValidationError("--svg '\(shown(svg))' cannot be written: \(problem)")
        }
    }

    func run() async throws {
        let plan = try self.plan()
        let report = try await BenchSession.run { children, progress throws(BenchProblem) in
            var run = TuneRun(plan, children: children, progress: progress)
            return try await run.run()
        }
        try self.show(self.json ? report.json + "\n" : report.text)
        if let svg { try self.write(TunePicture(report).svg, to: svg) }
    }

    // MARK: - Private

    private func plan() throws -> TunePlan {
        let isOpen = self.jobs.rate != nil
        return TunePlan(
            options: try self.jobs.options(self.workload),
            linesPath: self.jobs.lines,
            grid: try self.grid(),
            events: self.events,
            repetitions: self.repetitions,
            seconds: self.seconds ?? (isOpen ? 90 : 20),
            tolerance: (self.tolerance ?? (isOpen ? 10 : 3)) / 100
        )
    }

    private func grid() throws -> TuneGrid {
        TuneGrid(
            cores: ProcessorCount.available(),
            workers: try NumberList.read(self.workers, of: "--workers", in: BenchLimit.workers),
            capacities: try NumberList.read(self.buffer, of: "--buffer", in: BenchLimit.buffer),
            batches: try NumberList.read(self.batch, of: "--batch", in: BenchLimit.batch)
        )
    }

    private func write(_ picture: String, to path: String) throws {
        do throws(SystemError) {
            try Output.file(picture, path: path)
        } catch {
            Output.error("penstock: error: the picture cannot be written to '\(shown(path))': \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }
}
