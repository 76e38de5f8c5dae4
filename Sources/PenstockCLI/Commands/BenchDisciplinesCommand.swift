//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import PenstockBench

/// `penstock bench disciplines`: what the order in which jobs are taken costs.
struct BenchDisciplinesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disciplines",
        abstract: "Measure what each scheduling discipline costs a job.",
        discussion: """
            Jobs that do nothing, from one sender that is always ahead, under each discipline in turn: three classes, 65,536 \
            deadlines, 16 tenants, 1,024 keys. Time is that of the processor.

            Exit code 0 only if no discipline costs a job more than 60 ns more than first in, first out, and no job was lost.
            """
    )

    @Option(help: ArgumentHelp("The most jobs that wait for a worker.", valueName: "n"))
    var buffer = 10_000

    @Option(help: ArgumentHelp("Workers that run jobs. More than one wait for each other, too.", valueName: "n"))
    var workers = 1

    @Option(help: ArgumentHelp("Jobs of each run.", valueName: "n"))
    var events = 1_000_000

    @Option(help: ArgumentHelp("Runs of each discipline, of which the median counts.", valueName: "n"))
    var repetitions = 5

    @Flag(help: "Print one JSON line.")
    var json = false

    func validate() throws {
        try BenchLimit.check("--buffer", self.buffer, BenchLimit.buffer)
        try BenchLimit.check("--workers", self.workers, BenchLimit.workers)
        try BenchLimit.check("--events", self.events, BenchLimit.events)
        try BenchLimit.check("--repetitions", self.repetitions, 1...1000)
    }

    func run() async throws {
        let bench = DisciplinesBench(
            buffer: self.buffer,
            workers: self.workers,
            events: self.events,
            repetitions: self.repetitions
        )
        let report = try await BenchSession.run { _, progress in
            try await bench.run { progress.show("disciplines  \($0)") }
        }
        try self.show(self.json ? report.json + "\n" : report.text)
        try BenchSession.check(report.reasons)
    }
}
