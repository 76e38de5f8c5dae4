//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

/// The run report for people.
enum HumanReport {
    /// The report as aligned lines, the last one ended too.
    static func text(_ report: PipelineReport) -> String {
        var lines = [
            "pipeline  \(report.pipeline)",
            "time      \(decimal(report.seconds, places: report.seconds < 10 ? 2 : 1)) s, "
                + "\(decimal(report.eventsPerSecond, places: 0)) events/s",
        ]
        lines += Self.events(report.events) + Self.reason(report.lastReason)
        if let rows = report.rows {
            let ends = [
                ("delivered", rows.delivered), ("dead-lettered", rows.deadLettered),
                ("dropped", rows.dropped.values.reduce(0, +)), ("in flight", rows.inFlight),
            ]
            lines.append("rows      " + Self.equation("emitted", rows.emitted, ends))
            lines += Self.lines("dropped", rows.dropped)
        }
        for sink in report.sinks {
            lines += Self.sink(sink)
        }
        lines.append("ledger    \(report.balanced ? "balanced" : "NOT BALANCED")")
        lines.append("latency   \(Self.latency(report))")
        lines.append("memory    peak \(shown(bytes: report.memoryPeakBytes))")
        lines.append("exit      \(report.exit.name)")
        if case .failed(let error) = report.exit {
            lines.append("error     \(error.message)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    static func events(_ events: EventLedger) -> [String] {
        let offered = [("accepted", events.accepted), ("rejected", events.rejected), ("waiting", events.waiting)]
        let accepted = [
            ("delivered", events.delivered), ("filtered", events.filtered), ("aggregated", events.aggregated),
            ("dead-lettered", events.deadLettered), ("dropped", events.droppedTotal), ("in flight", events.inFlight),
            ("stored", events.stored),
        ]
        return [
            "events    " + Self.equation("offered", events.offered, offered),
            "          " + Self.equation("accepted", events.accepted, accepted),
        ] + (events.recovered > 0 ? ["          recovered \(grouped(events.recovered)) from a former run"] : [])
            + Self.lines("rejected", events.rejectedReasons) + Self.lines("dropped", events.dropped)
    }

    static func sink(_ sink: PipelineReport.Sink) -> [String] {
        let ledger = sink.ledger
        let ends = [
            ("delivered", ledger.delivered), ("dead-lettered", ledger.deadLettered),
            ("dropped", ledger.dropped.values.reduce(0, +)), ("in flight", ledger.inFlight), ("stored", ledger.stored),
        ]
        return ["sink      \(sink.name): " + Self.equation("routed", ledger.routed, ends)]
            + Self.lines("dropped", ledger.dropped) + Self.reason(sink.lastReason)
    }

    /// Why the last event was not taken that was not.
    static func reason(_ reason: String?) -> [String] {
        reason.map { ["          last reason: \(shown($0, limit: 500))"] } ?? []
    }

    /// `offered 12 = accepted 10 + rejected 2 + waiting 0`; of many terms those that are 0 are left out.
    private static func equation(_ name: String, _ total: Int, _ parts: [(name: String, count: Int)]) -> String {
        let counted = parts.filter { $0.count != 0 }
        let shown = parts.count <= 3 ? parts : counted.isEmpty ? [parts[0]] : counted
        return "\(name) \(grouped(total)) = " + shown.map { "\($0.name) \(grouped($0.count))" }.joined(separator: " + ")
    }

    private static func lines(_ what: String, _ reasons: [String: Int]) -> [String] {
        reasons.sorted { $0.key < $1.key }.filter { $0.value != 0 }.map { reason, count in
            "          \(what) \(grouped(count)): \(reason)"
        }
    }

    private static func latency(_ report: PipelineReport) -> String {
        let latency = report.latency
        guard latency.count > 0 else { return "none measured" }
        let values: [(String, UInt64)] = [
            ("p50", latency.percentile(0.5)), ("p95", latency.percentile(0.95)), ("p99", latency.percentile(0.99)),
            ("p99.9", latency.percentile(0.999)), ("max", latency.max),
        ]
        return values.map { "\($0.0) \(shown(nanoseconds: $0.1))" }.joined(separator: "  ")
    }
}
