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

/// `penstock bench metrics`: says what counting costs.
struct BenchMetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Add to counters and record in histograms, over and over, and say what that costs.",
        discussion: """
            Penstock's own instruments, swift-metrics with Penstock's backend and with a simple one, the jobs of a pool \
            with and without times, and Prometheus's client for Go where its program is given. There is no bound to hold.
            """
    )

    @Option(help: ArgumentHelp("Operations of each task in a round.", valueName: "n"))
    var operations = 1_000_000

    @Option(help: ArgumentHelp("Rounds, of which the best counts.", valueName: "n"))
    var rounds = 5

    @Option(help: ArgumentHelp("What Benchmarks/peers/go-metrics/build makes.", valueName: "program"))
    var go: String?

    @Flag(help: "Print one JSON line.")
    var json = false

    private static let operationsRange = 1...1_000_000_000
    private static let roundsRange = 1...1_000

    func validate() throws {
        try BenchLimit.check("--operations", self.operations, Self.operationsRange)
        try BenchLimit.check("--rounds", self.rounds, Self.roundsRange)
    }

    func run() async throws {
        let bench = MetricsBench(operations: self.operations, rounds: self.rounds)
        let figures = try await BenchSession.run { children, progress in
            let own = try await bench.run { progress.show("metrics  \($0)") }
            guard let go = self.go else { return own }
            progress.show("metrics  Go")
            let arguments = ["-operations", "\(self.operations)", "-rounds", "\(self.rounds)"]
            return own + (try [MetricsFigure](goLine: await children.run(program: go, arguments: arguments)))
        }
        let text = figures.text(hasPeer: self.go != nil)
        try self.show(self.json ? figures.json(operations: self.operations) + "\n" : text)
    }
}
