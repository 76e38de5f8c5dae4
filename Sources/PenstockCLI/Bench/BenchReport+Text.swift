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

    private static func shares(_ histogram: LatencyHistogram) -> String {
        let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)].map { name, share in
            "\(name) \(shown(nanoseconds: histogram.percentile(share)))"
        }
        return "\(shares.joined(separator: "  "))  max \(shown(nanoseconds: histogram.max))"
    }
}
