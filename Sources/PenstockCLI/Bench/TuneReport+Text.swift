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
    /// For people: the response as tables, then the recommendation.
    var text: String {
        let chosen = self.recommendation.chosen.setting
        let capacity = grouped(chosen.capacity)
        return """
            \(self.head)
            capacity by batch, \(Self.workers(chosen.workers)): \(self.isOpen ? "P99 of the latency" : "throughput"), \
            and P99 of the wait in the queue
            \(self.planeTable)
            capacity, with \(Self.workers(chosen.workers)) and batch \(chosen.batch)
            \(self.table(along: .capacity))
            batch, with \(Self.workers(chosen.workers)) and capacity \(capacity)
            \(self.table(along: .batch))
            workers, with capacity \(capacity) and batch \(chosen.batch)
            \(self.table(along: .workers))
            recommended: \(Self.text(chosen))
            \(self.reasons.map { "  \($0)\n" }.joined())
            """
    }

    static func workers(_ count: Int) -> String { count == 1 ? "1 worker" : "\(count) workers" }

    static func text(_ setting: TuneSetting) -> String {
        "\(Self.workers(setting.workers)), capacity \(grouped(setting.capacity)), batch \(setting.batch)"
    }

    // MARK: - Private

    private var isOpen: Bool { self.plan.options.rate != nil }

    private var head: String {
        let settings = self.recommendation.measurements.count
        var lines = [
            "tune      \(self.jobs)",
            "measured  \(grouped(settings)) settings in \(grouped(self.runCount)) runs, "
                + "\(decimal(self.seconds, places: 1)) s; the figures are medians",
        ]
        if self.isTimeOver {
            lines.append("          the time was over before all was measured: --seconds gives it more")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var planeTable: String {
        let (plan, plane) = (self.plan.grid, self.plane)
        let chosen = self.recommendation.chosen.setting
        var table = TextTable(["capacity"] + plan.batches.flatMap { ["batch \($0)", "wait"] })
        for capacity in plan.capacities {
            let cells = plan.batches.flatMap { batch in
                let setting = TuneSetting(workers: chosen.workers, capacity: capacity, batch: batch)
                return plane[setting].map { [self.figure(of: $0), shown(microseconds: $0.waitP99)] } ?? ["", ""]
            }
            table.add([grouped(capacity)] + cells)
        }
        return table.text
    }

    /// What a setting is judged by.
    func figure(of measurement: TuneMeasurement) -> String {
        guard let rate = self.plan.options.rate else { return shown(jobsPerSecond: measurement.throughput) }
        return measurement.holds(rate) ? shown(microseconds: measurement.latencyP99) : "not held"
    }

    private func table(along dimension: TuneDimension) -> String {
        let chosen = self.recommendation.chosen
        var table = TextTable(
            [dimension.rawValue, "jobs/s"] + (self.isOpen ? ["P99"] : ["of the best"])
                + ["wait P50", "wait P99", "CPU/job", "memory", ""]
        )
        for measurement in self.recommendation.line(along: dimension) {
            table.add([
                grouped(measurement.setting[dimension]),
                shown(jobsPerSecond: measurement.throughput),
                self.isOpen
                    ? self.figure(of: measurement)
                    : percent((measurement.throughput / self.recommendation.best.throughput * 100).rounded() / 100),
                shown(microseconds: measurement.waitP50),
                shown(microseconds: measurement.waitP99),
                shown(nanoseconds: UInt64(measurement.processorTimePerJob.rounded())),
                shown(mebibytes: measurement.memoryMiB),
                measurement == chosen ? "<- recommended" : "",
            ])
        }
        return table.text
    }
}
