//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What counts for a series.
enum Instrument: Sendable {
    case counter(MetricCounter)
    case total(MetricTotal)
    case gauge(MetricGauge)
    case histogram(MetricHistogram)

    func value() -> MetricSample.Value {
        switch self {
        case .counter(let counter): .integer(counter.value)
        case .total(let total): .real(total.value)
        case .gauge(let gauge): .real(gauge.value)
        case .histogram(let histogram): .distribution(histogram.distribution())
        }
    }
}

/// A series that was looked up.
struct RegisteredSeries: Sendable {
    let labels: [MetricLabel]
    let labelText: String
    let instrument: Instrument
    /// Whether it stands for series that were one too many.
    let isOverflow: Bool
    /// How often it was looked up, and not let go of.
    var users = 0

    func sample() -> MetricSample {
        MetricSample(labels: self.labels, labelText: self.labelText, value: self.instrument.value())
    }
}

/// What a registry has, without its lock.
struct RegistryState {
    struct Watched {
        let name: String
        let live: @Sendable () -> LiveObjects
    }

    private struct Group {
        let family: MetricFamily
        var series: [String: RegisteredSeries] = [:]
    }

    var shelf = CellShelf()
    var rejections = SeriesRejections()
    var collectors: [Int: @Sendable (inout MetricSamples) -> Void] = [:]
    var watched: [Int: Watched] = [:]
    private var groups: [String: Group] = [:]
    private var names = ClaimedNames()
    private var seriesCount = 0
    private var nextID = 0
    /// For the series that are one too many and of families that are not known.
    private var hidden: [MetricFamily.Kind: [Instrument]] = [:]

    /// The instrument of a series, made if there is none; nil when the family's name belongs to another kind.
    mutating func instrument(
        _ family: MetricFamily,
        _ labels: [MetricLabel],
        seriesMax: Int,
        make: (inout CellShelf) -> Instrument
    ) -> Instrument? {
        let text = MetricLabel.text(of: labels)
        guard self.names.claim(family) else {
            self.rejections.conflict += 1
            return nil
        }
        if self.groups[family.name]?.series[text] == nil, self.seriesCount >= seriesMax {
            return self.overflow(family, labels, make: make)
        }
        return self.found(family, labels, text, isOverflow: false, make: make)
    }

    mutating func release(_ name: String, _ labelText: String) {
        guard var series = self.groups[name]?.series[labelText] else { return }
        series.users -= 1
        guard series.users <= 0 else {
            self.groups[name]?.series[labelText] = series
            return
        }
        self.groups[name]?.series[labelText] = nil
        if !series.isOverflow { self.seriesCount -= 1 }
        guard let group = self.groups[name], group.series.isEmpty else { return }
        self.groups[name] = nil
        self.names.release(group.family)
    }

    mutating func add(_ collector: @escaping @Sendable (inout MetricSamples) -> Void) -> Int {
        self.nextID += 1
        self.collectors[self.nextID] = collector
        return self.nextID
    }

    func orderedCollectors() -> [@Sendable (inout MetricSamples) -> Void] {
        self.collectors.sorted { $0.key < $1.key }.map(\.value)
    }

    func registered() -> [(MetricFamily, RegisteredSeries)] {
        self.groups.values.flatMap { group in
            group.series.sorted { $0.key < $1.key }.map { (group.family, $0.value) }
        }
    }

    /// A name that nothing watched has: this one, or with a number from 2 on.
    func freeName(_ name: String) -> String {
        let taken = Set(self.watched.values.map(\.name))
        if !taken.contains(name) { return name }
        return (2...).lazy.map { "\(name)-\($0)" }.first { !taken.contains($0) } ?? name
    }

    // MARK: - Private

    private mutating func found(
        _ family: MetricFamily,
        _ labels: [MetricLabel],
        _ text: String,
        isOverflow: Bool,
        make: (inout CellShelf) -> Instrument
    ) -> Instrument {
        var group = self.groups[family.name] ?? Group(family: family)
        var series: RegisteredSeries
        if let known = group.series[text] {
            series = known
        } else {
            let instrument = make(&self.shelf)
            series = RegisteredSeries(labels: labels, labelText: text, instrument: instrument, isOverflow: isOverflow)
            if !isOverflow { self.seriesCount += 1 }
        }
        series.users += 1
        group.series[text] = series
        self.groups[family.name] = group
        return series.instrument
    }

    private mutating func overflow(
        _ family: MetricFamily,
        _ labels: [MetricLabel],
        make: (inout CellShelf) -> Instrument
    ) -> Instrument {
        self.rejections.limit += 1
        if self.groups[family.name] != nil, !labels.isEmpty {
            let labels = labels.map { MetricLabel($0.name, MetricsRegistry.overflow) }
            return self.found(family, labels, MetricLabel.text(of: labels), isOverflow: true, make: make)
        }
        if self.groups[family.name] == nil { self.names.release(family) }
        // One for each type of instrument: there are two of counters.
        let made = make(&self.shelf)
        let known = self.hidden[family.kind, default: []].first { $0.isSameType(as: made) }
        if let known { return known }
        self.hidden[family.kind, default: []].append(made)
        return made
    }
}

extension Instrument {
    func isSameType(as other: Instrument) -> Bool {
        switch (self, other) {
        case (.counter, .counter), (.total, .total), (.gauge, .gauge), (.histogram, .histogram): true
        case (.counter, _), (.total, _), (.gauge, _), (.histogram, _): false
        }
    }
}
