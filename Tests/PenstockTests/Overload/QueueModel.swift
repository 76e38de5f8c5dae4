//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

/// A pool of a few workers in virtual time: jobs come at random, wait in order, and are shed as a ``CoDelController`` says.
struct QueueModel {
    /// What became of the jobs.
    struct Outcome {
        var offered = 0
        var shed = 0
        /// From coming to having run, in nanoseconds, for each job that ran.
        var latencies: [UInt64] = []

        /// The latency that all but a hundredth do not exceed.
        var p99: UInt64 {
            let sorted = self.latencies.sorted()
            return sorted.isEmpty ? 0 : sorted[sorted.count * 99 / 100]
        }
    }

    var workers = 2
    /// How long a job runs on average.
    var meanRun: Double = 1_000_000
    /// The most jobs of a take.
    var batch = 1
    var shedding: LoadShedding?
    var seed: UInt64

    /// Runs for a time under loads, each the share of what the workers can do from an instant on.
    func run(until end: UInt64, loads: [(from: UInt64, load: Double)]) -> Outcome {
        var random = SeededGenerator(seed: self.seed)
        var controller = self.shedding.map(CoDelController.init)
        var outcome = Outcome()
        var queue: [UInt64] = []
        var head = 0
        var free = [UInt64](repeating: 0, count: self.workers)
        var arrival: UInt64 = 0
        while let worker = free.indices.min(by: { free[$0] < free[$1] }) {
            // All that comes before the worker does; if nothing is queued it waits for the next.
            while arrival < end, arrival <= free[worker] || head == queue.count {
                if head == queue.count { controller?.drained() }
                queue.append(arrival)
                free[worker] = max(free[worker], arrival)
                let load = loads.last { $0.from <= arrival }?.load ?? 1
                arrival += self.exponential(mean: self.meanRun / Double(self.workers) / load, &random)
            }
            guard head < queue.count else { break }
            let now = free[worker]
            if let bound = controller?.observe(oldestWait: now - queue[head], at: now) {
                while head + 1 < queue.count, now - queue[head] > bound {
                    head += 1
                    outcome.shed += 1
                }
            }
            for _ in 0..<min(self.batch, queue.count - head) {
                free[worker] += self.exponential(mean: self.meanRun, &random)
                outcome.latencies.append(free[worker] - queue[head])
                head += 1
            }
        }
        outcome.offered = queue.count
        return outcome
    }

    private func exponential(mean: Double, _ random: inout SeededGenerator) -> UInt64 {
        let uniform = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random)
        return UInt64(-mean * Self.naturalLogarithm(uniform)) + 1
    }

    /// The logarithm of a number between 0 and 1, to nine places: the standard library has none.
    private static func naturalLogarithm(_ value: Double) -> Double {
        let (exponent, mantissa) = (Double(value.exponent), value.significand)
        let ratio = (mantissa - 1) / (mantissa + 1)
        var (term, sum) = (ratio, 0.0)
        for power in stride(from: 1.0, through: 25, by: 2) {
            sum += term / power
            term *= ratio * ratio
        }
        return 2 * sum + exponent * 0.693_147_180_559_945_3
    }
}
