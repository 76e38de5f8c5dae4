//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// One run of `penstock bench keyed`.
package struct KeyedRun: Sendable, Equatable {
    /// Jobs of the other keys that ran.
    package var done: Int
    /// The latency that 99 % of them do not exceed, in microseconds.
    package var latencyP99: Double
    /// Jobs of the slow key that ran.
    package var slowDone: Int
    /// The latency that 99 % of those do not exceed, in microseconds.
    package var slowP99: Double
    /// How often a job began while another of its key ran.
    package var overlaps: Int
    /// How often a job began after one of its key that had come later.
    package var reorders: Int
    /// How often the pool was resized.
    package var resizes: Int
    package var ledger: Ledger
    /// Whether the ledger balances, and tells what the benchmark has counted.
    package var isBalanced: Bool

    package init(
        done: Int,
        latencyP99: Double,
        slowDone: Int,
        slowP99: Double,
        overlaps: Int = 0,
        reorders: Int = 0,
        resizes: Int = KeyedBench.resizes,
        ledger: Ledger = Ledger(),
        isBalanced: Bool = true
    ) {
        self.done = done
        self.latencyP99 = latencyP99
        self.slowDone = slowDone
        self.slowP99 = slowP99
        self.overlaps = overlaps
        self.reorders = reorders
        self.resizes = resizes
        self.ledger = ledger
        self.isBalanced = isBalanced
    }

    init(_ records: [LoadRecord], _ order: KeyOrder, _ ledger: Ledger, resizes: Int) {
        self.init(
            done: records[0].done,
            latencyP99: records[0].latencyP99,
            slowDone: records[1].done,
            slowP99: records[1].latencyP99,
            overlaps: order.overlaps,
            reorders: order.reorders,
            resizes: resizes,
            ledger: ledger,
            isBalanced: ledger.tells(records)
        )
    }
}

/// What `penstock bench keyed` has found, and whether it holds.
package struct KeyedReport: Sendable, Equatable {
    /// How many times as high the P99 of the other keys may be.
    package static let factorMax = 1.5

    /// How long each run lasted.
    package var seconds: Double
    /// Without a slow key.
    package var calm: KeyedRun
    /// With it.
    package var slow: KeyedRun

    package init(seconds: Double, calm: KeyedRun, slow: KeyedRun) {
        self.seconds = seconds
        self.calm = calm
        self.slow = slow
    }

    /// What has to hold.
    package var bounds: [BenchBound] {
        [
            BenchBound(
                "p99",
                "P99 of the other keys, against that without a slow key",
                self.slow.latencyP99 / max(self.calm.latencyP99, 1e-9),
                atMost: Self.factorMax,
                .factor
            )
        ]
    }

    /// What was lost, ran out of order or side by side; nothing, always.
    package var problems: [String] {
        [("without a slow key", self.calm), ("with a slow key", self.slow)].flatMap { name, run in
            var problems: [String] = []
            if run.overlaps > 0 { problems.append("\(name) \(run.overlaps) jobs ran beside another of their key") }
            if run.reorders > 0 { problems.append("\(name) \(run.reorders) jobs ran after one that came later") }
            if run.resizes != KeyedBench.resizes {
                problems.append("\(name) the pool was resized \(run.resizes) times, not \(KeyedBench.resizes)")
            }
            if run.done == 0 { problems.append("\(name) no job ran") }
            if !run.isBalanced {
                problems.append("\(name) the ledger does not account for every job: \(run.ledger)")
            }
            return problems
        }
    }

    /// Whether every bound holds, nothing was lost and every key kept its order.
    package var isHeld: Bool { self.bounds.allSatisfy(\.isHeld) && self.problems.isEmpty }
}
