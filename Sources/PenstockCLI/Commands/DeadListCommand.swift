//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

/// `penstock dead ls`: lists dead letters, or counts them.
struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List dead letters, or count them by reason, source or sink."
    )

    @OptionGroup var argument: LetterFileArgument

    @OptionGroup var options: LetterFilterOptions

    @Option(help: ArgumentHelp("Count letters by reason, source or sink instead.", valueName: "what"))
    var by: LetterTally.Key?

    @Flag(help: "Print JSON: a line for each letter, or for each count.")
    var json = false

    func run() async throws {
        let file = try self.argument.open()
        var tally = self.by.map { LetterTally(by: $0) }
        var isFirst = true
        try file.forEach(self.options.filter) { line, letter in
            if tally != nil {
                tally?.add(letter)
                return
            }
            if self.json {
                try self.show(Self.json(line, letter) + "\n")
                return
            }
            if isFirst { try self.show(Self.row("n", "time", "source", "position", "sink", "reason")) }
            isFirst = false
            let row = Self.row(
                String(line.number),
                letter.time,
                letter.source,
                letter.position,
                letter.sink ?? "-",
                letter.reason
            )
            try self.show(row)
        }
        guard let tally, let key = self.by else { return }
        try self.show(self.json ? Self.json(tally, key) : Self.text(tally, key))
    }

    // MARK: - Private

    /// Columns of a width of their own: the whole file need not be known.
    private static func row(_ cells: String...) -> String {
        let widths = [6, 24, 10, 10, 10, 0]
        let padded = zip(cells, widths).map { cell, width in
            let cell = shown(cell, limit: 200)
            return cell + String(repeating: " ", count: max(0, width - cell.count))
        }
        return padded.joined(separator: "  ") + "\n"
    }

    private static func json(_ line: LetterFile.Line, _ letter: Letter) -> String {
        guard case .object(let members) = letter.value else { return letter.value.json }
        return JSONValue.object([(key: "n", value: .number(String(line.number)))] + members).json
    }

    private static func json(_ tally: LetterTally, _ key: LetterTally.Key) -> String {
        tally.rows.map { row in
            JSONText.object([(key.rawValue, JSONText.string(row.value)), ("letters", String(row.count))]) + "\n"
        }.joined()
    }

    private static func text(_ tally: LetterTally, _ key: LetterTally.Key) -> String {
        var table = TextTable([key.rawValue, "letters"])
        for row in tally.rows { table.add([shown(row.value, limit: 200), grouped(row.count)]) }
        return table.text
    }
}

extension LetterTally.Key: ExpressibleByArgument {}
