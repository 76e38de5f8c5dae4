//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Testing

@testable import PenstockMetrics

@Suite("The catalogue of Penstock's own metrics")
struct CatalogueTests {
    private static let article = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/PenstockMetrics/Documentation.docc/Metrics.md")

    /// What the article's tables say of a family.
    private static func row(_ family: MetricFamily) -> String {
        let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
        return "| `\(family.name)` | \(family.kind.rawValue) | \(labels) | \(family.help) |"
    }

    @Test func `the article has each family as it is, and no other`() throws {
        let text = try String(contentsOf: Self.article, encoding: .utf8)
        let rows = text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") && $0.contains("| ") }
            .filter { row in MetricFamily.Kind.allCases.contains { row.contains("` | \($0.rawValue) | ") } }
        let expected = MetricFamily.all.map(Self.row)
        for row in expected where !rows.contains(row) { Issue.record("the article lacks this row:\n\(row)") }
        for row in rows where !expected.contains(row) { Issue.record("no family is like this row:\n\(row)") }
    }

    @Test func `no name is given twice, or derived from another`() {
        var names = ClaimedNames()
        for family in MetricFamily.all {
            let isFree = names.claim(family)
            #expect(isFree, "\(family.name)")
        }
        #expect(Set(MetricFamily.all.map(\.name)).count == MetricFamily.all.count)
    }

    @Test(arguments: MetricFamily.all) func `names are as we name metrics`(family: MetricFamily) {
        let kept = ["jobs_processed_total", "job_processing_duration_seconds"]
        let isOwn = family.name.hasPrefix("penstock_") || family.name.hasPrefix("process_")
        #expect(isOwn || kept.contains(family.name))
        #expect((family.kind == .counter) == family.name.hasSuffix("_total"))
        // Whatever is measured in a base unit says so.
        for unit in ["seconds", "bytes"] where family.baseName.hasSuffix("_" + unit) { #expect(family.unit == unit) }
        #expect(family.help.hasSuffix(".") && !family.help.contains("|"))
    }
}
