//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// The response as a picture: a map of capacity by batch for what is wanted, one for the wait, and bars for the workers.
struct TunePicture {
    private static let cell = (width: 80, height: 30)
    private static let top = 132
    private static let labels = 76
    private static let bar = (height: 18, step: 26)
    private static let steps = 6

    /// Each step of a map's colours, the weakest first: its ground and its text, by light and by dark.
    private static let colours: [(name: String, light: [String], dark: [String])] = [
        (
            "more", ["#edf4fd", "#cfe2fa", "#a3c8f5", "#2474d0", "#0a5fc2", "#07458f"],
            ["#182534", "#1c3a5c", "#1f5289", "#2a6fbc", "#6fb1ff", "#a5d0ff"]
        ),
        (
            "wait", ["#fdf2e9", "#fbdfc8", "#f6c094", "#b9560f", "#99450b", "#6f3006"],
            ["#2e2219", "#52341e", "#7c4a22", "#9c5a22", "#f6a868", "#ffcda0"]
        ),
    ]

    private let report: TuneReport
    private let grid: TuneGrid
    private let chosen: TuneMeasurement

    init(_ report: TuneReport) {
        self.report = report
        self.grid = report.plan.grid
        self.chosen = report.recommendation.chosen
    }

    /// The SVG file.
    var svg: String {
        var picture = SVG(
            width: self.width,
            height: self.barsTop + 34 + self.workers.count * Self.bar.step + 14,
            title: "Tuning a pool: \(self.report.jobs)",
            description: "Recommended: \(TuneReport.text(self.chosen.setting)). "
                + self.report.reasons.joined(separator: " "),
            style: Self.style
        )
        picture.text("Tuning a pool: \(self.report.jobs)", "title", x: 16, y: 32)
        picture.text("Recommended (framed): \(TuneReport.text(self.chosen.setting))", x: 16, y: 56)
        picture.text("A stronger colour is more.", "soft", x: 16, y: 76)
        let workers = TuneReport.workers(self.chosen.setting.workers)
        let isOpen = self.report.plan.options.rate != nil
        self.drawMap(
            &picture,
            "\(isOpen ? "P99 of the latency" : "Throughput"), \(workers)",
            colour: isOpen ? "wait" : "more",
            x: 16,
            text: self.report.figure,
            strength: { isOpen ? Self.position($0.latencyP99, in: self.plane.map(\.latencyP99)) : self.share($0) }
        )
        self.drawMap(
            &picture,
            "P99 of the wait in the queue, \(workers)",
            colour: "wait",
            x: self.secondMap,
            text: { shown(microseconds: $0.waitP99) },
            strength: { Self.position($0.waitP99, in: self.plane.map(\.waitP99)) }
        )
        self.drawBars(&picture)
        return picture.file
    }

    // MARK: - Private

    private var mapWidth: Int { max(300, Self.labels + self.grid.batches.count * Self.cell.width) }
    private var secondMap: Int { 16 + self.mapWidth + 28 }
    private var width: Int { self.secondMap + self.mapWidth + 16 }
    private var barsTop: Int { Self.top + self.grid.capacities.count * Self.cell.height + 30 }
    private var plane: [TuneMeasurement] { Array(self.report.plane.values) }
    private var workers: [TuneMeasurement] { self.report.recommendation.line(along: .workers) }

    private static var style: String {
        func rules(_ name: String, _ grounds: [String], strongText: String) -> String {
            grounds.enumerated().map { step, ground in
                ".\(name)\(step) { fill: \(ground); }"
                    + (step >= 3 ? " .on-\(name)\(step) { fill: \(strongText); }" : "")
            }.joined(separator: "\n")
        }
        let light = self.colours.map { rules($0.name, $0.light, strongText: "#ffffff") }
        let dark = self.colours.map { rules($0.name, $0.dark, strongText: "#10100f") }
        return """
            \(light.joined(separator: "\n"))
            .frame { fill: none; stroke: #1d1d1f; stroke-width: 3; } .bar { fill: #0a63d1; } .other { fill: #9db9dd; }
            @media (prefers-color-scheme: dark) {
            \(dark.joined(separator: "\n"))
            .on-more3, .on-wait3 { fill: #f2f2f5; }
            .frame { stroke: #ffffff; } .bar { fill: #4b9dff; } .other { fill: #35567e; }
            }
            """
    }

