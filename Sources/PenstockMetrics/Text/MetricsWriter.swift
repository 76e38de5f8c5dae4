//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Writes families as text, in one of two formats.
struct MetricsWriter {
    private(set) var bytes: [UInt8] = []
    private let isOpenMetrics: Bool

    init(isOpenMetrics: Bool) {
        self.isOpenMetrics = isOpenMetrics
        self.bytes.reserveCapacity(1 << 16)
    }

    mutating func write(_ group: MetricsSnapshot.Family) {
        let family = group.family
        let name = self.isOpenMetrics ? family.baseName : family.name
        self.line("# HELP \(name) \(MetricLabel.escaped(family.help, quotes: self.isOpenMetrics))")
        self.line("# TYPE \(name) \(self.word(for: family.kind))")
        if self.isOpenMetrics, let unit = family.unit { self.line("# UNIT \(name) \(unit)") }
        for sample in group.samples {
            switch sample.value {
            case .integer(let count): self.sample(family.name, sample.labelText, "\(count)")
            case .real(let number): self.sample(family.name, sample.labelText, Self.text(of: number))
            case .distribution(let distribution): self.write(distribution, family.name, sample.labelText)
            }
        }
    }

    /// Ends the text.
    mutating func finish() {
        if self.isOpenMetrics { self.line("# EOF") }
    }

    // MARK: - Private

    private func word(for kind: MetricFamily.Kind) -> String {
        // Facts are gauges to the older format.
        kind == .info && !self.isOpenMetrics ? MetricFamily.Kind.gauge.rawValue : kind.rawValue
    }

    private mutating func write(_ distribution: MetricDistribution, _ name: String, _ labels: String) {
        let separator = labels.isEmpty ? "" : ","
        for (index, bound) in distribution.bounds.values.enumerated() {
            let text = "\(labels)\(separator)le=\"\(Self.text(of: bound))\""
            self.sample(name + "_bucket", text, "\(distribution.counts[index])", distribution.exemplars[index])
        }
        let last = distribution.exemplars[distribution.bounds.values.count]
        self.sample(name + "_bucket", "\(labels)\(separator)le=\"+Inf\"", "\(distribution.count)", last)
        self.sample(name + "_sum", labels, Self.text(of: distribution.sum))
        self.sample(name + "_count", labels, "\(distribution.count)")
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: String, _ exemplar: MetricExemplar? = nil) {
        self.bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            self.bytes.append(UInt8(ascii: "{"))
            self.bytes.append(contentsOf: labels.utf8)
            self.bytes.append(UInt8(ascii: "}"))
        }
        self.bytes.append(UInt8(ascii: " "))
        self.bytes.append(contentsOf: value.utf8)
        if self.isOpenMetrics, let exemplar {
            let text = " # {\(MetricLabel.text(of: exemplar.labels))} \(Self.text(of: exemplar.value))"
            self.bytes.append(contentsOf: text.utf8)
        }
        self.bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func line(_ text: String) {
        self.bytes.append(contentsOf: text.utf8)
        self.bytes.append(UInt8(ascii: "\n"))
    }

    /// The shortest text that reads as the number; Swift writes most as Go and Python do.
    private static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        return "\(number)"
    }
}
