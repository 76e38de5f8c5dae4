//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// What a pool did at one load.
package struct OverloadPhase: Sendable, Equatable {
    /// How much was offered, as a share of the peak.
    package var load: Double
    package var seconds: Double
    package var offered: Int
    /// Jobs that ran.
    package var done: Int
    /// Jobs that were not accepted.
    package var rejected: Int
    /// Jobs that were accepted, and dropped before they began.
    package var shed: Int
    /// The latency that 99 % of the jobs that ran do not exceed, from their arrival, in microseconds.
    package var latencyP99: Double
    /// After how long 99 % of the producers of the others knew, from the arrival on, in microseconds; 0 if none did.
    package var answerP99: Double
    /// The resident set, in bytes.
    package var memory: Int
    /// Whether the pool's ledger balanced, and accounted for as many jobs as were offered.
    package var isBalanced: Bool

    /// Jobs that ran, a second.
    package var goodput: Double { Double(self.done) / max(self.seconds, 1e-9) }

    package init(
        load: Double,
        seconds: Double,
        offered: Int,
        done: Int,
        rejected: Int = 0,
        shed: Int = 0,
        latencyP99: Double,
        answerP99: Double = 0,
        memory: Int,
        isBalanced: Bool = true
    ) {
        self.load = load
        self.seconds = seconds
        self.offered = offered
        self.done = done
        self.rejected = rejected
        self.shed = shed
        self.latencyP99 = latencyP99
        self.answerP99 = answerP99
        self.memory = memory
        self.isBalanced = isBalanced
    }
}

/// What `penstock bench overload` has found, and whether it holds.
package struct OverloadReport: Sendable, Equatable {
    package var setup: OverloadSetup
    package var workers: Int
    /// Places in the pool's queue.
    package var capacity: Int
    /// Jobs a second in a closed loop.
    package var peak: Double
    /// One for each of ``OverloadBench/loads``.
    package var phases: [OverloadPhase]
    /// What came after, at the normal load: windows of the same length.
    package var recovery: [OverloadPhase]
    /// The pool's last ledger.
    package var ledger: Ledger

    package init(
        setup: OverloadSetup,
        workers: Int,
        capacity: Int,
        peak: Double,
        phases: (loads: [OverloadPhase], recovery: [OverloadPhase]),
        ledger: Ledger
    ) {
        self.setup = setup
        self.workers = workers
        self.capacity = capacity
        self.peak = peak
        self.phases = phases.loads
        self.recovery = phases.recovery
        self.ledger = ledger
    }

    /// The load at which everything is normal.
    package var normal: OverloadPhase? { self.phases.first { $0.load == OverloadBench.normalLoad } }

    /// The P99 that is taken for normal at most, in microseconds.
    private var latencyMax: Double { (self.normal?.latencyP99 ?? 0) * 2 }

    /// After how long the pool was back to normal: at the end of the first window whose P99 is; nil if none was.
    package var recoveryTime: Double? {
        var elapsed = 0.0
        for window in self.recovery {
            elapsed += window.seconds
            if window.done > 0, window.latencyP99 <= self.latencyMax { return elapsed }
        }
        return nil
    }

    /// What has to hold, in order.
    package var bounds: [BenchBound] {
        guard let normal, let last = self.phases.last else { return [] }
        let latency = self.phases.filter { $0.load >= 1 }.map(\.latencyP99).max() ?? .infinity
        let growth = Double(last.memory - normal.memory) / Double(max(1, normal.memory))
        return [
            BenchBound(
                "goodput",
                "goodput at 10x, of the peak",
                last.goodput / max(self.peak, 1e-9),
                atLeast: 0.9,
                .share
            ),
            BenchBound(
                "p99",
                "P99 of jobs that ran at 1x to 10x, against 0.8x",
                latency / max(normal.latencyP99, 1e-9),
                atMost: 2,
                .factor
            ),
            BenchBound(
                "answer_p99",
                "P99 of the answer to those that did not",
                self.phases.map(\.answerP99).max() ?? 0,
                atMost: 5000,
                .microseconds
            ),
            BenchBound("memory", "memory at 10x, beyond that at 0.8x", max(0, growth), atMost: 0.1, .share),
            BenchBound(
                "recovery",
                "back to normal after 10x",
                self.recoveryTime ?? .infinity,
                atMost: OverloadBench.recoveryTimeMax,
                .seconds
            ),
        ]
    }

    /// What was lost or counted wrong; nothing, always.
    package var problems: [String] {
        var problems = self.phases.filter { !$0.isBalanced }.map { phase in
            "at \(phase.load)x the ledger does not account for every job: \(phase.offered) offered, \(phase.done) done, "
                + "\(phase.rejected) rejected, \(phase.shed) shed"
        }
        if self.recovery.contains(where: { !$0.isBalanced }) {
            problems.append("after 10x the ledger does not account for every job")
        }
        let all = self.phases + self.recovery
        let isRight =
            self.ledger.isBalanced && self.ledger.offered == all.reduce(0) { $0 + $1.offered }
            && self.ledger.done == all.reduce(0) { $0 + $1.done }
            && self.ledger.rejected == all.reduce(0) { $0 + $1.rejected }
            && self.ledger.shed == all.reduce(0) { $0 + $1.shed }
        if !isRight { problems.append("the last ledger is not what happened: \(self.ledger)") }
        return problems
    }

    /// Whether every bound holds, and no job was lost.
    package var isHeld: Bool {
        let bounds = self.bounds
        return !bounds.isEmpty && bounds.allSatisfy(\.isHeld) && self.problems.isEmpty
    }
}
