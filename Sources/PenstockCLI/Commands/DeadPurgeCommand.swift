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

/// `penstock dead purge`: throws dead letters away.
struct DeadPurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Throw dead letters away.",
        discussion: """
            Asks before it does, unless --yes is given. The file is written anew beside the old one and takes its place at \
            once. Refuses while a run writes to the file.
            """
    )

    @OptionGroup var argument: LetterFileArgument

    @OptionGroup var options: LetterFilterOptions

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        let file = try self.argument.open()
        try file.take()
        var count = 0
        try file.forEach(self.options.filter) { _, _ in count += 1 }
        guard count > 0 else {
            Output.error("no dead letter to throw away\n")
            return
        }
        if !self.yes { try Self.ask(count) }
        do {
            try file.rewind()
            let rewrite = try LetterRewrite(of: file)
            while let line = try file.next() {
                if let letter = line.letter, self.options.filter.takes(letter) { continue }
                try rewrite.keep(line)
            }
            try rewrite.finish()
        } catch {
            Output.error("\(shown(file.path, limit: 300)): error: it cannot be written anew: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
        Output.error("\(grouped(count)) dead letters thrown away\n")
    }

    // MARK: - Private

    private static func ask(_ count: Int) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            Output.error("penstock: error: nobody is there to ask\n    hint: --yes\n")
            throw ExitCode(64)
        }
        Output.error("throw \(grouped(count)) dead letters away? [y/N] ")
        let answer = readLine() ?? ""
        guard ["y", "yes"].contains(answer.lowercased()) else {
            Output.error("nothing was changed\n")
            throw ExitCode(ProgramExit.failure)
        }
    }
}
