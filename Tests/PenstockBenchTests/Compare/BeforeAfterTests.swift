//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockBench

@Suite("Before and after")
struct BeforeAfterTests {
    @Test("have rows of medians, and what each way held of a rate that is too high for one", .timeLimit(.minutes(5)))
    func rows() throws {
        let closed = try BeforeAfterRuns(
            rate: nil,
            before: [
                figures(perSecond: 100, memory: 800), figures(perSecond: 200, memory: 900),
                figures(perSecond: 150, memory: 100),
            ],
            after: [
                figures(perSecond: 600, memory: 20), figures(perSecond: 600, memory: 20),
                figures(perSecond: 1, memory: 20),
            ]
        )
        let low = try BeforeAfterRuns(
            rate: 50,
            before: [figures(perSecond: 50, p99: 10)],
            after: [figures(perSecond: 50, p99: 20)]
        )
        let high = try BeforeAfterRuns(
            rate: 300,
            before: [figures(perSecond: 150, p99: 900)],
            after: [figures(perSecond: 300, p99: 30)]
        )
        let result = BeforeAfter(closed: closed, open: [low, high])
        #expect(
            result.rows == [
                .init(.throughput, before: 150, after: 600),
                .init(.latencyP99(rate: 50), before: 10, after: 20),
                .init(.latencyP99(rate: 300), before: 900, after: 30),
                .init(.held(rate: 300), before: 150, after: 300),
                .init(.memory, before: 800, after: 20),
                .init(.processorTime, before: 100, after: 100),
            ]
        )
        #expect(result.rows.map(\.improvement) == [4, 0.5, 30, 2, 40, 1])
        #expect(result.runCount == 10)
        #expect(low.isHeld == (true, true) && high.isHeld == (false, true))
    }

    @Test("count for nothing unless all did the same jobs, and all of them", .timeLimit(.minutes(5)))
    func sameJobs() throws {
        let right = figures(check: 5)
        let message = { (before: [BenchFigures], after: [BenchFigures]) in
            #expect(throws: BenchProblem.self) { try BeforeAfterRuns(rate: nil, before: before, after: after) }?
                .description
        }
        #expect(message([right], [figures(check: 6)]) == "the runs did not do the same jobs: check 5 and 6")
        #expect(message([right, figures(check: 6)], [right]) == "the runs did not do the same jobs: check 5 and 6")
        #expect(message([right], [figures(done: 999, check: 5)]) == "999 of 1000 jobs were done")
        #expect(
            message([right], [figures(events: 999, check: 5)]) == "the runs did not do the same jobs: check 5 and 5"
        )
        #expect(message([], [right]) == "there were no runs")
    }

    @Test("do not compare what is missing", .timeLimit(.minutes(5)))
    func missing() {
        #expect(BeforeAfter.Row(.memory, before: 0, after: 20).improvement == nil)
        #expect(BeforeAfter.Row(.latencyP99(rate: 5), before: 3, after: 0).improvement == nil)
    }
}
