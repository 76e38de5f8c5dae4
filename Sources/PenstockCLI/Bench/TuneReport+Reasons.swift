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
    /// Why the recommended setting is, in sentences.
    var reasons: [String] {
        var sentences = [self.choice, self.cost]
        sentences += TuneDimension.allCases.compactMap { self.comparison(along: $0) }
        let spread = self.recommendation.best.spread(for: self.recommendation.goal)
        if spread > 2 * self.recommendation.tolerance {
            sentences.append(
                "The runs of the best differ by \(percent(spread)), more than the tolerance: on a machine that does "
                    + "nothing else, or with more --repetitions, the answer may be another."
            )
        }
        return sentences
    }

    // MARK: - Private

    private var tolerance: String { percent(self.recommendation.tolerance) }

    /// What was chosen, against the best.
    private var choice: String {
        let (chosen, best) = (self.recommendation.chosen, self.recommendation.best)
        switch self.recommendation.goal {
        case .throughput:
            let figure = shown(jobsPerSecond: chosen.throughput)
            let start = self.plan.options.rate.map { "No setting holds \(shown(jobsPerSecond: $0)). " } ?? ""
            if chosen == best {
                return start
                    + "\(figure) is the best; nothing smaller that was measured is within \(self.tolerance) of it."
            }
            return start + "\(figure) is within \(self.tolerance) of the best, "
                + "\(shown(jobsPerSecond: best.throughput)) with \(Self.text(best.setting)); nothing smaller that was measured is."
        case .latency(let rate):
            let figure = "\(shown(jobsPerSecond: rate)) with a P99 of \(shown(microseconds: chosen.latencyP99))"
            if chosen == best {
                return "\(figure) is the best; nothing smaller that was measured is within \(self.tolerance) of it."
            }
            return "\(figure) is within \(self.tolerance) of the best, \(shown(microseconds: best.latencyP99)) with "
                + "\(Self.text(best.setting)); nothing smaller that was measured is."
        }
    }

    private var cost: String {
        let chosen = self.recommendation.chosen
        return "99 % of the jobs wait \(shown(microseconds: chosen.waitP99)) or less in the queue; "
            + "the process takes \(shown(mebibytes: chosen.memoryMiB)) of memory at most."
    }

    /// What the next smaller value of a dimension, and the largest, would bring.
    private func comparison(along dimension: TuneDimension) -> String? {
        let line = self.recommendation.line(along: dimension)
        guard let index = line.firstIndex(of: self.recommendation.chosen) else { return nil }
        var parts: [String] = []
        if index > 0 {
            parts.append("\(Self.name(line[index - 1], dimension)) \(self.change(to: line[index - 1]))")
        }
        if let last = line.last, index < line.count - 1 {
            parts.append("\(Self.name(last, dimension)) \(self.change(to: last))\(self.price(of: last))")
        }
        guard !parts.isEmpty else { return nil }
        let sentence = parts.joined(separator: "; ")
        return sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
    }

    private static func name(_ measurement: TuneMeasurement, _ dimension: TuneDimension) -> String {
        switch dimension {
        case .workers: Self.workers(measurement.setting.workers)
        case .capacity: "capacity \(grouped(measurement.setting.capacity))"
        case .batch: "batch \(measurement.setting.batch)"
        }
    }

    /// How another setting compares by what is wanted.
    private func change(to other: TuneMeasurement) -> String {
        let chosen = self.recommendation.chosen
        switch self.recommendation.goal {
        case .throughput:
            let change = other.throughput / max(chosen.throughput, 1e-9)
            let figure = shown(jobsPerSecond: other.throughput)
            return "would do \(figure), \(Self.size(of: change))"
        case .latency(let rate):
            guard other.holds(rate) else {
                return "would not hold the rate, only \(shown(jobsPerSecond: other.throughput))"
            }
            let change = other.latencyP99 / max(chosen.latencyP99, 1e-9)
            return "would have a P99 of \(shown(microseconds: other.latencyP99)), \(Self.size(of: change))"
        }
    }

    private func isBetter(_ other: TuneMeasurement) -> Bool {
        switch self.recommendation.goal {
        case .throughput: other.throughput > self.recommendation.chosen.throughput
        case .latency(let rate):
            other.holds(rate) && other.latencyP99 < self.recommendation.chosen.latencyP99
        }
    }

    /// "as much", "2.1 times as much", "12 % more".
    private static func size(of factor: Double) -> String {
        if factor >= 2 { return "\(decimal(factor, places: factor < 9.95 ? 1 : 0)) times as much" }
        let change = ((factor - 1) * 100).rounded() / 100
        if change == 0 { return "as much" }
        return "\(percent(change.magnitude)) \(change > 0 ? "more" : "less")"
    }

    /// What a larger setting costs in time and memory.
    private func price(of other: TuneMeasurement) -> String {
        let chosen = self.recommendation.chosen
        var parts: [String] = []
        if other.waitP99 > 1.2 * chosen.waitP99, chosen.waitP99 > 0 {
            let factor = other.waitP99 / chosen.waitP99
            parts.append(
                "jobs would wait \(decimal(factor, places: factor < 9.5 ? 1 : 0)) times as long "
                    + "(P99 \(shown(microseconds: other.waitP99)))"
            )
        }
        let memory = other.memoryMiB - chosen.memoryMiB
        if memory > max(1, 0.02 * chosen.memoryMiB) {
            parts.append("the process would take \(shown(mebibytes: memory)) more")
        }
        let word = self.isBetter(other) ? "but" : "and"
        return parts.isEmpty ? "" : ", \(word) " + parts.joined(separator: " and ")
    }
}
