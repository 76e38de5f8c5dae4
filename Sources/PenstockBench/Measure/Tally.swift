//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What one reader of results keeps.
struct Tally {
    private(set) var done = 0
    var sum: UInt64 = 0
    var services: ServiceCounts
    private(set) var latencies = LatencyHistogram()

    /// For jobs that scan some lines, or for jobs that give numbers.
    init(lines: EventLines? = nil) { self.services = ServiceCounts(lines: lines ?? .none) }

    /// Counts a result, and its latency if it is one of an open loop.
    ///
    /// - Parameter now: The time of its receipt; not looked at in a closed loop.
    @inline(__always)
    mutating func count(_ output: some BenchOutput, now: UInt64) {
        self.done &+= 1
        output.count(in: &self)
        if output.due != 0 { self.latencies.record(now > output.due ? now - output.due : 0) }
    }

    /// Adds another tally of the same work.
    mutating func merge(_ other: Tally) {
        self.done += other.done
        self.sum &+= other.sum
        self.services.merge(other.services)
        self.latencies.merge(other.latencies)
    }

    /// The same for all who did the same jobs.
    var check: UInt64 { self.sum &+ self.services.check }
}
