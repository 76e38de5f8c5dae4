//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A panel of the dashboard.
struct DashboardPanel: Sendable {
    /// How a panel draws.
    enum Kind: String, Sendable {
        case stat
        case timeseries
        case heatmap
    }

    /// One line, or group of lines.
    struct Query: Sendable {
        let expression: String
        let legend: String
    }

    /// From this value on it is this colour.
    struct Threshold: Sendable {
        let value: Double
        let color: String
    }

    let title: String
    let description: String
    let kind: Kind
    /// One of Grafana's units.
    let unit: String
    var queries: [Query] = []
    var thresholds: [Threshold] = []
    /// Whether lines are put on top of one another.
    var isStacked = false
    /// The top of the axis; nil for what the values need.
    var max: Double?

    init(_ title: String, _ kind: Kind = .timeseries, unit: String, _ description: String) {
        self.title = title
        self.kind = kind
        self.unit = unit
        self.description = description
    }

    func query(_ expression: String, _ legend: String) -> DashboardPanel {
        var panel = self
        panel.queries.append(Query(expression: expression, legend: legend))
        return panel
    }

    func warns(from value: Double, _ color: String) -> DashboardPanel {
        var panel = self
        panel.thresholds.append(Threshold(value: value, color: color))
        return panel
    }

    func stacked() -> DashboardPanel {
        var panel = self
        panel.isStacked = true
        return panel
    }

    func upTo(_ max: Double) -> DashboardPanel {
        var panel = self
        panel.max = max
        return panel
    }
}
