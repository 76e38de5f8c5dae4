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

/// `penstock bench fairness`: looks what a tenant that floods a pool leaves to others.
struct BenchFairnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fairness",
        abstract: "Let one tenant flood a pool, and look what is left for nine others.",
        discussion: """
            Nine tenants offer 5 % of what the pool can do each, then the same again beside one that offers 100 times as much, in \
            a pool with the discipline `fair`, and for comparison in one with `fifo`. Jobs take 100 µs of processor time and \
            come at random.

            Exit code 0 only if each of the nine keeps at least 95 % of its throughput under `fair`, and no job was lost.
            """
    )

    @Option(help: ArgumentHelp("How long each run lasts.", valueName: "s"))
    var seconds = 3.0

    @Option(help: ArgumentHelp("Workers that run jobs (default: one a core)", valueName: "n"))
    var workers: Int?

    @Flag(help: "Print one JSON line.")
    var json = false

    func validate() throws {
        try BenchLimit.checkSeconds(self.seconds)
        if let workers { try BenchLimit.check("--workers", workers, BenchLimit.workers) }
    }

    func run() async throws {
        let workers = self.workers ?? ProcessorCount.available()
        let bench = FairnessBench(workers: workers, time: .seconds(self.seconds))
        let report = try await BenchSession.run { _, progress in
            try await bench.run { progress.show("fairness  \($0)") }
        }
        try self.show(self.json ? report.json + "\n" : report.text)
        try BenchSession.check(report.reasons)
    }
}
