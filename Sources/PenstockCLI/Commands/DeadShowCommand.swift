//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

/// `penstock dead show`: shows one dead letter whole.
struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one dead letter whole, with its event as it was."
    )

    @OptionGroup var argument: LetterFileArgument

    @Argument(help: ArgumentHelp("Which line of the file, as 'dead ls' numbers them.", valueName: "n"))
    var number: Int

    func run() async throws {
        let file = try self.argument.open()
        let letter: Letter?
        do throws(SystemError) {
            letter = try self.letter(in: file)
        } catch {
            Output.error("\(shown(file.path, limit: 300)): error: the dead letters cannot be read: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
        if let letter {
            return try self.show(Self.bytes(of: letter, toTerminal: Output.standardIsTerminal))
        }
        Output.error("\(shown(file.path, limit: 300)): error: line \(self.number) is no dead letter\n")
        throw ExitCode(ProgramExit.failure)
    }

    // MARK: - Private

    private func letter(in file: LetterFile) throws(SystemError) -> Letter? {
        while let line = try file.next(), line.number <= self.number {
            if line.number == self.number { return line.letter }
        }
        return nil
    }

    /// What is shown of a letter. A terminal gets no control characters of an event: they would be orders to it.
    static func bytes(of letter: Letter, toTerminal: Bool) -> [UInt8] {
        guard case .object(let members) = letter.value else { return [] }
        let width = (members.map(\.key.count).max() ?? 0) + 2
        let lines = members.filter { !["event", "encoding"].contains($0.key) }.map { key, value in
            key + String(repeating: " ", count: width - key.count) + shown(value.text ?? value.json, limit: 2000) + "\n"
        }
        let head = Array((lines.joined() + "\n").utf8)
        let newline = [UInt8(ascii: "\n")]
        guard toTerminal else { return head + letter.event + newline }
        let parts = String(decoding: letter.event, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        return head + Array(parts.map { shown(String($0), limit: .max) }.joined(separator: "\n").utf8) + newline
    }
}
