//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockBench

extension OverloadReport {
    /// One line of JSON.
    var json: String {
        JSONText.object([
            ("setup", JSONText.string(self.setup.rawValue)),
            ("workers", "\(self.workers)"),
            ("capacity", "\(self.capacity)"),
            ("peak_per_s", JSONText.number(self.peak, places: 0)),
            ("phases", JSONText.list(self.phases.map(\.json))),
            ("recovery_p99_us", JSONText.list(self.recovery.map { JSONText.number($0.latencyP99, places: 1) })),
            ("bounds", JSONText.list(self.bounds.map(\.json))),
            ("balanced", "\(self.problems.isEmpty)"),
            ("held", "\(self.isHeld)"),
        ])
    }

    /// For people.
    var text: String {
        var table = TextTable([
            "load", "offered", "goodput", "of peak", "P99 of those that ran", "did not run", "P99 of that answer",
            "memory",
        ])
        for phase in self.phases {
            table.add([
                "\(decimal(phase.load, places: 1))x", shown(jobsPerSecond: Double(phase.offered) / phase.seconds),
                shown(jobsPerSecond: phase.goodput), percent(phase.goodput / self.peak),
                shown(microseconds: phase.latencyP99),
                percent(Double(phase.rejected + phase.shed) / Double(max(1, phase.offered))),
                phase.rejected + phase.shed > 0 ? shown(microseconds: phase.answerP99) : "",
                shown(bytes: phase.memory),
            ])
        }
        return """
            overload  \(TuneReport.workers(self.workers)), \(self.setupText)
            peak      \(shown(jobsPerSecond: self.peak)) in a closed loop
            ledger    \(self.problems.isEmpty ? "balanced" : "NOT BALANCED: \(self.ledger)")

            \(table.text)
            \(self.bounds.text)
            """
    }

    /// Why it does not hold, a sentence each.
    var reasons: [String] { self.problems + self.bounds.filter { !$0.isHeld }.map(\.reason) }

    // MARK: - Private

    private var setupText: String {
        switch self.setup {
        case .queue: "a queue of \(grouped(self.capacity)) that refuses what finds no place"
        case .shedding: "a queue of \(grouped(self.capacity)) that sheds what has waited too long"
        case .both: "a queue of \(grouped(self.capacity)) that refuses and sheds"
        }
    }
}

extension OverloadPhase {
    fileprivate var json: String {
        JSONText.object([
            ("load", JSONText.number(self.load, places: 1)),
            ("offered", "\(self.offered)"),
            ("done", "\(self.done)"),
            ("rejected", "\(self.rejected)"),
            ("shed", "\(self.shed)"),
            ("goodput_per_s", JSONText.number(self.goodput, places: 0)),
            ("p99_us", JSONText.number(self.latencyP99, places: 1)),
            ("answer_p99_us", JSONText.number(self.answerP99, places: 1)),
            ("rss_mib", JSONText.number(Double(self.memory) / 1_048_576, places: 2)),
        ])
    }
}
