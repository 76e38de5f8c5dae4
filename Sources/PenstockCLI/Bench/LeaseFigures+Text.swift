//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension [LeaseFigures] {
    /// One line of JSON.
    func json(leases: Int) -> String {
        JSONText.object([
            ("leases", "\(leases)"),
            (
                "runs",
                JSONText.list(
                    self.map { run in
                        JSONText.object([
                            ("tasks", "\(run.tasks)"),
                            ("resources", "\(run.resources)"),
                            ("ns_per_lease", JSONText.number(run.time, places: 1)),
                            ("cpu_ns_per_lease", JSONText.number(run.processorTime, places: 1)),
                        ])
                    }
                )
            ),
        ])
    }

    /// For people.
    func text(leases: Int) -> String {
        var table = TextTable(["tasks", "resources", "a lease and its release", "CPU", ""])
        for run in self {
            table.add([
                "\(run.tasks)", "\(run.resources)", "\(decimal(run.time, places: 0)) ns",
                "\(decimal(run.processorTime, places: 0)) ns", run.isContended ? "tasks wait in line" : "",
            ])
        }
        return """
            leases    \(grouped(leases)) in each run, of all tasks together

            \(table.text)
            """
    }
}
