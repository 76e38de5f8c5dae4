//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension BeforeAfter {
    /// For people: a table as that of the account that Penstock begins with.
    func text(_ plan: BeforeAfterPlan) -> String {
        let options = plan.options
        let producers = options.producers == 1 ? "1 producer" : "\(grouped(options.producers)) producers"
        var table = TextTable(["metric", "before", "after", "improvement"])
        for row in self.rows {
            table.add([
                Self.name(row.metric), Self.text(row.before, row.metric), Self.text(row.after, row.metric), row.text,
            ])
        }
        return """
            before    a task for each job, as many as there are
            after     a pool of \(TuneReport.workers(options.workers)), capacity \(grouped(options.buffer))
            jobs      \(options.workload.rawValue), \(producers), \(grouped(options.events)) in a closed loop
            measured  \(self.runCount) runs, each a process of its own; the figures are medians

            \(table.text)
            Every run did all of its jobs, and both ways the same: check \(self.closed.before[0].check).
            \(self.notes.map { "\($0)\n" }.joined())
            """
    }

    /// One line of JSON.
    func json(_ plan: BeforeAfterPlan) -> String {
        JSONText.object([
            ("workload", JSONText.string(plan.options.workload.rawValue)),
            ("producers", "\(plan.options.producers)"),
            ("workers", "\(plan.options.workers)"),
            ("buffer", "\(plan.options.buffer)"),
            ("events", "\(plan.options.events)"),
            ("runs", "\(self.runCount)"),
            ("check", "\(self.closed.before[0].check)"),
            ("before", JSONText.string(BenchImplementation.taskPerEvent.rawValue)),
            ("after", JSONText.string(BenchImplementation.pool.rawValue)),
            ("metrics", JSONText.list(self.rows.map(\.json))),
        ])
    }

    // MARK: - Private

    /// What has to be known to read the P99 of a way that fell behind.
    private var notes: [String] {
        self.open.compactMap { runs in
            guard let rate = runs.rate else { return nil }
            let behind = [("a task for each job", runs.isHeld.before), ("the pool", runs.isHeld.after)].filter { !$0.1 }
                .map(\.0)
            guard !behind.isEmpty else { return nil }
            let ways = behind.joined(separator: " and ")
            return
                "At \(shown(jobsPerSecond: rate)), \(ways) cannot keep up: the P99 grows for as long as jobs are sent, "
                + "\(decimal(BeforeAfterPlan.openSeconds, places: 1)) s here."
        }
    }

    private static func name(_ metric: Metric) -> String {
        switch metric {
        case .throughput: "throughput"
        case .latencyP99(let rate): "P99 at \(shown(jobsPerSecond: rate))"
        case .held(let rate): "held, of \(shown(jobsPerSecond: rate))"
        case .memory: "peak memory"
        case .processorTime: "CPU a job"
        }
    }

    private static func text(_ value: Double, _ metric: Metric) -> String {
        switch metric {
        case .throughput, .held: shown(jobsPerSecond: value)
        case .latencyP99: shown(microseconds: value)
        case .memory: shown(mebibytes: value)
        case .processorTime: shown(nanoseconds: UInt64(value.rounded()))
        }
    }
}

extension BeforeAfter.Row {
    /// "5.1 times", "34 % less", "12 % less: worse".
    var text: String {
        guard let improvement else { return "unknown" }
        let isMoreBetter = self.metric.isMoreBetter
        if improvement >= 1.995 {
            let factor = decimal(improvement, places: improvement < 9.95 ? 1 : 0)
            return isMoreBetter ? "\(factor) times" : "\(factor) times less"
        }
        let change = ((self.after / self.before - 1) * 100).rounded() / 100
        if change == 0 { return "the same" }
        return "\(percent(change.magnitude)) \(change > 0 ? "more" : "less")\(improvement < 1 ? ": worse" : "")"
    }

    fileprivate var json: String {
        let name: String
        var rate: Double?
        switch self.metric {
        case .throughput: name = "throughput_per_s"
        case .latencyP99(let asked):
            name = "p99_us"
            rate = asked
        case .held(let asked):
            name = "held_per_s"
            rate = asked
        case .memory: name = "rss_mib"
        case .processorTime: name = "cpu_ns_per_event"
        }
        return JSONText.object([
            ("metric", JSONText.string(name)),
            ("rate", JSONText.number(rate ?? 0, places: 0)),
            ("before", JSONText.number(self.before, places: 1)),
            ("after", JSONText.number(self.after, places: 1)),
            ("improvement", self.improvement.map { JSONText.number($0, places: 3) } ?? "null"),
        ])
    }
}
