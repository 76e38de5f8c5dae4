//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Testing

@testable import PenstockCLI

@Suite("Examples in a pipeline file", .timeLimit(.minutes(5)))
struct ExampleRunTests {
    /// Runs the examples of a file; for each the lines of what is not as expected.
    static func run(_ text: String) async throws -> [[String]] {
        let file = try PipelineFile.read(text)
        var results: [[String]] = []
        for example in file.tests {
            let mismatches = try await ExampleRun(example, of: file.description).run()
            results.append(mismatches.map { (["line \($0.place.line)"] + $0.lines).joined(separator: "\n") })
        }
        return results
    }

    private static let filter = """
        pipeline: p
        sources:
          in: { type: stdin }
        steps:
          - filter: delay > 60
          - rename: { delay: late }
        sinks:
          out: { type: file, path: /nowhere/out }
        tests:

        """

    @Test("Events come as they are expected, in their order")
    func events() async throws {
        let results = try await Self.run(
            Self.filter + """
                  - name: right
                    input: [ { delay: 61, x: [1, { y: null }] }, { delay: 5 }, '{"delay":1e2}' ]
                    expect: [ { x: [1, { y: ~ }], late: 61.0 }, { late: 100 } ]
                  - name: other order
                    input: [ { delay: 61 }, { delay: 62 } ]
                    expect: [ { late: 62 }, { late: 61 } ]
                  - name: one too many
                    input: [ { delay: 61 }, { delay: 62 } ]
                    expect:
                      - { late: 61 }
                  - name: more in an event
                    input: [ { delay: 61, origin: ORD } ]
                    expect: [ { late: 61 } ]
                """
        )
        #expect(results.map(\.count) == [0, 1, 1, 1])
        #expect(
            results[1][0].hasPrefix(
                "line 15\nsink out got other events than expected\n- {\"late\":62}\n- {\"late\":61}\n+ "
            )
        )
        #expect(results[2][0] == "line 19\nsink out got 2 events, and 1 event expected\n+ {\"late\":62}")
    }

    @Test("Dead letters are none, or as many as are expected, or for these reasons")
    func letters() async throws {
        let results = try await Self.run(
            Self.filter + """
                  - { name: silent, input: [no], expect: [] }
                  - { name: counted, input: [no, { delay: a }], expect: [], dead: 2 }
                  - { name: miscounted, input: [no], expect: [], dead: 2 }
                  - { name: reasons, input: [no, { delay: a }], expect: [], dead_letters: [filter, not an object] }
                  - { name: other reason, input: [no], expect: [], dead_letters: [filter] }
                  - { name: more, input: [no, { delay: a }], expect: [], dead_letters: [filter] }
                """
        )
        #expect(results.map(\.count) == [1, 0, 1, 0, 1, 1])
        #expect(results[0] == ["line 10\n0 dead letters expected, and there are 1\n+ json: not an object"])
        #expect(results[4] == ["line 14\nno dead letter for the reason 'filter'\n+ json: not an object"])
    }

    @Test("Rows of an aggregate come in any order, and their window counts if it is named")
    func rows() async throws {
        let results = try await Self.run(
            """
            pipeline: p
            sources:
              in: { type: stdin }
            decode: lines
            steps:
              - parse: { regex: '^(?<k>\\w) (?<n>\\d)$', types: { n: int } }
              - aggregate: { by: [k], every: 1ms, count: c, sum: { n: total } }
            sinks:
              out: { type: stdout }
            tests:
              - { name: right, input: [a 1, b 2, a 3], expect: [{ k: b, c: 1, total: 2 }, { k: a, total: 4, c: 2 }] }
              - { name: window, input: [a 1], expect: [{ k: a, c: 1, total: 1, window_start: 2001 }] }
              - { name: twice, input: [a 1], expect: [{ k: a, c: 1, total: 1 }, { k: a, c: 1, total: 1 }] }
              - { name: nothing, input: [], expect: [] }
            """
        )
        #expect(results.map(\.count) == [0, 1, 1, 0])
    }

    @Test("The examples that come with the program pass", arguments: ["apache", "flights", "generate", "lines"])
    func shipped(_ name: String) async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Examples")
        let text = try String(contentsOf: root.appending(path: "\(name).yaml"), encoding: .utf8)
        #expect(try await Self.run(text).allSatisfy(\.isEmpty))
    }

    @Test("Of several sinks each gets what its condition says")
    func sinks() async throws {
        let results = try await Self.run(
            """
            pipeline: p
            sources:
              in: { type: stdin }
            sinks:
              all: { type: stdout }
              late: { type: "null", when: delay > 60 }
            dead_letter: { type: file, path: /nowhere/dead }
            tests:
              - name: both
                input: [ { delay: 1 }, { delay: 61 } ]
                expect: { all: [ { delay: 1 }, { delay: 61 } ], late: [ { delay: 61 } ] }
              - { name: one, input: [ { delay: 61 } ], sink: late, expect: [ { delay: 61 } ] }
              - { name: wrong, input: [ { delay: 61 } ], expect: { all: [], late: [] } }
            """
        )
        #expect(results.map(\.count) == [0, 0, 2])
    }
}
