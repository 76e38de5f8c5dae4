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

extension OverloadSetup: ExpressibleByArgument {}

/// `penstock bench overload`: looks whether a pool stays useful that is offered ten times what it can do.
struct BenchOverloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload",
        abstract: "Offer a pool up to ten times what it can do, and look whether it stays useful.",
        discussion: """
            Measures first what the pool can do: its peak, in a closed loop of jobs that take 100 µs of processor time.             Then jobs arrive at random at 0.5, 0.8, 1, 2 and 10 times the peak, whatever becomes of them, and at last at 0.8             times again. Latency counts from when a job was to arrive.

            Exit code 0 only if: at 10 times the load goodput is at least 90 % of the peak, the P99 of jobs that ran at             most twice that at 0.8, and memory at most 10 % more; 99 % of those who offered a job that did not run know             within 5 ms; and the P99 is back in its bound within 2 s. No job may be lost.
            """
    )

    @Option(help: ArgumentHelp("How long each load lasts.", valueName: "s"))
    var seconds = 3.0

    @Option(help: ArgumentHelp("Workers that run jobs (default: one a core)", valueName: "n"))
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "What protects the pool: a short queue that refuses, shedding from a long one, or both.",
            valueName: "how"
        )
    )
    var setup = OverloadSetup.queue

    @Flag(help: "Print one JSON line.")
    var json = false

    func validate() throws {
        try BenchLimit.checkSeconds(self.seconds)
        if let workers { try BenchLimit.check("--workers", workers, BenchLimit.workers) }
    }

    func run() async throws {
        let bench = OverloadBench(
            setup: self.setup,
            workers: self.workers ?? ProcessorCount.available(),
            phase: .seconds(self.seconds)
        )
        let report = try await BenchSession.run { _, progress in
            try await bench.run { progress.show("overload  \($0)") }
        }
        try self.show(self.json ? report.json + "\n" : report.text)
        try BenchSession.check(report.reasons)
    }
}
