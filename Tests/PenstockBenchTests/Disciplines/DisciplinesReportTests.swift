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

@Suite("What disciplines cost")
struct DisciplinesReportTests {
    @Test("is judged by the median, beside that of first in, first out", .timeLimit(.minutes(5)))
    func bounds() {
        var report = DisciplinesReport(bench: DisciplinesBench())
        for time in [900.0, 20, 30] { report.add(time, of: .fifo) }
        for discipline in BenchDiscipline.allCases.dropFirst() {
            for time in [90.0, 50, 1000] { report.add(time, of: discipline) }
        }
        #expect(report.time(.fifo) == 30 && report.cost(.fair) == 60 && report.isHeld)
        report.add(92, of: .fair)
        #expect(report.cost(.fair) == 61 && !report.isHeld)
        #expect(report.bounds.filter { !$0.isHeld }.map(\.name) == ["fair"])
    }

    @Test("comes from runs that account for every job", .timeLimit(.minutes(5)))
    func measured() async throws {
        let report = try await DisciplinesBench(buffer: 100, workers: 2, events: 5_000, repetitions: 2).run()
        #expect(report.problems.isEmpty && report.bounds.count == BenchDiscipline.allCases.count - 1)
        for discipline in BenchDiscipline.allCases { #expect(report.time(discipline) > 0) }
    }
}
