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

@Suite("The drawing of a pipeline", .timeLimit(.minutes(5)))
struct PipelineGraphTests {
    @Test("It has every part, and what Mermaid would take for its own is escaped")
    func mermaid() throws {
        let file = try PipelineFile.read(
            """
            pipeline: late
            sources:
              in: { type: file, path: 'a"b.ndjson' }
              made: { type: generate, count: 5 }
            workers: 2
            steps:
              - filter: delay > 60 && origin != "DFW"
              - select: [delay]
            sinks:
              out: { type: stdout }
              very: { type: "null", when: delay > 90 }
            dead_letter: { type: file, path: dead }
            """
        )
        #expect(
            PipelineGraph(file.description).mermaid() == """
                flowchart LR
                  %% late
                  source0(["in<br/>file a#quot;b.ndjson"])
                  source1(["made<br/>generate 5 events, as fast as they are taken"])
                  queue[("queue<br/>10,000 events, 64 MiB")]
                  decode["decode json<br/>2 workers"]
                  step0["filter delay #gt; 60 #amp;#amp; origin != #quot;DFW#quot;"]
                  step1["select delay"]
                  sink0(["out<br/>standard output"])
                  sink1(["very<br/>nowhere: events are counted and let go"])
                  letters(["dead letters<br/>file dead, appended to"])
                  source0 --> queue
                  source1 --> queue
                  queue --> decode
                  decode --> step0
                  step0 --> step1
                  step1 --> sink0
                  step1 --> |"when delay #gt; 90"| sink1
                  decode -.-> letters
                  step0 -.-> letters
                  step1 -.-> letters
                  sink0 -.-> letters
                  sink1 -.-> letters

                """
        )
    }
}
