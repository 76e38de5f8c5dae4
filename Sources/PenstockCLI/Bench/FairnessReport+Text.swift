//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension FairnessReport {
    /// One line of JSON.
    var json: String {
        JSONText.object([
            ("workers", "\(self.workers)"),
            ("capacity", "\(FairnessBench.capacity)"),
            ("peak_per_s", JSONText.number(self.peak, places: 0)),
            ("calm", self.calm.json(self)),
            ("fair", self.fair.json(self)),
            ("fifo", self.fifo.json(self)),
            ("bounds", JSONText.list(self.bounds.map(\.json))),
            ("balanced", "\(self.problems.isEmpty)"),
            ("held", "\(self.isHeld)"),
        ])
    }

    /// For people.
    var text: String {
        var table = TextTable([
            "run", "the nine, each", "the least keeps", "their P99", "the flood offers", "and gets", "its P99",
        ])
        for (name, run) in [("without the flood", self.calm), ("fair", self.fair), ("fifo", self.fifo)] {
            let done = run.tenants.reduce(0) { $0 + $1.done }
            let flood = run.flood
            table.add([
                name, shown(jobsPerSecond: Double(done) / self.seconds / Double(max(1, run.tenants.count))),
                percent(run.leastKept(of: self.calm)), shown(microseconds: run.latencyP99),
                flood.offered > 0 ? shown(jobsPerSecond: Double(flood.offered) / self.seconds) : "",
                flood.offered > 0 ? shown(jobsPerSecond: Double(flood.done) / self.seconds) : "",
                flood.offered > 0 ? shown(microseconds: flood.latencyP99) : "",
            ])
        }
        return """
            fairness  \(TuneReport.workers(self.workers)), capacity \(FairnessBench.capacity), nine tenants at \
            \(percent(FairnessBench.share)) of the peak each, one at \(decimal(FairnessBench.flood, places: 0)) times that
            peak      \(shown(jobsPerSecond: self.peak)) in a closed loop
            ledger    \(self.problems.isEmpty ? "balanced" : "NOT BALANCED")

            \(table.text)
            \(self.bounds.text)
            """
    }

    /// Why it does not hold, a sentence each.
    var reasons: [String] { self.problems + self.bounds.filter { !$0.isHeld }.map(\.reason) }
}

extension FairnessRun {
    fileprivate func json(_ report: FairnessReport) -> String {
        JSONText.object([
            ("tenants_done", JSONText.list(self.tenants.map { "\($0.done)" })),
            ("least_kept", JSONText.number(self.leastKept(of: report.calm), places: 4)),
            ("p99_us", JSONText.number(self.latencyP99, places: 1)),
            ("flood_offered", "\(self.flood.offered)"),
            ("flood_done", "\(self.flood.done)"),
            ("flood_p99_us", JSONText.number(self.flood.latencyP99, places: 1)),
        ])
    }
}
