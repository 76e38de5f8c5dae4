//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockMetrics
import Testing

@testable import PenstockCLI

/// The dashboard and the rules speak of what there is.
@Suite(.timeLimit(.minutes(5)))
struct ObservabilityTests {
    /// The names of metrics in a query, without what a histogram's series add.
    private func names(in query: String) -> Set<String> {
        let words = query.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }.map(String.init)
        let isMetric = { (word: String) in ["penstock_", "jobs_", "job_", "process_"].contains { word.hasPrefix($0) } }
        return Set(
            words.filter(isMetric).map { $0.hasSuffix("_bucket") ? String($0.dropLast("_bucket".count)) : $0 }
        )
    }

    private var queries: [String] {
        Dashboard.current.rows.flatMap(\.panels).flatMap(\.queries).map(\.expression)
            + AlertRules.current.recordings.map(\.expression) + AlertRules.current.alerts.map(\.expression)
    }

    @Test func `queries ask for metrics that are exported`() {
        let exported = Set(MetricFamily.all.map(\.name))
        for query in self.queries {
            let names = self.names(in: query)
            #expect(names.isSubset(of: exported), "\(names.subtracting(exported)) in \(query)")
        }
        #expect(self.queries.flatMap(self.names).count > 50)
    }

    @Test func `labels in rules are those of the metrics`() {
        let labels = Set(MetricFamily.all.flatMap(\.labels)).union(["job", "instance"])
        for alert in AlertRules.current.alerts {
            for part in alert.description.components("{{ $labels.") {
                let label = String(part.prefix { $0 != " " })
                #expect(labels.contains(label), "\(label) in \(alert.name)")
            }
        }
    }

    @Test func `names are used once`() {
        let alerts = AlertRules.current.alerts.map(\.name)
        let recordings = AlertRules.current.recordings.map(\.name)
        let titles = Dashboard.current.rows.flatMap(\.panels).map(\.title)
        for names in [alerts, recordings, titles] { #expect(Set(names).count == names.count) }
    }

    @Test func `the first row has what the service that Penstock began with had`() {
        let titles = Dashboard.current.rows.first?.panels.map(\.title) ?? []
        #expect(titles.prefix(4) == ["Active workers", "Channel utilisation", "Processing latency", "Error rate"])
    }

    @Test func `an apostrophe in a rule is written twice`() {
        let rule = RecordingRule(name: "a:b", expression: "vector('1')")
        #expect(AlertRules(recordings: [rule], alerts: []).text.contains("expr: 'vector(''1'')'\n"))
    }

    @Test func `pretty JSON says what compact JSON does`() {
        let dashboard = Dashboard.current.json
        #expect(JSONValue(dashboard.pretty) == dashboard)
        #expect(dashboard.pretty.split(separator: "\n").allSatisfy { $0.utf8.count < 1_200 })
    }
}

extension String {
    /// What stands behind each occurrence of a text.
    fileprivate func components(_ text: String) -> [String] {
        var rest = self[...]
        var found: [String] = []
        while let range = rest.firstRange(of: text) {
            rest = rest[range.upperBound...]
            found.append(String(rest))
        }
        return found
    }
}
