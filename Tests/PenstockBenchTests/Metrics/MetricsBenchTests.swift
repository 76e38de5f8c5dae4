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

@Suite("Metrics")
struct MetricsBenchTests {
    @Test("each operation is measured, alone and by two tasks", .timeLimit(.minutes(5)))
    func run() async throws {
        let figures = try await MetricsBench(operations: 1_000, rounds: 2).run()
        #expect(figures.allSatisfy { $0.nanoseconds > 0 && $0.nanoseconds.isFinite })
        #expect(figures.count { $0.operation == "counter" && $0.tasks == 2 } == 3)
        #expect(figures.count { $0.operation.hasPrefix("job") } == 3)
    }

    @Test("Go's line is read")
    func goLine() throws {
        let line = #"{"counter":2.5,"counter_2":13,"lookup":150,"histogram":20.25,"histogram_2":51.84,"job":213.4}"#
        let figures = try [MetricsFigure](goLine: line)
        #expect(figures.map(\.nanoseconds) == [2.5, 13, 20.25, 51.84, 213.4])
        #expect(throws: BenchProblem.self) { try [MetricsFigure](goLine: "{}") }
        #expect(throws: BenchProblem.self) { try [MetricsFigure](goLine: "panic") }
    }
}
