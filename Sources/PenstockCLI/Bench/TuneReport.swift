//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// What tuning has shown.
struct TuneReport {
    let plan: TunePlan
    let recommendation: TuneRecommendation
    let runCount: Int
    let seconds: Double
    /// Whether the time was over before all was measured that the search wanted.
    let isTimeOver: Bool

    /// Every capacity and batch that was measured at the recommended count of workers, with its measurement.
    var plane: [TuneSetting: TuneMeasurement] {
        let workers = self.recommendation.chosen.setting.workers
        let plane = self.recommendation.measurements.filter { $0.setting.workers == workers }
        return Dictionary(plane.map { ($0.setting, $0) }) { first, _ in first }
    }

    /// "noop, 1 producer, closed loop".
    var jobs: String {
        let options = self.plan.options
        let producers = options.producers == 1 ? "1 producer" : "\(grouped(options.producers)) producers"
        let loop = options.rate.map { "open loop at \(shown(jobsPerSecond: $0))" } ?? "closed loop"
        return "\(options.workload.rawValue), \(producers), \(loop)"
    }
}
