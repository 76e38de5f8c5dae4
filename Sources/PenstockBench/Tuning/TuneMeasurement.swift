//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What the runs of one setting have shown: medians.
package struct TuneMeasurement: Equatable, Sendable {
    package let setting: TuneSetting
    package private(set) var runs: [BenchFigures]

    package init(_ setting: TuneSetting, runs: [BenchFigures]) {
        self.setting = setting
        self.runs = runs
    }

    package mutating func add(_ run: BenchFigures) { self.runs.append(run) }

    /// Jobs a second.
    package var throughput: Double { self.runs.median(\.throughput) }
    /// In microseconds, from the intended time of each job; 0 in a closed loop.
    package var latencyP99: Double { self.runs.median(\.latencyP99) }
    /// How long the middle job waits in the queue, in microseconds.
    package var waitP50: Double { self.runs.median { $0.waits?.p50 ?? 0 } }
    /// How long 99 % of the jobs wait in the queue at most, in microseconds.
    package var waitP99: Double { self.runs.median { $0.waits?.p99 ?? 0 } }
    /// Nanoseconds a job.
    package var processorTimePerJob: Double { self.runs.median(\.processorTimePerJob) }
    /// The most memory that the process has held, in MiB.
    package var memoryMiB: Double { self.runs.median(\.memoryMiB) }

    /// How far apart the runs are in what they are judged by: the greatest less the smallest, as a share of the median.
    package func spread(for goal: TuneGoal) -> Double {
        let all: [Double]
        switch goal {
        case .throughput: all = self.runs.map(\.throughput)
        case .latency: all = self.runs.map(\.latencyP99)
        }
        let median = all.median()
        guard let most = all.max(), let least = all.min(), median > 0 else { return 0 }
        return (most - least) / median
    }

    /// Whether most runs kept up with a rate.
    package func holds(_ rate: Double) -> Bool { self.runs.count { $0.holds(rate) } * 2 > self.runs.count }
}
