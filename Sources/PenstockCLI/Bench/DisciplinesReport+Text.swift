//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension DisciplinesReport {
    /// One line of JSON.
    var json: String {
        let disciplines = BenchDiscipline.allCases.map { discipline in
            JSONText.object([
                ("discipline", JSONText.string(discipline.rawValue)),
                ("cpu_ns_per_event", JSONText.number(self.time(discipline), places: 1)),
                ("more_ns", JSONText.number(self.cost(discipline), places: 1)),
            ])
        }
        return JSONText.object([
            ("buffer", "\(self.bench.buffer)"),
            ("workers", "\(self.bench.workers)"),
            ("events", "\(self.bench.events)"),
            ("repetitions", "\(self.bench.repetitions)"),
            ("disciplines", JSONText.list(disciplines)),
            ("bounds", JSONText.list(self.bounds.map(\.json))),
            ("balanced", "\(self.problems.isEmpty)"),
            ("held", "\(self.isHeld)"),
        ])
    }

    /// For people.
    var text: String {
        var table = TextTable(["discipline", "processor time a job", "more than fifo"])
        for discipline in BenchDiscipline.allCases {
            table.add([
                discipline.rawValue, "\(decimal(self.time(discipline), places: 1)) ns",
                discipline == .fifo ? "" : "\(decimal(self.cost(discipline), places: 1)) ns",
            ])
        }
        return """
            disciplines  \(grouped(self.bench.events)) jobs that do nothing, \(grouped(self.bench.buffer)) places, \
            \(self.bench.workers == 1 ? "1 worker" : "\(self.bench.workers) workers"), medians of \(self.bench.repetitions)
            ledger       \(self.problems.isEmpty ? "balanced" : "NOT BALANCED")

            \(table.text)
            \(self.bounds.text)
            """
    }

    /// Why it does not hold, a sentence each.
    var reasons: [String] { self.problems + self.bounds.filter { !$0.isHeld }.map(\.reason) }
}
