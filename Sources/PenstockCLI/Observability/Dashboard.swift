//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The dashboard for Grafana: rows of panels, and the variables that choose what they show.
struct Dashboard {
    /// A row with its panels.
    struct Row: Sendable {
        let title: String
        let panels: [DashboardPanel]
    }

    let rows: [Row]

    /// The dashboard as Grafana imports it; each member on a line of its own.
    var text: String { self.json.pretty + "\n" }

    /// The dashboard as Grafana imports it.
    var json: JSONValue {
        .object([
            ("uid", .string("penstock")),
            ("title", .string("Penstock")),
            ("description", .string("Pools and pipelines of Penstock. Made by: penstock export dashboard")),
            ("tags", .array([.string("penstock")])),
            ("schemaVersion", .number("39")),
            ("editable", .bool(false)),
            ("graphTooltip", .number("1")),
            ("refresh", .string("10s")),
            ("time", .object([("from", .string("now-30m")), ("to", .string("now"))])),
            ("timezone", .string("browser")),
            ("templating", .object([("list", .array(Self.variables))])),
            ("annotations", .object([("list", .array([]))])),
            ("panels", .array(self.panels)),
        ])
    }

    // MARK: - Private

    private static let source = JSONValue.object([
        ("type", .string("prometheus")), ("uid", .string("${datasource}")),
    ])

    private static var variables: [JSONValue] {
        let chosen = #"{job=~"$job", instance=~"$instance"}"#
        return [
            .object([
                ("name", .string("datasource")), ("label", .string("Data source")), ("type", .string("datasource")),
                ("query", .string("prometheus")), ("current", .object([])), ("hide", .number("0")),
            ]),
            self.variable("job", "label_values(penstock_build_info, job)"),
            self.variable("instance", #"label_values(penstock_build_info{job=~"$job"}, instance)"#),
            self.variable("pool", "label_values(penstock_workers\(chosen), pool)"),
            self.variable("pipeline", "label_values(penstock_pipeline_uptime_seconds\(chosen), pipeline)"),
        ]
    }

    private static func variable(_ name: String, _ query: String) -> JSONValue {
        .object([
            ("name", .string(name)), ("label", .string(name.prefix(1).uppercased() + name.dropFirst())),
            ("type", .string("query")), ("datasource", self.source),
            ("query", .object([("query", .string(query)), ("refId", .string(name))])),
            ("refresh", .number("2")), ("multi", .bool(true)),
            ("includeAll", .bool(true)), ("allValue", .string(".+")), ("sort", .number("1")),
            ("current", .object([("text", .string("All")), ("value", .string("$__all"))])),
        ])
    }

    private var panels: [JSONValue] {
        var panels: [JSONValue] = []
        var top = 0
        for row in self.rows {
            let title = JSONValue.object([
                ("id", .number("\(panels.count + 1)")), ("type", .string("row")), ("title", .string(row.title)),
                ("collapsed", .bool(false)), ("panels", .array([])), ("gridPos", Self.place(0, top, 24, 1)),
            ])
            panels.append(title)
            top += 1
            for (index, panel) in row.panels.enumerated() {
                // Three a line, and four of a row of four.
                let columns = row.panels.count % 3 == 1 ? 4 : 3
                let (line, column) = (index / columns, index % columns)
                let width = 24 / columns
                let place = Self.place(column * width, top + line * 8, width, 8)
                panels.append(Self.panel(panel, id: panels.count + 1, place))
                if index == row.panels.count - 1 { top += (line + 1) * 8 }
            }
        }
        return panels
    }

    private static func place(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> JSONValue {
        .object([
            ("h", .number("\(height)")), ("w", .number("\(width)")), ("x", .number("\(x)")), ("y", .number("\(y)")),
        ])
    }

    private static func panel(_ panel: DashboardPanel, id: Int, _ place: JSONValue) -> JSONValue {
        let targets = panel.queries.enumerated().map { index, query in
            JSONValue.object([
                ("refId", .string(String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index))))),
                ("expr", .string(query.expression)), ("legendFormat", .string(query.legend)),
                ("datasource", self.source),
                ("format", .string(panel.kind == .heatmap ? "heatmap" : "time_series")),
            ])
        }
        return .object([
            ("id", .number("\(id)")), ("type", .string(panel.kind.rawValue)), ("title", .string(panel.title)),
            ("description", .string(panel.description)), ("datasource", self.source), ("gridPos", place),
            ("fieldConfig", .object([("defaults", self.defaults(panel)), ("overrides", .array([]))])),
            ("targets", .array(targets)),
        ])
    }

    private static func defaults(_ panel: DashboardPanel) -> JSONValue {
        let steps =
            [JSONValue.object([("color", .string("green")), ("value", .null)])]
            + panel.thresholds.map {
                .object([("color", .string($0.color)), ("value", .number("\($0.value)"))])
            }
        var members: [(key: String, value: JSONValue)] = [("unit", .string(panel.unit)), ("min", .number("0"))]
        if let max = panel.max { members.append(("max", .number("\(max)"))) }
        members.append(("thresholds", .object([("mode", .string("absolute")), ("steps", .array(steps))])))
        if panel.isStacked {
            members.append(
                (
                    "custom",
                    .object([
                        ("stacking", .object([("mode", .string("normal")), ("group", .string("A"))])),
                        ("fillOpacity", .number("40")),
                    ])
                )
            )
        }
        return .object(members)
    }
}
