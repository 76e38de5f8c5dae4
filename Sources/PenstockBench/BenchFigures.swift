//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What one run of `penstock bench pool` has shown, as its line of JSON tells it.
///
/// Runs that are compared are processes of their own: the most memory that a process has held never falls again.
package struct BenchFigures: Sendable, Equatable {
    /// How long jobs waited in the pool's queue, in microseconds.
    package struct Waits: Sendable, Equatable {
        package var p50: Double
        package var p99: Double
        package var max: Double

        package init(p50: Double, p99: Double, max: Double) {
            self.p50 = p50
            self.p99 = p99
            self.max = max
        }
    }

    package var events: Int
    package var done: Int
    /// The sum of all results: the same for all who did the same jobs.
    package var check: UInt64
    package var seconds: Double
    /// Nanoseconds a job, processor time of the whole process.
    package var processorTimePerJob: Double
    /// The latency that 99 % of the jobs do not exceed, from their intended time, in microseconds; 0 in a closed loop.
    package var latencyP99: Double
    /// The most memory that the process has held, in MiB.
    package var memoryMiB: Double
    /// Where they were asked for, and there is a queue.
    package var waits: Waits?

    package init(
        events: Int,
        done: Int,
        check: UInt64,
        seconds: Double,
        processorTimePerJob: Double,
        latencyP99: Double,
        memoryMiB: Double,
        waits: Waits? = nil
    ) {
        self.events = events
        self.done = done
        self.check = check
        self.seconds = seconds
        self.processorTimePerJob = processorTimePerJob
        self.latencyP99 = latencyP99
        self.memoryMiB = memoryMiB
        self.waits = waits
    }

    /// Jobs a second.
    package var throughput: Double { Double(self.events) / max(self.seconds, 1e-9) }

    /// Whether the run kept up with a rate: what it fell behind is at most what starting and ending take.
    package func holds(_ rate: Double) -> Bool { self.throughput >= rate * 0.95 }
}

extension BenchFigures {
    private static let keys = [
        "events", "done", "check", "ns_per_event", "cpu_ns_per_event", "p99_us", "rss_mib", "wait_p50_us",
        "wait_p99_us", "wait_max_us",
    ]

    /// Reads the line.
    ///
    /// - Throws: ``BenchProblem`` when it is not one, or lacks a figure.
    package init(line: String) throws(BenchProblem) {
        let reader = try FigureReader(line, keys: Self.keys)
        let events = try reader.integer("events")
        self.init(
            events: events,
            done: try reader.integer("done"),
            check: try reader.value("check") { UInt64($0) },
            seconds: Double(events) * (try reader.number("ns_per_event")) / 1e9,
            processorTimePerJob: try reader.number("cpu_ns_per_event"),
            latencyP99: try reader.number("p99_us"),
            memoryMiB: try reader.number("rss_mib")
        )
        guard reader.has("wait_p99_us") else { return }
        self.waits = Waits(
            p50: try reader.number("wait_p50_us"),
            p99: try reader.number("wait_p99_us"),
            max: try reader.number("wait_max_us")
        )
    }
}
