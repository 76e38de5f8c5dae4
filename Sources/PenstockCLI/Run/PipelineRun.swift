//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

/// One run of a pipeline, with its signals, its progress line and its report.
struct PipelineRun {
    private let prepared: PreparedPipeline
    private let settings: RunSettings
    private let file: String

    init(_ prepared: PreparedPipeline, settings: RunSettings, file: String) {
        self.prepared = prepared
        self.settings = settings
        self.file = file
    }

    /// Runs the pipeline, prints its report and tells the exit code.
    func run() async -> Int32 {
        let pipeline = self.prepared.pipeline
        let watch = RunWatch(
            pipeline,
            drain: self.prepared.file.description.shutdown.drain,
            showsProgress: self.showsProgress,
            isQuiet: self.settings.quiet
        )
        watch.start()
        FileLimit.raise()
        let report: PipelineReport
        do {
            report = try await self.runWatched()
        } catch {
            watch.stop()
            Output.error(self.diagnostic(of: error).text(file: self.file))
            return ProgramExit.configuration
        }
        watch.stop()
        return self.finish(report)
    }

    /// The exit code that a report comes to.
    static func exitCode(of report: PipelineReport) -> Int32 {
        guard report.balanced else { return ProgramExit.failure }
        switch report.exit {
        case .drained, .interrupted: return ProgramExit.success
        case .deadlinePassed: return ProgramExit.deadlinePassed
        case .failed: return ProgramExit.failure
        }
    }

    // MARK: - Private

    /// Why it could not start, at its place in the file where a part of the pipeline could not be opened.
    private func diagnostic(of error: any Error) -> Diagnostic {
        if let problem = self.prepared.pipeline.startProblem { return self.prepared.file.diagnostic(of: problem) }
        return Diagnostic(nil, (error as? PenstockError)?.message ?? "\(error)")
    }

    /// Runs the pipeline, and serves what it does where the file says so.
    private func runWatched() async throws -> PipelineReport {
        let pipeline = self.prepared.pipeline
        #if Server
        guard let admin = self.prepared.file.admin else { return try await pipeline.run() }
        return try await admin.serving(pipeline, shutdown: self.prepared.file.description.shutdown) { port in
            if !self.settings.quiet { Output.error(admin.greeting(port: port)) }
        }
        #else
        return try await pipeline.run()
        #endif
    }

    /// Whether there is a terminal for a line, and no stream of events on it that the line would get in the way of.
    private var showsProgress: Bool {
        guard !self.settings.quiet, Output.errorIsTerminal else { return false }
        let description = self.prepared.file.description
        let streams = description.sinks.contains { $0.kind == .stdout } || description.deadLetter == .stdout
        let aggregates = description.steps.contains { if case .aggregate = $0 { true } else { false } }
        return !(Output.standardIsTerminal && streams && !aggregates)
    }

    private func finish(_ report: PipelineReport) -> Int32 {
        if self.settings.json {
            Output.error(report.json() + "\n")
        } else if !self.settings.quiet {
            Output.error(HumanReport.text(report))
        } else if case .failed(let error) = report.exit {
            Output.error("\(self.file): error: \(error.message)\n")
        } else if !report.balanced {
            Output.error("\(self.file): error: the ledger does not balance\n")
        }
        let code = Self.exitCode(of: report)
        guard let path = self.settings.report else { return code }
        do throws(SystemError) {
            try Output.file(report.json() + "\n", path: path)
            return code
        } catch {
            Output.error("\(self.file): error: the report cannot be written to '\(shown(path))': \(error)\n")
            return code == ProgramExit.success ? ProgramExit.failure : code
        }
    }
}
