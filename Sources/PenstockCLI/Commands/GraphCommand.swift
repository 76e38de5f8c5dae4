//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import PenstockEvents

/// `penstock graph`: draws a pipeline.
struct GraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw a pipeline file as a Mermaid flowchart.",
        discussion: """
            Prints the flowchart on stdout: sources, queue, steps, sinks with their conditions, and dead letters with \
            dotted lines. In Markdown it stands between ```mermaid and ```. Opens no source and no sink.

            Exit codes: 0 it was drawn; 78 wrong pipeline file.
            """
    )

    @OptionGroup var argument: PipelineFileArgument

    func run() async throws {
        let file: PipelineFile
        do throws(DiagnosticsError) {
            file = try PipelineFile.load(self.argument.file, looksAtFiles: false)
        } catch {
            Output.error(error.diagnostics.map { $0.text(file: self.argument.file) }.joined())
            throw ExitCode(ProgramExit.configuration)
        }
        try self.show(PipelineGraph(file.description).mermaid())
    }
}
