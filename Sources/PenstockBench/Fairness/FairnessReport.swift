//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// What the jobs of a tenant became.
package struct TenantFigures: Sendable, Equatable {
    package var offered: Int
    package var done: Int
    /// The latency that 99 % of the jobs that ran do not exceed, in microseconds.
    package var latencyP99: Double

    package init(offered: Int, done: Int, latencyP99: Double) {
        self.offered = offered
        self.done = done
        self.latencyP99 = latencyP99
    }

    init(_ record: LoadRecord) {
        self.init(offered: record.offered, done: record.done, latencyP99: record.latencyP99)
    }
}

/// One run of `penstock bench fairness`.
package struct FairnessRun: Sendable, Equatable {
    /// The nine.
    package var tenants: [TenantFigures]
    /// The tenant that floods the pool; all 0 where none does.
    package var flood: TenantFigures
    /// The latency that 99 % of all jobs of the nine do not exceed, in microseconds.
    package var latencyP99: Double
    package var ledger: Ledger
    /// Whether the ledger balances, and tells what the benchmark has counted.
    package var isBalanced: Bool

    package init(
        tenants: [TenantFigures],
        flood: TenantFigures,
        latencyP99: Double,
        ledger: Ledger = Ledger(),
        isBalanced: Bool = true
    ) {
        self.tenants = tenants
        self.flood = flood
        self.latencyP99 = latencyP99
        self.ledger = ledger
        self.isBalanced = isBalanced
    }

    init(_ records: [LoadRecord], _ ledger: Ledger) {
        let nine = records.prefix(FairnessBench.tenants)
        var all = LoadRecord()
        for record in nine { all.merge(record) }
        self.init(
            tenants: nine.map { TenantFigures($0) },
            flood: TenantFigures(records[FairnessBench.tenants]),
            latencyP99: all.latencyP99,
            ledger: ledger,
            isBalanced: ledger.tells(records)
        )
    }

    /// What each of the nine has kept of what it had in another run; the least of them.
    package func leastKept(of calm: FairnessRun) -> Double {
        zip(self.tenants, calm.tenants).map { Double($0.done) / Double(max(1, $1.done)) }.min() ?? 0
    }
}

/// What `penstock bench fairness` has found, and whether it holds.
package struct FairnessReport: Sendable, Equatable {
    /// What each of the nine has to keep of its throughput.
    package static let keptMin = 0.95

    package var workers: Int
    /// How long each run lasted.
    package var seconds: Double
    /// Jobs a second in a closed loop.
    package var peak: Double
    /// The nine alone.
    package var calm: FairnessRun
    /// With the flood, under `fair`.
    package var fair: FairnessRun
    /// With the flood, in order of arrival: for comparison.
    package var fifo: FairnessRun

    package init(
        workers: Int,
        seconds: Double,
        peak: Double,
        calm: FairnessRun,
        fair: FairnessRun,
        fifo: FairnessRun
    ) {
        self.workers = workers
        self.seconds = seconds
        self.peak = peak
        self.calm = calm
        self.fair = fair
        self.fifo = fifo
    }

    /// What has to hold.
    package var bounds: [BenchBound] {
        [
            BenchBound(
                "kept",
                "throughput that each of the nine keeps",
                self.fair.leastKept(of: self.calm),
                atLeast: Self.keptMin,
                .share
            )
        ]
    }

    /// What was lost or counted wrong; nothing, always.
    package var problems: [String] {
        [("without the flood", self.calm), ("under fair", self.fair), ("under fifo", self.fifo)].compactMap {
            name,
            run in
            run.isBalanced ? nil : "\(name) the ledger does not account for every job: \(run.ledger)"
        }
    }

    /// Whether every bound holds, and no job was lost.
    package var isHeld: Bool { self.bounds.allSatisfy(\.isHeld) && self.problems.isEmpty }
}
