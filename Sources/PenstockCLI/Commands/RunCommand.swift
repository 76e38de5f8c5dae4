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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `penstock run`: runs a pipeline file and accounts for every event.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a pipeline file.",
        discussion: """
            Runs until the sources come to their end, or until Ctrl-C, SIGTERM or SIGHUP: then it takes nothing more, \
            finishes what it has accepted (at most 'shutdown.drain' long) and prints its report. A second such signal \
            stops at once, and still prints the report. Under nohup SIGHUP does nothing.

            Data goes to stdout when a sink says so; the report, progress (on a terminal) and errors go to stderr.

            With 'admin' in the file, or --admin, it is watched while it runs: by a page in a browser, by 'penstock top' \
            and by Prometheus.

            Flags come first, then the environment (PENSTOCK_WORKERS, PENSTOCK_ADMIN, PENSTOCK_REPORT, PENSTOCK_JSON \
            and PENSTOCK_QUIET, the latter two 1 or 0), then the pipeline file, then defaults.

            With a durable queue what a run leaves, or a killed one has left, comes first in the next.

            Exit codes: 0 every event has a fate, or is safe in the durable queue, and the ledger balances; 1 the run \
            failed; 3 the drain deadline passed with events left; 64 wrong usage; 78 wrong pipeline file, and nothing was started.
            """
    )

    @OptionGroup var argument: PipelineFileArgument

    @Option(help: ArgumentHelp("Write the report as JSON to a file, too.", valueName: "path"), completion: .file())
    var report: String?

    @Flag(inversion: .prefixedNo, help: "Print the report on stderr as JSON instead of as text.")
    var json: Bool?

    @Flag(inversion: .prefixedNo, help: "Print no progress and no report on stderr, only errors.")
    var quiet: Bool?

    @Option(help: ArgumentHelp("How many workers run the steps, whatever the file says.", valueName: "n"))
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "Where the admin server listens, whatever the file says, such as 127.0.0.1:9464; none for nowhere.",
            valueName: "address"
        )
    )
    var admin: String?

    func validate() throws {
        if let workers, !WorkerCount.range.contains(workers) {
            throw ValidationError("--workers must be a whole number from 1 to \(WorkerCount.range.upperBound).")
        }
        if self.json == true, self.quiet == true {
            throw ValidationError("--json and --quiet rule each other out.")
        }
        if self.report == "" {
            throw ValidationError("--report needs the path of a file.")
        }
    }

    func run() async throws {
        let settings: RunSettings
        do throws(DiagnosticsError) {
            settings = try self.settings()
        } catch {
            Output.error(error.diagnostics.map { $0.text(file: "penstock") }.joined())
            throw ExitCode(ProgramExit.configuration)
        }
        let prepared: PreparedPipeline
        do throws(DiagnosticsError) {
            prepared = try PreparedPipeline(
                path: self.argument.file,
                workers: settings.workers,
                admin: settings.admin
            )
            try Self.checkReport(settings.report, of: prepared.file, pipelineFile: self.argument.file)
        } catch {
            Output.error(error.diagnostics.map { $0.text(file: self.argument.file) }.joined())
            throw ExitCode(ProgramExit.configuration)
        }
        let code = await PipelineRun(prepared, settings: settings, file: self.argument.file).run()
        if code != ProgramExit.success { throw ExitCode(code) }
    }

    // MARK: - Private

    private func settings() throws(DiagnosticsError) -> RunSettings {
        try RunSettings(
            report: self.report,
            json: self.json,
            quiet: self.quiet,
            workers: self.workers,
            admin: self.admin,
            environment: { name in getenv(name).map { String(cString: $0) } }
        )
    }

    /// Refuses a report that could not be written, or that would be written over a file of the pipeline.
    private static func checkReport(
        _ report: String?,
        of file: PipelineFile,
        pipelineFile: String
    ) throws(DiagnosticsError) {
        guard let report else { return }
        if let problem = FileStatus.problemWriting(report) {
            throw DiagnosticsError(diagnostics: [
                Diagnostic(nil, "the report cannot be written to '\(shown(report))': \(problem)")
            ])
        }
        guard let identity = FileStatus.identity(of: report) else { return }
        let others = [("the pipeline file", pipelineFile)] + file.paths.map { ($0.role.name, $0.path) }
        if let other = others.first(where: { FileStatus.identity(of: $0.1) == identity }) {
            throw DiagnosticsError(diagnostics: [
                Diagnostic(
                    nil,
                    "the report would be written over '\(shown(report))', the file of \(other.0)",
                    hint: "give the report its own file"
                )
            ])
        }
    }
}
