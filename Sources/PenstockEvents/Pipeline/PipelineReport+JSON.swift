//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension PipelineReport {
    /// The report as one JSON object, without a line end.
    public func json() -> String {
        var json = JSONWriter()
        json.object {
            $0.member("pipeline", text: self.pipeline)
            $0.member("seconds", number: rounded(self.seconds, digits: 6))
            $0.member("events_per_second", count: Int(self.eventsPerSecond.rounded()))
            $0.member("balanced", flag: self.balanced)
            $0.member("events") { self.events.write(to: &$0) }
            if let reason = self.lastReason { $0.member("last_reason", text: reason) }
            $0.member("sinks") {
                for sink in self.sinks { $0.member(sink.name) { sink.write(to: &$0) } }
            }
            if let rows = self.rows {
                $0.member("aggregates") { $0.member("rows") { rows.write(to: &$0) } }
            }
            $0.member("latency_seconds") { self.latency.write(to: &$0) }
            $0.member("memory_peak_bytes", count: self.memoryPeakBytes)
            $0.member("exit", text: self.exit.name)
            if case .failed(let error) = self.exit { $0.member("error", text: error.message) }
        }
        return json.text
    }
}

extension LatencyHistogram {
    /// Writes the percentiles that people ask for, in seconds.
    func write(to json: inout JSONWriter) {
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)] {
            json.member(name, number: rounded(Double(self.percentile(share)) / 1e9, digits: 9))
        }
        json.member("max", number: rounded(Double(self.max) / 1e9, digits: 9))
    }
}

extension EventLedger {
    func write(to json: inout JSONWriter) {
        json.member("offered", count: self.offered)
        json.member("rejected", count: self.rejected)
        if !self.rejectedReasons.isEmpty { json.member("rejected_reasons", counts: self.rejectedReasons) }
        json.member("waiting", count: self.waiting)
        json.member("accepted", count: self.accepted)
        json.member("delivered", count: self.delivered)
        json.member("filtered", count: self.filtered)
        json.member("aggregated", count: self.aggregated)
        json.member("dead_lettered", count: self.deadLettered)
        json.member("dropped", counts: self.dropped)
        json.member("in_flight", count: self.inFlight)
        json.member("stored", count: self.stored)
        json.member("recovered", count: self.recovered)
    }
}

extension SinkLedger {
    func write(to json: inout JSONWriter) {
        json.member("routed", count: self.routed)
        json.member("delivered", count: self.delivered)
        json.member("dead_lettered", count: self.deadLettered)
        json.member("dropped", counts: self.dropped)
        json.member("in_flight", count: self.inFlight)
        json.member("stored", count: self.stored)
    }
}

extension PipelineReport.Sink {
    func write(to json: inout JSONWriter) {
        self.ledger.write(to: &json)
        if let reason = self.lastReason { json.member("last_reason", text: reason) }
    }
}

extension RowLedger {
    func write(to json: inout JSONWriter) {
        json.member("emitted", count: self.emitted)
        json.member("delivered", count: self.delivered)
        json.member("dead_lettered", count: self.deadLettered)
        json.member("dropped", counts: self.dropped)
        json.member("in_flight", count: self.inFlight)
    }
}
