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
        do throws(SystemError) {
            while let line = try file.next(), line.number <= self.number {
                guard line.number == self.number, let letter = line.letter else { continue }
                return try self.tell(letter)
            }
        } catch {
            Output.error("\(shown(file.path, limit: 300)): error: the dead letters cannot be read: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
        Output.error("\(shown(file.path, limit: 300)): error: line \(self.number) is no dead letter\n")
        throw ExitCode(ProgramExit.failure)
    }

    // MARK: - Private

    private func tell(_ letter: Letter) throws(SystemError) {
        guard case .object(let members) = letter.value else { return }
        let width = (members.map(\.key.count).max() ?? 0) + 2
        let lines = members.filter { !["event", "encoding"].contains($0.key) }.map { key, value in
            key + String(repeating: " ", count: width - key.count) + shown(value.text ?? value.json, limit: 2000) + "\n"
        }
        try Output.standard(lines.joined() + "\n" + String(decoding: letter.event, as: UTF8.self) + "\n")
    }
}
