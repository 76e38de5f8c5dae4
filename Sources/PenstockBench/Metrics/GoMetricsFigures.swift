//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension [MetricsFigure] {
    /// Reads the line of `Benchmarks/peers/go-metrics`.
    ///
    /// - Throws: ``BenchProblem`` when it is not one, or lacks a figure.
    package init(goLine line: String) throws(BenchProblem) {
        let rows = [
            ("counter", "counter", 1), ("counter_2", "counter", 2), ("histogram", "histogram", 1),
            ("histogram_2", "histogram", 2), ("job", MetricsFigure.lookedUp, 1),
        ]
        let reader = try FigureReader(line, keys: rows.map(\.0))
        self = []
        for (key, operation, tasks) in rows {
            let time = try reader.number(key)
            self.append(MetricsFigure(library: "Go's client", operation: operation, tasks: tasks, nanoseconds: time))
        }
    }
}
