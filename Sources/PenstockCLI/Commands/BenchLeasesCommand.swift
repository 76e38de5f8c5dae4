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

/// `penstock bench leases`: says what a lease of a resource pool costs.
struct BenchLeasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leases",
        abstract: "Lease a resource and give it back, over and over, and say what that costs.",
        discussion: """
            One task, four tasks with a resource for each, and four tasks that share one and wait in line for it. There \
            is no bound to hold.
            """
    )

    @Option(help: ArgumentHelp("Leases of each run.", valueName: "n"))
    var leases = 1_000_000

    @Flag(help: "Print one JSON line.")
    var json = false

    private static let leasesRange = 1...1_000_000_000

    func validate() throws { try BenchLimit.check("--leases", self.leases, Self.leasesRange) }

    func run() async throws {
        let bench = LeaseBench(leases: self.leases)
        let figures = try await BenchSession.run { _, progress in
            try await bench.run { progress.show("leases  \($0)") }
        }
        try self.show(self.json ? figures.json(leases: self.leases) + "\n" : figures.text(leases: self.leases))
    }
}
