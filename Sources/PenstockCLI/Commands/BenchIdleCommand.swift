//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import PenstockBench

/// `penstock bench idle`: says what a pool uses that has no jobs.
struct BenchIdleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "Let a pool wait for jobs, and say what processor time that takes.",
        discussion: """
            The pool has run jobs and gets no more: its workers are parked, a sender is alive, and a reader waits for \
            results. More than 10 ms of processor time in all end with exit code 1.
            """
    )

    @Option(help: ArgumentHelp("How long the pool gets no jobs.", valueName: "s"))
    var seconds = 10.0

    @Option(help: ArgumentHelp("Workers that wait.", valueName: "n"))
    var workers = 2

    @Flag(help: "Print one JSON line.")
    var json = false

    func validate() throws {
        guard self.seconds >= 0, self.seconds <= 3600 else {
            throw ValidationError("--seconds must be from 0 to 3,600.")
        }
        guard (1...1024).contains(self.workers) else {
            throw ValidationError("--workers must be a whole number from 1 to 1,024.")
        }
    }

    func run() async throws {
        let report = try await IdleBench(workers: self.workers, duration: .seconds(self.seconds)).run()
        try self.show(self.json ? report.json + "\n" : report.text)
        if let problem = report.problem {
            Output.error("penstock: error: \(problem)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }
}
