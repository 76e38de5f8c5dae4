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
        subcommands: [ExportSchemaCommand.self]
    )
}

/// `penstock export schema`: the JSON Schema of pipeline files.
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
