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

/// A report that a running pipeline has told, as JSON.
struct ToldReport {
    private let json: JSONValue

    /// Reads a report; nil when it is none.
    init?(_ json: JSONValue) {
        guard json["exit"]?.text != nil, json["events"]?["accepted"]?.integer != nil else { return nil }
        self.json = json
    }

    /// The exit code that it comes to.
    var exitCode: Int32 {
        guard case .bool(true) = self.json["balanced"] else { return ProgramExit.failure }
        switch self.json["exit"]?.text {
        case "drained", "interrupted": return ProgramExit.success
        case "deadline": return ProgramExit.deadlinePassed
        default: return ProgramExit.failure
        }
    }

    /// The ledger for people, as the run itself prints it.
    func text() -> String {
        let seconds = self.json["seconds"]?.number ?? 0
        let rate = self.json["events_per_second"]?.number ?? 0
        var lines = [
            "pipeline  \(shown(self.json["pipeline"]?.text ?? ""))",
            "time      \(decimal(seconds, places: seconds < 10 ? 2 : 1)) s, \(decimal(rate, places: 0)) events/s",
        ]
        if let events = self.json["events"] { lines += HumanReport.events(Self.events(events)) }
        lines += HumanReport.reason(self.json["last_reason"]?.text)
        for (name, sink) in self.json["sinks"]?.members ?? [] {
            let reason = sink["last_reason"]?.text
            lines += HumanReport.sink(PipelineReport.Sink(name: name, ledger: Self.sink(sink), lastReason: reason))
        }
        let isBalanced = if case .bool(true) = self.json["balanced"] { true } else { false }
        lines.append("ledger    \(isBalanced ? "balanced" : "NOT BALANCED")")
        lines.append("exit      \(self.json["exit"]?.text ?? "")")
        if let error = self.json["error"]?.text { lines.append("error     \(shown(error, limit: 1000))") }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    private static func events(_ json: JSONValue) -> EventLedger {
        var events = EventLedger()
        events.offered = json.count("offered")
        events.rejected = json.count("rejected")
        events.rejectedReasons = json.counts("rejected_reasons")
        events.waiting = json.count("waiting")
        events.accepted = json.count("accepted")
        events.delivered = json.count("delivered")
        events.filtered = json.count("filtered")
        events.aggregated = json.count("aggregated")
        events.deadLettered = json.count("dead_lettered")
        events.dropped = json.counts("dropped")
        events.inFlight = json.count("in_flight")
        events.stored = json.count("stored")
        events.recovered = json.count("recovered")
        return events
    }

    private static func sink(_ json: JSONValue) -> SinkLedger {
        var sink = SinkLedger()
        sink.routed = json.count("routed")
        sink.delivered = json.count("delivered")
        sink.deadLettered = json.count("dead_lettered")
        sink.dropped = json.counts("dropped")
        sink.inFlight = json.count("in_flight")
        sink.stored = json.count("stored")
        return sink
    }
}

extension JSONValue {
    /// A number; nil for what is none.
    var number: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// The members of an object; none of what is none.
    var members: [(key: String, value: JSONValue)] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// The elements of an array; none of what is none.
    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// A member that is a whole number; 0 when there is none.
    func count(_ key: String) -> Int { self[key]?.integer ?? 0 }

    /// A member that is a number; 0 when there is none.
    func number(_ key: String) -> Double { self[key]?.number ?? 0 }

    /// A member that is text; empty when there is none.
    func text(_ key: String) -> String { self[key]?.text ?? "" }

    /// A member that holds whole numbers by name.
    func counts(_ key: String) -> [String: Int] {
        Dictionary((self[key]?.members ?? []).map { ($0.key, $0.value.integer ?? 0) }) { $1 }
    }
}
