//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension KeyedReport {
    /// One line of JSON.
    var json: String {
        JSONText.object([
            ("keys", "\(KeyedBench.keys)"),
            ("capacity", "\(KeyedBench.capacity)"),
            ("calm", self.calm.json),
            ("slow", self.slow.json),
            ("bounds", JSONText.list(self.bounds.map(\.json))),
            ("balanced", "\(self.calm.isBalanced && self.slow.isBalanced)"),
            ("held", "\(self.isHeld)"),
        ])
    }

    /// For people.
    var text: String {
        var table = TextTable([
            "run", "other keys", "their P99", "that key", "its P99", "overlaps", "out of order", "resized",
        ])
        for (name, run) in [("no slow key", self.calm), ("a slow key", self.slow)] {
            table.add([
                name, shown(jobsPerSecond: Double(run.done) / self.seconds), shown(microseconds: run.latencyP99),
                shown(jobsPerSecond: Double(run.slowDone) / self.seconds), shown(microseconds: run.slowP99),
                "\(run.overlaps)", "\(run.reorders)", "\(run.resizes) times",
            ])
        }
        let slowness = grouped(KeyedBench.slowness)
        return """
            keyed     \(grouped(KeyedBench.keys)) keys, jobs of \(shown(KeyedBench.jobTime)), those of one key \(slowness) times as long
            shape     \(KeyedBench.workers.map { "\($0)" }.joined(separator: ", ")) workers in turn
            ledger    \(self.calm.isBalanced && self.slow.isBalanced ? "balanced" : "NOT BALANCED")

            \(table.text)
            \(self.bounds.text)
            """
    }

    /// Why it does not hold, a sentence each.
    var reasons: [String] { self.problems + self.bounds.filter { !$0.isHeld }.map(\.reason) }
}

extension KeyedRun {
    fileprivate var json: String {
        JSONText.object([
            ("done", "\(self.done)"),
            ("p99_us", JSONText.number(self.latencyP99, places: 1)),
            ("slow_done", "\(self.slowDone)"),
            ("slow_p99_us", JSONText.number(self.slowP99, places: 1)),
            ("overlaps", "\(self.overlaps)"),
            ("reorders", "\(self.reorders)"),
            ("resizes", "\(self.resizes)"),
        ])
    }
}
