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

/// `penstock dead`: looks at dead letters, tries them again, and throws them away.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Look at dead letters, try them again, or throw them away.",
        discussion: """
            Each takes a pipeline file, and then means the file of its 'dead_letter', or a file of dead letters itself. \
            Lines that are no dead letters are named by their numbers, and kept.
            """,
        subcommands: [
            DeadListCommand.self, DeadShowCommand.self, DeadReplayCommand.self, DeadPurgeCommand.self,
        ]
    )
}

/// The file of dead letters, as an argument.
struct LetterFileArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("A pipeline file (.yaml, .yml), or a file of dead letters.", valueName: "file"),
        completion: .file()
    )
    var file: String

    /// Opens the file of dead letters.
    ///
    /// - Throws: The exit code, when it has told what is wrong.
    func open() throws -> LetterFile {
        let path = try self.path()
        do throws(SystemError) {
            return try LetterFile(path)
        } catch {
            Output.error("\(shown(path, limit: 300)): error: the dead letters cannot be read: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }

    private func path() throws -> String {
        guard [".yaml", ".yml"].contains(where: self.file.hasSuffix) else { return self.file }
        let pipeline: PipelineFile
        do throws(DiagnosticsError) {
            pipeline = try PipelineFile.load(self.file, looksAtFiles: false)
        } catch {
            Output.error(error.diagnostics.map { $0.text(file: self.file) }.joined())
            throw ExitCode(ProgramExit.configuration)
        }
        if case .file(let path, _) = pipeline.description.deadLetter { return path }
        let diagnostic = Diagnostic(nil, "its dead letters go to no file", hint: "dead_letter: { type: file, path: … }")
        Output.error(diagnostic.text(file: self.file))
        throw ExitCode(ProgramExit.configuration)
    }
}

/// Which dead letters are meant, as options.
struct LetterFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only letters with this in their reason.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Only letters from this source.", valueName: "name"))
    var source: String?

    @Option(help: ArgumentHelp("Only letters that this sink has refused.", valueName: "name"))
    var sink: String?

    @Option(
        help: ArgumentHelp("Only letters from this time on, in UTC: 2026-11-25 or 2026-11-25T10:30.", valueName: "time")
    )
    var since: String?

    var filter: LetterFilter {
        LetterFilter(reason: self.reason, source: self.source, sink: self.sink, since: self.since)
    }

    func validate() throws {
        if let since, !LetterFilter.isTime(since) {
            throw ValidationError("--since must be a time such as 2026-11-25 or 2026-11-25T10:30.")
        }
    }
}

extension LetterFile {
    /// Goes through the letters that a filter takes.
    ///
    /// - Parameters:
    ///   - filter: Which letters.
    ///   - others: Told of every other line.
    ///   - body: Told of each letter.
    func forEach(
        _ filter: LetterFilter,
        others: (Line) throws -> Void = { _ in },
        _ body: (Line, Letter) throws -> Void
    ) throws {
        while true {
            let line: Line
            do throws(SystemError) {
                guard let next = try self.next() else { return }
                line = next
            } catch {
                Output.error("\(shown(self.path, limit: 300)): error: the dead letters cannot be read: \(error)\n")
                throw ExitCode(ProgramExit.failure)
            }
            if line.letter == nil {
                Output.error("\(shown(self.path, limit: 300)):\(line.number): warning: this line is no dead letter\n")
            }
            if let letter = line.letter, filter.takes(letter) {
                try body(line, letter)
            } else {
                try others(line)
            }
        }
    }

    /// Takes the file for this program alone.
    func take() throws {
        if self.lock() { return }
        Output.error(
            "\(shown(self.path, limit: 300)): error: a run that goes on writes to it\n    hint: end the run first\n"
        )
        throw ExitCode(ProgramExit.failure)
    }
}
