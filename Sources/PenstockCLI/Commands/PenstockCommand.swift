//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The program's version, for `--version` and whoever else tells it.
let penstockVersion = "0.1.0"

/// The program.
@main
struct PenstockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "penstock",
        abstract: "Moves events through bounded worker pools, and never loses one in silence.",
        discussion: """
            A pipeline is described in one YAML file: where events come from, what is done to them, where they go.

              penstock check flights.yaml     says what the file means, or all that is wrong with it
              penstock test flights.yaml      runs the examples in it
              penstock graph flights.yaml     draws it
              penstock run flights.yaml       runs it, and accounts for every event at the end
              penstock top                    watches a pipeline that runs with 'admin' in its file
              penstock ctl drain              gives it orders
              penstock dead ls flights.yaml   lists the events that could not be handled
              penstock bench pool             measures what a job costs on this machine
              penstock bench tune             finds the workers and the capacity that suit a kind of job

            Exit codes: 0 every event has a fate and the ledger balances; 1 the run failed; 3 the drain deadline \
            passed with events left; 64 wrong usage; 78 wrong pipeline file.
            """,
        version: penstockVersion,
        subcommands: [
            RunCommand.self, CheckCommand.self, TestCommand.self, GraphCommand.self, ExportCommand.self,
            TopCommand.self, CtlCommand.self, DeadCommand.self,
            BenchCommand.self,
        ]
    )

    static func main() async {
        StandardStreams.occupy()
        // A reader that goes away is an error of the write, with a report, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Self.exit(withError: error)
        }
    }
}

/// What the program's exit codes say.
enum ProgramExit {
    /// Every event has a fate, and the ledger balances.
    static let success: Int32 = 0
    /// The run failed.
    static let failure: Int32 = 1
    /// The drain deadline passed with events left.
    static let deadlinePassed: Int32 = 3
    /// The pipeline file, or a setting, is wrong.
    static let configuration: Int32 = 78
}

extension ParsableCommand {
    /// Writes to the standard output; a command that cannot has failed.
    func show(_ text: String) throws {
        try self.show(Array(text.utf8))
    }

    /// Writes bytes to the standard output; a command that cannot has failed.
    ///
    /// One whose reader has seen enough, as `head` has, ends without a word.
    func show(_ bytes: [UInt8]) throws {
        do throws(SystemError) {
            try Output.standard(bytes)
        } catch {
            if error.code == EPIPE { throw ExitCode(ProgramExit.success) }
            Output.error("penstock: error: the standard output cannot be written: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }
}

/// The pipeline file, as an argument.
struct PipelineFileArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The pipeline file. Paths in it are relative to the working directory.",
            valueName: "file.yaml"
        ),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var file: String
}
