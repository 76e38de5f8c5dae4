//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A rule for Prometheus: an alert, or a series that is worked out beforehand.
struct AlertRule: Sendable {
    /// How soon somebody has to look.
    enum Severity: String, Sendable {
        /// At once.
        case critical
        /// Today.
        case warning
        /// When one looks anyway.
        case info
    }

    let name: String
    let severity: Severity
    let expression: String
    /// How long it has to be so; empty for at once.
    let lasting: String
    let summary: String
    let description: String

    /// Where the page stands that says what to do.
    var runbook: String { "https://github.com/penstock/penstock/blob/main/dashboards/runbooks/\(self.name).md" }
}

/// A series that is worked out beforehand.
struct RecordingRule: Sendable {
    let name: String
    let expression: String
}

/// The rules for Prometheus.
struct AlertRules {
    let recordings: [RecordingRule]
    let alerts: [AlertRule]

    /// The rules as Prometheus reads them.
    var text: String {
        var text = "# Made by: penstock export rules\ngroups:\n  - name: penstock-recording\n    rules:\n"
        for rule in self.recordings {
            text += "      - record: \(rule.name)\n        expr: \(Self.quoted(rule.expression))\n"
        }
        text += "  - name: penstock-alerts\n    rules:\n"
        for rule in self.alerts {
            text += "      - alert: \(rule.name)\n        expr: \(Self.quoted(rule.expression))\n"
            if !rule.lasting.isEmpty { text += "        for: \(rule.lasting)\n" }
            text += "        labels:\n          severity: \(rule.severity.rawValue)\n        annotations:\n"
            text += "          summary: \(Self.quoted(rule.summary))\n"
            text += "          description: \(Self.quoted(rule.description))\n"
            text += "          runbook_url: \(rule.runbook)\n"
        }
        return text
    }

    /// A text as YAML writes it between apostrophes.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
