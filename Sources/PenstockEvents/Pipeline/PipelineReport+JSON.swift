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
            $0.member("sinks") {
                for sink in self.sinks { $0.member(sink.name) { sink.ledger.write(to: &$0) } }
            }
            if let rows = self.rows {
                $0.member("aggregates") { $0.member("rows") { rows.write(to: &$0) } }
            }
            $0.member("latency_seconds") { self.writeLatency(to: &$0) }
            $0.member("memory_peak_bytes", count: self.memoryPeakBytes)
            $0.member("exit", text: self.exit.name)
            if case .failed(let error) = self.exit { $0.member("error", text: error.message) }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func writeLatency(to json: inout JSONWriter) {
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)] {
            json.member(name, number: rounded(Double(self.latency.percentile(share)) / 1e9, digits: 9))
        }
        json.member("max", number: rounded(Double(self.latency.max) / 1e9, digits: 9))
    }
}

extension EventLedger {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("offered", count: self.offered)
        json.member("rejected", count: self.rejected)
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
    fileprivate func write(to json: inout JSONWriter) {
        json.member("routed", count: self.routed)
        json.member("delivered", count: self.delivered)
        json.member("dead_lettered", count: self.deadLettered)
        json.member("dropped", counts: self.dropped)
        json.member("in_flight", count: self.inFlight)
    }
}

extension RowLedger {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("emitted", count: self.emitted)
        json.member("delivered", count: self.delivered)
        json.member("dead_lettered", count: self.deadLettered)
        json.member("dropped", counts: self.dropped)
        json.member("in_flight", count: self.inFlight)
    }
}

private func rounded(_ value: Double, digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return (value * scale).rounded() / scale
}

/// Writes JSON objects, members in the order in which they come.
private struct JSONWriter {
    var bytes: [UInt8] = []
    private var isFirst = true

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        self.bytes.append(UInt8(ascii: "{"))
        self.isFirst = true
        body(&self)
        self.isFirst = false
        self.bytes.append(UInt8(ascii: "}"))
    }

    mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.key(name)
        self.object(body)
    }

    mutating func member(_ name: String, text: String) {
        self.key(name)
        appendJSONString(text, to: &self.bytes)
    }

    mutating func member(_ name: String, count: Int) {
        self.key(name)
        self.bytes += String(count).utf8
    }

    /// Numbers are written as Swift describes them, which is JSON for all that are finite.
    mutating func member(_ name: String, number: Double) {
        self.key(name)
        self.bytes += (number.isFinite ? "\(number)" : "null").utf8
    }

    mutating func member(_ name: String, flag: Bool) {
        self.key(name)
        self.bytes += (flag ? "true" : "false").utf8
    }

    mutating func member(_ name: String, counts: [String: Int]) {
        self.member(name) { json in
            for (reason, count) in counts.sorted(by: { $0.key < $1.key }) { json.member(reason, count: count) }
        }
    }

    private mutating func key(_ name: String) {
        if !self.isFirst { self.bytes.append(UInt8(ascii: ",")) }
        self.isFirst = false
        appendJSONString(name, to: &self.bytes)
        self.bytes.append(UInt8(ascii: ":"))
    }
}
