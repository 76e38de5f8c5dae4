//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockCLI

@Suite("Hostile pipeline files")
struct HostileFileTests {
    @Test("Aliases of aliases are refused before they grow", .timeLimit(.minutes(5)))
    func billionLaughs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let list = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(list)]\n"
        }
        let diagnostics = WrongFileTests.diagnostics(of: text)
        #expect(diagnostics.count == 1)
        #expect(diagnostics.first?.message == "the file uses more than 16 aliases (*name)")
        #expect(diagnostics.first?.place == Place(line: 3, column: 45))
    }

    @Test("As few aliases as are allowed still stand for too much", .timeLimit(.minutes(5)))
    func fewAliases() {
        let leaf = Array(repeating: "x", count: 1000).joined(separator: ",")
        var text = "a0: &a0 [\(leaf)]\n"
        for level in 1...5 {
            text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
        }
        let message = WrongFileTests.diagnostics(of: text).first?.message
        #expect(message == "the file holds more than 100,000 values once its aliases are expanded")
    }

    @Test("Aliases as keys, which are compared in full", .timeLimit(.minutes(5)))
    func aliasesAsKeys() {
        var text = "a0: &a0 [x, x, x, x]\n"
        for level in 1...4 {
            text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
        }
        text += "? *a4\n: 1\n"
        #expect(WrongFileTests.diagnostics(of: text).contains { $0.message.contains("a key must be a name") })
    }

    @Test("A large file with aliases is refused", .timeLimit(.minutes(5)))
    func largeWithAliases() {
        let text = "a: &a 1\nb: *a\n" + String(repeating: "# filler\n", count: 10_000)
        let diagnostics = WrongFileTests.diagnostics(of: text)
        #expect(diagnostics.first?.message.contains("may hold at most 65,536 characters") == true)
        #expect(diagnostics.first?.place == Place(line: 2, column: 4))
    }

    @Test(
        "Depth is bounded",
        .timeLimit(.minutes(5)),
        arguments: [("[", ""), ("{a: ", ""), ("- ", ""), ("[", "]")]
    )
    func depth(_ open: String, close: String) {
        let text = String(repeating: open, count: 100_000) + String(repeating: close, count: 100_000)
        let diagnostics = WrongFileTests.diagnostics(of: text)
        #expect(diagnostics.count == 1)
        #expect(diagnostics.first?.message.contains("too deeply") == true, "\(diagnostics)")
    }

    @Test("Aliases nested as deep as they may be", .timeLimit(.minutes(5)))
    func deepAliases() {
        for (depth, refused) in [(60, false), (900, true)] {
            var text = "a0: &a0 x\n"
            for level in 1...16 {
                text += "a\(level): &a\(level) " + String(repeating: "[", count: depth) + "*a\(level - 1)"
                text += String(repeating: "]", count: depth) + "\n"
            }
            let message = WrongFileTests.diagnostics(of: text).first?.message ?? ""
            #expect(message.contains("may open at most 1,000 lists and maps") == refused, "\(message)")
        }
    }

    @Test("Of very many errors the first hundred are told", .timeLimit(.minutes(5)))
    func manyErrors() {
        let text = WrongFile.right + (0..<5000).map { "k\($0): 1\n" }.joined()
        let diagnostics = WrongFileTests.diagnostics(of: text)
        #expect(diagnostics.count == 101)
        #expect(diagnostics.last == Diagnostic(nil, "there are 4,900 more errors"))
    }

    @Test("Many repeated keys end soon", .timeLimit(.minutes(5)))
    func manyRepeatedKeys() {
        let text = WrongFile.right + String(repeating: "decode: json\n", count: 5000)
        let diagnostics = WrongFileTests.diagnostics(of: text)
        #expect(diagnostics.count == 1)
        #expect(diagnostics.first?.message.contains("'decode' is given twice") == true)
    }

    @Test(
        "Repeated keys that cannot be renamed",
        .timeLimit(.minutes(5)),
        arguments: ["\"\"", "''", "&a x", "!t x", "[a]"]
    )
    func repeatedOddKeys(_ key: String) {
        let text = "\(key): 1\nb: 2\n\(key): 3\n"
        #expect(!WrongFileTests.diagnostics(of: text).isEmpty)
    }

    @Test("Random damage to a right file never traps", .timeLimit(.minutes(5)))
    func randomDamage() {
        let right = Array(
            (WrongFile.right + """
                steps:
                  - filter: 'delay > 60 && origin != "DFW"'
                  - aggregate: { by: [origin], every: 10s, count: flights, sum: { distance: miles } }
                queue: &q { events: 10, bytes: 1MiB }
                """).unicodeScalars
        )
        let odd = Array("\t\n\r\0 :-?[]{},#&*!|>'\"%@`\\é\u{FEFF}\u{85}\u{2028}\u{E000}a0.<".unicodeScalars)
        var random = SeededGenerator(seed: 42)
        for _ in 0..<3000 {
            var scalars = right
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<scalars.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: scalars.remove(at: index)
                case 1: scalars.insert(odd[Int.random(in: 0..<odd.count, using: &random)], at: index)
                default: scalars[index] = odd[Int.random(in: 0..<odd.count, using: &random)]
                }
            }
            let text = String(String.UnicodeScalarView(scalars))
            let lines = SourceText(text).lineCount
            for diagnostic in WrongFileTests.diagnostics(of: text) {
                #expect((diagnostic.place?.line ?? 1) <= lines + 1, "\(diagnostic) of \(text.debugDescription)")
                #expect(!diagnostic.message.isEmpty)
            }
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
