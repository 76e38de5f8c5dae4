//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What came of the examples in a pipeline file.
struct ExampleReport {
    /// One example that was run.
    struct Result {
        var example: PipelineExample
        var mismatches: [ExampleRun.Mismatch]
    }

    let file: String
    let results: [Result]

    var isPassed: Bool { self.results.allSatisfy(\.mismatches.isEmpty) }

    /// A line for each example, and below it what is not as expected.
    func text() -> String {
        let lines = self.results.map { result in
            let verdict = result.mismatches.isEmpty ? "ok   " : "FAIL "
            let details = result.mismatches.map { mismatch in
                let place = "\(self.file):\(mismatch.place.line):\(mismatch.place.column)"
                let first = "      \(place): \(mismatch.lines[0])\n"
                return first + mismatch.lines.dropFirst().map { "        \(shown($0, limit: 400))\n" }.joined()
            }
            return "\(verdict) \(shown(result.example.name))\n" + details.joined()
        }
        let failed = self.results.count { !$0.mismatches.isEmpty }
        let tests = self.results.count == 1 ? "1 test" : "\(grouped(self.results.count)) tests"
        return lines.joined() + "\(self.file): \(tests), \(failed == 0 ? "all passed" : "\(grouped(failed)) failed")\n"
    }

    /// The same as one JSON object.
    func json() -> String {
        let tests = self.results.map { result in
            JSONText.object([
                ("name", JSONText.string(result.example.name)),
                ("line", String(result.example.place.line)),
                ("ok", String(result.mismatches.isEmpty)),
                (
                    "mismatches",
                    JSONText.list(
                        result.mismatches.map { mismatch in
                            JSONText.object([
                                ("line", String(mismatch.place.line)),
                                ("column", String(mismatch.place.column)),
                                ("message", JSONText.string(mismatch.lines[0])),
                                ("details", JSONText.list(mismatch.lines.dropFirst().map { JSONText.string($0) })),
                            ])
                        }
                    )
                ),
            ])
        }
        return JSONText.object([
            ("file", JSONText.string(self.file)), ("ok", String(self.isPassed)), ("tests", JSONText.list(tests)),
        ])
    }
}
