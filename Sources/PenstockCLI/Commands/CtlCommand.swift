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

#if Server
import PenstockAdmin
#endif

/// `penstock ctl`: gives orders to a pipeline that runs.
struct CtlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctl",
        abstract: "Give orders to a pipeline that runs.",
        discussion: """
            The pipeline has to run with 'admin' in its file, or with --admin. Orders go over a Unix socket that only its \
            user can open: $XDG_RUNTIME_DIR/penstock/NAME.sock, or /tmp/penstock-UID/NAME.sock.

            Exit codes: 0 it was done; 1 it was not; 64 wrong usage. 'drain' waits for the end of the run and ends with \
            the exit code that its report comes to: 0, 1 or 3.
            """,
        subcommands: [
            CtlStatusCommand.self, CtlPauseCommand.self, CtlResumeCommand.self, CtlResizeCommand.self,
            CtlDrainCommand.self,
        ]
    )
}

/// `penstock ctl pause`: workers take nothing more.
struct CtlPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Workers finish what they have and take nothing more; sources are held once the queue is full."
    )

    @OptionGroup var target: AdminTarget

    func run() async throws {
        #if Server
        try await self.watching { try await self.target.client().order("/pause") }
        #else
        try self.refuseWithoutServer()
        #endif
    }
}

/// `penstock ctl resume`: workers go on.
struct CtlResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Workers take events from the queue again."
    )

    @OptionGroup var target: AdminTarget

    func run() async throws {
        #if Server
        try await self.watching { try await self.target.client().order("/resume") }
        #else
        try self.refuseWithoutServer()
        #endif
    }
}

/// `penstock ctl resize`: other many workers.
struct CtlResizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize",
        abstract: "Change how many workers there are, until the end of the run."
    )

    @Argument(help: ArgumentHelp("How many workers, from 1 to 1024.", valueName: "workers"))
    var workers: Int

    @OptionGroup var target: AdminTarget

    func validate() throws {
        guard WorkerCount.range.contains(self.workers) else {
            throw ValidationError("WORKERS must be a whole number from 1 to \(WorkerCount.range.upperBound).")
        }
    }

    func run() async throws {
        #if Server
        try await self.watching { try await self.target.client().order("/resize?workers=\(self.workers)") }
        #else
        try self.refuseWithoutServer()
        #endif
    }
}

/// `penstock ctl status`: how the pipeline is.
struct CtlStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the pipeline is: as 'penstock top --once' does."
    )

    @OptionGroup var target: AdminTarget

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        #if Server
        try await self.watching {
            let text = try await self.target.client().get("/status")
            try self.show(self.json ? text : try TopScreen.once(text))
        }
        #else
        try self.refuseWithoutServer()
        #endif
    }
}

/// `penstock ctl drain`: ends the run.
struct CtlDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Stop the sources, finish what was accepted, wait for the end, and print the ledger."
    )

    @OptionGroup var target: AdminTarget

    @Option(
        help: ArgumentHelp(
            "How long accepted events may take, in seconds; as 'shutdown.drain' says otherwise.",
            valueName: "seconds"
        )
    )
    var deadline: Double?

    @Flag(name: .customLong("no-wait"), help: "Return at once.")
    var returnsAtOnce = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        if let deadline, !(0...86_400).contains(deadline) {
            throw ValidationError("--deadline must be a number of seconds, at most a day.")
        }
    }

    func run() async throws {
        #if Server
        var code = ProgramExit.success
        try await self.watching { code = try await self.drain() }
        if code != ProgramExit.success { throw ExitCode(code) }
        #else
        try self.refuseWithoutServer()
        #endif
    }

    #if Server
    /// Drains, and tells the exit code.
    private func drain() async throws -> Int32 {
        let client = try self.target.client()
        let path = "/drain" + (self.deadline.map { "?deadline=\($0)" } ?? "")
        if self.returnsAtOnce {
            try await client.order(path)
            return ProgramExit.success
        }
        var report: String?
        var failure: PenstockError?
        var isOrdered = false
        // First one who watches, then the order: a run that ends at once has somebody to tell its report to.
        try await client.follow { event in
            if event.name == "report" {
                report = event.data
                return false
            }
            if isOrdered { return true }
            isOrdered = true
            do throws(PenstockError) {
                try await client.order(path)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        guard let report, let read = JSONValue(report), let told = ToldReport(read) else {
            throw WatchProblem(message: "the pipeline is gone, and has not told its report")
        }
        try self.show(self.json ? report + "\n" : told.text())
        return told.exitCode
    }
    #endif
}
