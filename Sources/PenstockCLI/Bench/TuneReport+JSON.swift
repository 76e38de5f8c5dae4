//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension TuneReport {
    /// One line of JSON.
    var json: String {
        let recommendation = self.recommendation
        let options = self.plan.options
        return JSONText.object([
            ("workload", JSONText.string(options.workload.rawValue)),
            ("producers", "\(options.producers)"),
            ("rate", JSONText.number(options.rate ?? 0, places: 0)),
            ("repetitions", "\(self.plan.repetitions)"),
            ("tolerance", JSONText.number(recommendation.tolerance, places: 4)),
            ("goal", JSONText.string(recommendation.goal == .throughput ? "throughput" : "latency")),
            ("runs", "\(self.runCount)"),
            ("seconds", JSONText.number(self.seconds, places: 2)),
            ("complete", self.isTimeOver ? "false" : "true"),
            ("recommended", self.json(recommendation.chosen)),
            ("best", self.json(recommendation.best)),
            ("reasons", JSONText.list(self.reasons.map { JSONText.string($0) as String })),
            ("settings", JSONText.list(recommendation.measurements.map(self.json))),
        ])
    }

    // MARK: - Private

    private func json(_ measurement: TuneMeasurement) -> String {
        JSONText.object([
            ("workers", "\(measurement.setting.workers)"),
            ("buffer", "\(measurement.setting.capacity)"),
            ("batch", "\(measurement.setting.batch)"),
            ("runs", "\(measurement.runs.count)"),
            ("throughput_mps", JSONText.number(measurement.throughput / 1e6, places: 4)),
            ("spread", JSONText.number(measurement.spread(for: self.recommendation.goal), places: 3)),
            ("p99_us", JSONText.number(measurement.latencyP99, places: 1)),
            ("wait_p50_us", JSONText.number(measurement.waitP50, places: 1)),
            ("wait_p99_us", JSONText.number(measurement.waitP99, places: 1)),
            ("cpu_ns_per_event", JSONText.number(measurement.processorTimePerJob, places: 2)),
            ("rss_mib", JSONText.number(measurement.memoryMiB, places: 1)),
        ])
    }
}