    /// A map of capacity by batch; what was not measured stays empty.
    private func drawMap(
        _ picture: inout SVG,
        _ title: String,
        colour: String,
        x left: Int,
        text: (TuneMeasurement) -> String,
        strength: (TuneMeasurement) -> Double
    ) {
        let (cell, plane) = (Self.cell, self.report.plane)
        picture.text(title, "head", x: left, y: Self.top - 30)
        picture.text("capacity", "soft end", x: left + Self.labels - 8, y: Self.top - 8)
        for (column, batch) in self.grid.batches.enumerated() {
            let middle = left + Self.labels + column * cell.width + cell.width / 2
            picture.text("batch \(batch)", "soft middle", x: middle, y: Self.top - 8)
        }
        for (row, capacity) in self.grid.capacities.enumerated() {
            let y = Self.top + row * cell.height
            picture.text(grouped(capacity), "soft end", x: left + Self.labels - 8, y: y + 20)
            for (column, batch) in self.grid.batches.enumerated() {
                let setting = TuneSetting(workers: self.chosen.setting.workers, capacity: capacity, batch: batch)
                guard let measurement = plane[setting] else { continue }
                let step = min(Self.steps - 1, max(0, Int(strength(measurement) * Double(Self.steps))))
                let x = left + Self.labels + column * cell.width
                picture.rectangle(
                    "\(colour)\(step)",
                    x: x + 1,
                    y: y + 1,
                    width: cell.width - 2,
                    height: cell.height - 2
                )
                picture.text(text(measurement), "middle on-\(colour)\(step)", x: x + cell.width / 2, y: y + 20)
                guard measurement == self.chosen else { continue }
                picture.rectangle("frame", x: x + 1, y: y + 1, width: cell.width - 2, height: cell.height - 2)
            }
        }
    }

    private func drawBars(_ picture: inout SVG) {
        let setting = self.chosen.setting
        let title = "Throughput by workers, capacity \(grouped(setting.capacity)), batch \(setting.batch)"
        picture.text(title, "head", x: 16, y: self.barsTop + 14)
        let most = self.workers.map(\.throughput).max() ?? 1
        let left = 16 + Self.labels
        for (row, measurement) in self.workers.enumerated() {
            let y = self.barsTop + 28 + row * Self.bar.step
            let label = TuneReport.workers(measurement.setting.workers)
            picture.text(label, "soft end", x: left - 8, y: y + 14)
            let full = Double(self.width - left - 300)
            let length = max(1, Int(full * measurement.throughput / max(most, 1e-9)))
            picture.rectangle(
                measurement == self.chosen ? "bar" : "other",
                x: left,
                y: y,
                width: length,
                height: Self.bar.height
            )
            let text =
                "\(shown(jobsPerSecond: measurement.throughput)), wait P99 \(shown(microseconds: measurement.waitP99))"
            picture.text(text, x: left + length + 8, y: y + 14)
        }
    }

    /// The throughput as a share of the greatest one of the map.
    private func share(_ measurement: TuneMeasurement) -> Double {
        measurement.throughput / max(self.plane.map(\.throughput).max() ?? 1, 1e-9)
    }

    /// Where a figure stands between the smallest and the greatest, by ratios: waits differ by orders of magnitude.
    private static func position(_ value: Double, in all: [Double]) -> Double {
        let positive = all.filter { $0 > 0 }
        guard value > 0, let least = positive.min(), let most = positive.max(), most > least else { return 0 }
        return Double.logarithm(value / least) / Double.logarithm(most / least)
    }
}

extension Double {
    /// The logarithm to base 2, exact enough to choose a colour by.
    fileprivate static func logarithm(_ value: Double) -> Double { Double(value.exponent) + value.significand - 1 }
}
