//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

/// `penstock export`: prints files for other programs.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print files for other programs.",
        subcommands: [ExportDashboardCommand.self, ExportRulesCommand.self, ExportSchemaCommand.self]
    )
}

/// `penstock export schema`: the JSON Schema of pipeline files.
struct ExportDashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Print the dashboard for Grafana.",
        discussion: "Import it as JSON; it asks for a data source of type Prometheus that scrapes the admin address."
    )

    func run() async throws {
        try self.show(Dashboard.current.text)
    }
}

struct ExportRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Print the recording and alert rules for Prometheus.",
        discussion: "Name the file under rule_files. The name of the scrape job is to begin with 'penstock'."
    )

    func run() async throws {
        try self.show(AlertRules.current.text)
    }
}

struct ExportSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema (2020-12) of pipeline files.",
        discussion: """
            Editors complete and check pipeline files with it. With the YAML language server, the first line of a file is

              # yaml-language-server: $schema=pipeline.schema.json

            It knows keys, types and words. 'penstock check' finds more: expressions, paths, places of steps.
            """
    )

    func run() async throws {
        try self.show(PipelineSchema.text)
    }
}
