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

/// `penstock test`: runs the examples in a pipeline file.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the examples under 'tests' in a pipeline file.",
        discussion: """
            The events of 'input' go through the decoding, the steps and the conditions of the sinks; 'expect' says what \
            comes to a sink. Sources and sinks themselves are not opened, and nothing is written.

              tests:
                - name: late flights only
                  input: [ { delay: 61, origin: ORD }, { delay: 5, origin: ORD }, 'no JSON' ]
                  expect: [ { delay: 61, origin: ORD } ]     # or, of several sinks, { out: [ … ], alarms: [ … ] }
                  dead_letters: [ not an object ]            # or 'dead: 1'; without either there must be none

            Values are compared as JSON. Events must come in the order of 'expect', rows of an aggregate in any; all \
            events are in one window, and a row's window_start and window_end count only if they are named.

            Exit codes: 0 all have passed; 1 some have not, or there are none; 78 wrong pipeline file.
            """
    )

    @OptionGroup var argument: PipelineFileArgument

    @Flag(help: "Print one JSON object on stdout.")
    var json = false

    func run() async throws {
        let path = self.argument.file
        let file: PipelineFile
        do throws(DiagnosticsError) {
            file = try PipelineFile.load(path, looksAtFiles: false)
        } catch {
            Output.error(error.diagnostics.map { $0.text(file: path) }.joined())
            throw ExitCode(ProgramExit.configuration)
        }
        guard !file.tests.isEmpty else {
            Output.error(Diagnostic(nil, "the file has no examples", hint: "write them under 'tests'").text(file: path))
            throw ExitCode(ProgramExit.failure)
        }
        var results: [ExampleReport.Result] = []
        for example in file.tests {
            do {
                let mismatches = try await ExampleRun(example, of: file.description).run()
                results.append(ExampleReport.Result(example: example, mismatches: mismatches))
            } catch {
                let message = (error as? PenstockError)?.message ?? "\(error)"
                Output.error(Diagnostic(nil, message).text(file: path))
                throw ExitCode(ProgramExit.configuration)
            }
        }
        let report = ExampleReport(file: path, results: results)
        try self.show(self.json ? report.json() + "\n" : report.text())
        if !report.isPassed { throw ExitCode(ProgramExit.failure) }
    }
}
