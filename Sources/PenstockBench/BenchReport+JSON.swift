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

extension BenchReport {
    /// The line that `penstock bench pool --json` and its peers print.
    ///
    /// - Parameter waits: Whether it also tells how long jobs waited, which the peers do not.
    package func json(waits: Bool = false) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("impl", text: self.options.implementation.rawValue)
            json.member("workload", text: self.options.workload.rawValue)
            json.member("producers", count: self.options.producers)
            json.member("workers", count: self.options.workers)
            json.member("buffer", count: self.options.buffer)
            json.member("rate", number: self.options.rate ?? 0)
            json.member("events", count: self.options.events)
            json.member("done", count: self.done)
            json.member("check", count: self.check)
            json.member("elapsed_s", number: Double(self.elapsed) / 1e9, places: 4)
            json.member("throughput_mps", number: self.throughput, places: 4)
            json.member("ns_per_event", number: self.nanosecondsPerJob, places: 2)
            json.member("cpu_ns_per_event", number: self.processorTimePerJob, places: 2)
            json.member("p50_us", of: self.latencies.percentile(0.5))
            json.member("p99_us", of: self.latencies.percentile(0.99))
            json.member("p999_us", of: self.latencies.percentile(0.999))
            json.member("max_us", of: self.latencies.max)
            json.member("rss_mib", number: self.memoryMiB, places: 1)
            // Peers have no such keys, so they stand behind those that all have.
            if let threads = self.threads { json.member("threads", count: threads) }
            if waits, self.waits.count > 0 {
                json.member("wait_p50_us", of: self.waits.percentile(0.5))
                json.member("wait_p99_us", of: self.waits.percentile(0.99))
                json.member("wait_max_us", of: self.waits.max)
            }
            if let discipline = self.options.discipline { json.member("discipline", text: discipline.rawValue) }
        }
        return json.text
    }
}

extension JSONWriter {
    /// A number of which so many decimals count.
    fileprivate mutating func member(_ name: String, number: Double, places: Int) {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        self.member(name, number: (number * scale).rounded() / scale)
    }

    /// A time in nanoseconds, as microseconds.
    fileprivate mutating func member(_ name: String, of nanoseconds: UInt64) {
        self.member(name, number: Double(nanoseconds) / 1e3, places: 1)
    }
}
