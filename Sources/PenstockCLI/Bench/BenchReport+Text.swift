//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockBench

extension BenchReport {
    /// The line that `penstock bench pool --json` and its peers print.
    ///
    /// - Parameter waits: Whether it also tells how long jobs waited, which the peers do not.
    func json(waits: Bool = false) -> String {
        // Peers have no such keys, so they stand behind those that all have.
        JSONText.object(
            self.figures + (self.threads.map { [("threads", "\($0)")] } ?? [])
                + (waits && self.waits.count > 0 ? self.waitFigures : [])
                + (self.options.discipline.map { [("discipline", JSONText.string($0.rawValue))] } ?? [])
        )
    }

    /// For people.
    var text: String {
        let options = self.options
        let loop = options.rate.map { "open loop at \(decimal($0 / 1e6, places: 2)) M/s" } ?? "closed loop"
        var lines = [
            "way       \(options.implementation.rawValue), \(options.workload.rawValue), \(loop)",
            "shape     \(options.producers) producers, \(options.workers) workers, buffer \(grouped(options.buffer))"
                + (options.discipline.map { ", \($0.rawValue)" } ?? ""),
            "jobs      \(grouped(self.done)) of \(grouped(options.events)), check \(self.check)",
            "time      \(shown(nanoseconds: self.elapsed)), \(decimal(self.throughput, places: 2)) M/s, "
                + "\(decimal(self.nanosecondsPerJob, places: 1)) ns/job",
            "cpu       \(decimal(self.processorTimePerJob, places: 1)) ns/job",
        ]
        if self.latencies.count > 0 { lines.append("latency   " + Self.shares(self.latencies)) }
        if self.waits.count > 0 { lines.append("in queue  " + Self.shares(self.waits)) }
        if let threads { lines.append("threads   \(threads)") }
        lines.append("memory    peak \(decimal(self.memoryMiB, places: 1)) MiB")
        if let ledger { lines.append("ledger    \(ledger.isBalanced ? "balanced" : "NOT BALANCED: \(ledger)")") }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    private var figures: [(key: String, value: String)] {
        [
            ("impl", JSONText.string(self.options.implementation.rawValue)),
            ("workload", JSONText.string(self.options.workload.rawValue)),
            ("producers", "\(self.options.producers)"),
            ("workers", "\(self.options.workers)"),
            ("buffer", "\(self.options.buffer)"),
            ("rate", JSONText.number(self.options.rate ?? 0, places: 0)),
            ("events", "\(self.options.events)"),
            ("done", "\(self.done)"),
            ("check", "\(self.check)"),
            ("elapsed_s", JSONText.number(Double(self.elapsed) / 1e9, places: 4)),
            ("throughput_mps", JSONText.number(self.throughput, places: 4)),
            ("ns_per_event", JSONText.number(self.nanosecondsPerJob, places: 2)),
            ("cpu_ns_per_event", JSONText.number(self.processorTimePerJob, places: 2)),
            ("p50_us", Self.microseconds(self.latencies.percentile(0.5))),
            ("p99_us", Self.microseconds(self.latencies.percentile(0.99))),
            ("p999_us", Self.microseconds(self.latencies.percentile(0.999))),
            ("max_us", Self.microseconds(self.latencies.max)),
            ("rss_mib", JSONText.number(self.memoryMiB, places: 1)),
        ]
    }

    private var waitFigures: [(key: String, value: String)] {
        [
            ("wait_p50_us", Self.microseconds(self.waits.percentile(0.5))),
            ("wait_p99_us", Self.microseconds(self.waits.percentile(0.99))),
            ("wait_max_us", Self.microseconds(self.waits.max)),
        ]
    }

    private static func microseconds(_ nanoseconds: UInt64) -> String {
        JSONText.number(Double(nanoseconds) / 1e3, places: 1)
    }

    private static func shares(_ histogram: LatencyHistogram) -> String {
        let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)].map { name, share in
            "\(name) \(shown(nanoseconds: histogram.percentile(share)))"
        }
        return "\(shares.joined(separator: "  "))  max \(shown(nanoseconds: histogram.max))"
    }
}
