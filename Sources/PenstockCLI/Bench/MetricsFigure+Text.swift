//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension [MetricsFigure] {
    /// One line of JSON.
    func json(operations: Int) -> String {
        JSONText.object([
            ("operations", "\(operations)"),
            (
                "runs",
                JSONText.list(
                    self.map { run in
                        JSONText.object([
                            ("library", JSONText.string(run.library)),
                            ("operation", JSONText.string(run.operation)),
                            ("tasks", "\(run.tasks)"),
                            ("ns", JSONText.number(run.nanoseconds, places: 2)),
                            ("cpu_ns", run.processorNanoseconds.map { JSONText.number($0, places: 2) } ?? "null"),
                        ])
                    }
                )
            ),
        ])
    }

    /// For people.
    ///
    /// - Parameter hasPeer: Whether Go's client was measured too.
    func text(hasPeer: Bool) -> String {
        var table = TextTable(["", "operation", "1 task", "CPU", "2 at once", "CPU"])
        var seen: [MetricsFigure] = []
        for run in self where !seen.contains(where: { $0.isSameOperation(as: run) }) {
            seen.append(run)
            let runs = self.filter { $0.isSameOperation(as: run) }
            let times = [1, 2].flatMap { tasks -> [String] in
                let run = runs.first { $0.tasks == tasks }
                return [run?.nanoseconds, run?.processorNanoseconds].map { time in
                    time.map { "\(decimal($0, places: 1)) ns" } ?? ""
                }
            }
            table.add([run.library, run.operation] + times)
        }
        if !hasPeer { table.add(["Go's client", "not there: --go", "", "", "", ""]) }
        return table.text
    }
}

extension MetricsFigure {
    fileprivate func isSameOperation(as other: MetricsFigure) -> Bool {
        self.library == other.library && self.operation == other.operation
    }
}
