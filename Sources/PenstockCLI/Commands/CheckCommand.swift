//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import Penstock
import PenstockEvents

/// `penstock check`: says what a pipeline file means, or all that is wrong with it.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a pipeline file and show what it means.",
        discussion: """
            Finds everything that 'run' would refuse: unknown keys, wrong types and units, expressions that do not \
            parse, files that cannot be read, folders that cannot be written. Starts nothing and changes nothing.

            On success it prints the parts of the pipeline, its greatest memory and its delivery guarantee. Each \
            error is 'file.yaml:line:column: error: …' on stderr, with a hint below it. Exit codes: 0 the file can \
            be run; 78 it cannot. The examples under 'tests' are checked for their shape; 'penstock test' runs them.
            """
    )

    @OptionGroup var argument: PipelineFileArgument

    @Flag(help: "Print one JSON object on stdout, errors included.")
    var json = false

    func run() async throws {
        let path = self.argument.file
        let prepared: PreparedPipeline
        do throws(DiagnosticsError) {
            prepared = try PreparedPipeline(path: path)
        } catch {
            if self.json {
                try self.show(PipelineSummary.json(path: path, errors: error.diagnostics) + "\n")
            } else {
                Output.error(error.diagnostics.map { $0.text(file: path) }.joined())
            }
            throw ExitCode(ProgramExit.configuration)
        }
        let summary = PipelineSummary(prepared.file)
        try self.show(self.json ? summary.json(path: path) + "\n" : summary.text() + "\(path): ok\n")
    }
}
