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

/// `penstock dead replay`: tries dead letters again.
struct DeadReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Write the events of dead letters to stdout, or run them through a pipeline.",
        discussion: """
            Without --into the events go to stdout, one a line, and the letters stay.

            With --into they go through the steps and sinks of a pipeline file. When the run has ended, the letters whose \
            events are safe in the sinks, or were ended by a filter, are taken out of the file; those that fail again stay, \
            with the newer reason and all attempts counted. Refuses while a run writes to the file. An event stands in its \
            letter as it was where it failed: behind a step that makes other events, --into needs a pipeline without it. \
            Events of which only the beginning was kept are not tried.

            Exit codes: 0 each was tried, whatever came of it; 1 or 3 as of 'run'; 78 wrong pipeline file.
            """
    )

    @OptionGroup var argument: LetterFileArgument

    @OptionGroup var options: LetterFilterOptions

    @Option(help: ArgumentHelp("The pipeline file to run them through.", valueName: "file.yaml"), completion: .file())
    var into: String?

    func run() async throws {
        let file = try self.argument.open()
        guard let into = self.into else {
            try file.forEach(self.options.filter) { _, letter in
                try self.show(letter.event + [UInt8(ascii: "\n")])
            }
            return
        }
        try file.take()
        let replay = LetterReplay(of: file.path, filter: self.options.filter)
        let report = try await Self.run(replay, into: into)
        let failed = try self.rewrite(file, replay)
        Output.error(
            "\(grouped(report.events.accepted)) dead letters tried: \(grouped(replay.doneCount)) done and taken out, "
                + "\(grouped(failed)) failed again\n"
        )
        if case .failed(let error) = report.exit { Output.error("\(into): error: \(error.message)\n") }
        let code = PipelineRun.exitCode(of: report)
        if code != ProgramExit.success { throw ExitCode(code) }
    }

    // MARK: - Private

    private static func run(_ replay: LetterReplay, into path: String) async throws -> PipelineReport {
        let pipeline: Pipeline
        let file: PipelineFile
        do throws(DiagnosticsError) {
            file = try PipelineFile.load(path, looksAtFiles: false)
            do throws(PenstockError) {
                pipeline = try replay.pipeline(file.description)
            } catch {
                throw DiagnosticsError(diagnostics: [Diagnostic(nil, error.message)])
            }
            let problems = Pipeline.problems(of: pipeline.description)
            guard problems.isEmpty else {
                throw DiagnosticsError(diagnostics: problems.map(file.diagnostic(of:)).sortedByPlace())
            }
        } catch {
            Output.error(error.diagnostics.map { $0.text(file: path) }.joined())
            throw ExitCode(ProgramExit.configuration)
        }
        let drain = pipeline.description.shutdown.drain
        let watch = RunWatch(pipeline, drain: drain, showsProgress: false, isQuiet: false)
        watch.start()
        defer { watch.stop() }
        do {
            return try await pipeline.run()
        } catch {
            let message = (error as? PenstockError)?.message ?? "\(error)"
            let problem = pipeline.startProblem.map(file.diagnostic(of:)) ?? Diagnostic(nil, message)
            Output.error(problem.text(file: path))
            throw ExitCode(ProgramExit.configuration)
        }
    }

    /// Takes out the letters that are done; tells how many have failed again.
    private func rewrite(_ file: LetterFile, _ replay: LetterReplay) throws -> Int {
        var failed = 0
        do throws(SystemError) {
            try file.rewind()
            let rewrite = try LetterRewrite(of: file)
            while let line = try file.next() {
                switch replay.fate(ofLine: line.number) {
                case .done: continue
                case .failed(let failure):
                    failed += 1
                    if let letter = line.letter { try rewrite.write(letter.line(afterFailure: failure)) }
                case nil: try rewrite.keep(line)
                }
            }
            try rewrite.finish()
            return failed
        } catch {
            Output.error("\(shown(file.path, limit: 300)): error: it cannot be written anew: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }
}
