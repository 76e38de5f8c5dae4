//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents
import Testing

@testable import PenstockCLI

@Suite("Wrong pipeline files")
struct WrongFileTests {
    @Test("YAML", .timeLimit(.minutes(5)), arguments: WrongFile.yaml)
    func yaml(_ file: WrongFile) { Self.check(file) }

    @Test("Keys at the top", .timeLimit(.minutes(5)), arguments: WrongFile.top)
    func top(_ file: WrongFile) { Self.check(file) }

    @Test("Queue", .timeLimit(.minutes(5)), arguments: WrongFile.queue)
    func queue(_ file: WrongFile) { Self.check(file) }

    @Test("Sources and sinks", .timeLimit(.minutes(5)), arguments: WrongFile.endpoints)
    func endpoints(_ file: WrongFile) { Self.check(file) }

    @Test("HTTP in and out", .timeLimit(.minutes(5)), arguments: WrongFile.http)
    func http(_ file: WrongFile) { Self.check(file) }

    @Test("Lines over TCP", .timeLimit(.minutes(5)), arguments: WrongFile.tcp)
    func tcp(_ file: WrongFile) { Self.check(file) }

    @Test("Steps", .timeLimit(.minutes(5)), arguments: WrongFile.steps)
    func steps(_ file: WrongFile) { Self.check(file) }

    @Test("Steps that make other events", .timeLimit(.minutes(5)), arguments: WrongFile.rewriting)
    func rewriting(_ file: WrongFile) { Self.check(file) }

    @Test("Examples", .timeLimit(.minutes(5)), arguments: WrongFile.tests)
    func examples(_ file: WrongFile) { Self.check(file) }

    @Test("Files that are followed", .timeLimit(.minutes(5)), arguments: WrongFile.tailing)
    func tailing(_ file: WrongFile) { Self.check(file) }

    @Test("Expressions", .timeLimit(.minutes(5)), arguments: WrongFile.expressions)
    func expressions(_ file: WrongFile) { Self.check(file) }

    @Test("All faults of a file are found at once, in its order", .timeLimit(.minutes(5)))
    func allAtOnce() {
        let text = """
            pipeline: two words
            sources:
              in: { type: file, pth: a }
              in: { type: stdin }
            qeue: { events: 0 }
            queue: { events: 0, events: 1, bytes: 64 }
            workers: 0
            sinks:
              out: { type: nats }
            """
        let diagnostics = Self.diagnostics(of: text)
        #expect(
            diagnostics.map(\.place) == [
                Place(line: 1, column: 11), Place(line: 3, column: 21),
                Place(line: 4, column: 3), Place(line: 5, column: 1), Place(line: 6, column: 18),
                Place(line: 6, column: 21), Place(line: 6, column: 39), Place(line: 7, column: 10),
                Place(line: 9, column: 16),
            ],
            "\(diagnostics)"
        )
    }

    @Test("A diagnostic is one line and one for the hint", .timeLimit(.minutes(5)))
    func text() {
        let diagnostic = Diagnostic(Place(line: 12, column: 5), "unknown key 'a'", hint: "did you mean 'b'?")
        #expect(
            diagnostic.text(file: "file.yaml")
                == "file.yaml:12:5: error: unknown key 'a'\n    hint: did you mean 'b'?\n"
        )
        #expect(Diagnostic(nil, "it is gone").text(file: "file.yaml") == "file.yaml: error: it is gone\n")
    }

    @Test("A key of a hostile file does not reach the terminal as it is", .timeLimit(.minutes(5)))
    func hostileKey() {
        let key = "\\e[2J" + String(repeating: "x", count: 800)
        let message = Self.diagnostics(of: WrongFile.right + "\"\(key)\": 1\n").first?.message ?? ""
        #expect(message.contains("\\u{1b}[2J"))
        #expect(message.count < 150)
    }

    /// All that is wrong with a text.
    static func diagnostics(of text: String) -> [Diagnostic] {
        do throws(DiagnosticsError) {
            _ = try PipelineFile.read(text)
            return []
        } catch {
            return error.diagnostics
        }
    }

    private static func check(_ file: WrongFile, sourceLocation: SourceLocation = #_sourceLocation) {
        let diagnostics = Self.diagnostics(of: file.text)
        #expect(diagnostics.count == 1, "\(diagnostics)", sourceLocation: sourceLocation)
        guard let first = diagnostics.first else { return }
        let expected = Place(line: file.line, column: file.column)
        #expect(first.place == expected, "\(first)", sourceLocation: sourceLocation)
        #expect(first.message.contains(file.message), "\(first)", sourceLocation: sourceLocation)
        if let hint = file.hint {
            #expect(first.hint?.contains(hint) == true, "\(first)", sourceLocation: sourceLocation)
        }
    }
}
