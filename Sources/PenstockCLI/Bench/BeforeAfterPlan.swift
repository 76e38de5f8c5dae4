//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// How a task for each job is compared with a pool.
struct BeforeAfterPlan {
    /// The jobs, and the pool. Its events are those of a run in a closed loop.
    var options: BenchOptions
    var linesPath: String?
    /// The only rate to compare at; nil for two that follow from what the ways do in a closed loop.
    var rate: Double?
    var repetitions: Int

    /// Tasks hold up to 2 KiB a job here: so many stay below 2 GiB.
    static let eventsMax = 1_000_000
    /// How long jobs are sent in an open loop; the first 0.3 s of it are not recorded.
    static let openSeconds = 0.8
    /// At a greater rate an open loop had more jobs than ``eventsMax``.
    static let rateMax = 1_250_000.0

    /// The rates to compare at, once it is known how many jobs a second each way does in a closed loop.
    ///
    /// One that both hold, half of what the slower does, and one that the pool holds easily, half of what it does.
    func rates(before: Double, after: Double) -> [Double] {
        if let rate { return [rate] }
        let both = Self.round(min(before, after) / 2)
        let one = Self.round(after / 2)
        return one > both ? [both, one] : [both]
    }

    /// A run of one of the ways.
    func run(_ implementation: BenchImplementation, rate: Double?) -> BenchRun {
        var run = BenchRun(options: self.options, linesPath: self.linesPath)
        run.options.implementation = implementation
        run.options.rate = rate
        if let rate { run.options.events = max(1, Int(rate * Self.openSeconds)) }
        return run
    }

    // MARK: - Private

    /// Two digits that count, and within what is allowed.
    private static func round(_ rate: Double) -> Double {
        let rate = min(max(rate, 1000), Self.rateMax)
        var unit = 1.0
        while rate / unit >= 100 { unit *= 10 }
        return (rate / unit).rounded(.down) * unit
    }
}
