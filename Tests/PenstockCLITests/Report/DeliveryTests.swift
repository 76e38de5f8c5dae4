//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Testing

@testable import PenstockCLI

@Suite("What check says of a crash")
struct DeliveryTests {
    private static let file = "{ type: file, path: a.ndjson }"
    private static let stored = "{ type: sqlite, path: a.db, table: a }"
    private static let lost = "in memory: events not yet delivered are lost if the process dies; a drain reports each"

    @Test(
        "A source, the queue and a sink promise it together",
        arguments: [
            (file, "stdout", false, "", [lost]),
            (
                "{ type: file, path: a, follow: true, checkpoint: c }", "stdout", false, "",
                [lost, "in: but what is behind its checkpoint is read again, each event at least once"]
            ),
            (
                "{ type: http, listen: 127.0.0.1:1234, ack: delivered }", "stdout", false, "",
                [lost, "in: but its clients have had no answer for them, and can send them again"]
            ),
            (
                "{ type: http, listen: 127.0.0.1:1234 }", "{ type: stdout, when_full: drop }", false, "",
                [
                    lost, "out: what finds it full is dropped",
                ]
            ),
            ("{ type: stdin }", stored, true, "", ["out: each event once, by its id, after a crash too"]),
            (
                file, stored, true, "",
                [
                    "out: each event once, by its id, after a crash too",
                    "in: the next run reads the file from its beginning, as other events: they come again",
                ]
            ),
            (
                "{ type: stdin }", "{ type: file, path: o, when_full: drop }", true, "",
                ["out: at least once: after a crash what was not settled comes again; what finds it full is dropped"]
            ),
            (
                "{ type: stdin }", stored, true, "steps: [ { aggregate: { every: 1s, count: n } } ]\n",
                ["out: at least once: after a crash the events of an open window go into another one"]
            ),
        ] as [(String, String, Bool, String, [String])]
    )
    func promises(source: String, sink: String, isDurable: Bool, steps: String, expected: [String]) throws {
        let queue = isDurable ? "queue: { store: { type: sqlite, path: q.db } }\n" : ""
        let sink = sink.hasPrefix("{") ? sink : "{ type: \(sink) }"
        let text = "pipeline: p\nsources:\n  in: \(source)\nsinks:\n  out: \(sink)\n\(steps)\(queue)"
        #expect(PipelineSummary(try PipelineFile.read(text)).delivery == expected)
    }
}
#endif
