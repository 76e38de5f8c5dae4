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

@Suite("What a slow key has shown")
struct KeyedReportTests {
    private static func report(p99: Double = 1500) -> KeyedReport {
        KeyedReport(
            seconds: 1,
            calm: KeyedRun(done: 9990, latencyP99: 1000, slowDone: 10, slowP99: 1000),
            slow: KeyedRun(done: 9990, latencyP99: p99, slowDone: 10, slowP99: 80_000)
        )
    }

    @Test("is judged by the other keys, their order, and that none overlaps", .timeLimit(.minutes(5)))
    func bounds() {
        #expect(Self.report().isHeld)
        #expect(!Self.report(p99: 1501).isHeld)
        let problems = { (change: (inout KeyedReport) -> Void) -> [String] in
            var report = Self.report()
            change(&report)
            #expect(!report.isHeld)
            return report.problems
        }
        #expect(
            problems { $0.slow.overlaps = 2 } == ["with a slow key 2 jobs ran beside another of their key"]
        )
        #expect(problems { $0.calm.reorders = 1 } == ["without a slow key 1 jobs ran after one that came later"])
        #expect(problems { $0.slow.resizes = 9 } == ["with a slow key the pool was resized 9 times, not 10"])
        #expect(problems { $0.slow.done = 0 } == ["with a slow key no job ran"])
        #expect(problems { $0.calm.isBalanced = false }.count == 1)
    }

    @Test("sees jobs that run side by side or out of order", .timeLimit(.minutes(5)))
    func order() {
        let order = KeyOrder(keys: 2)
        order.begins(0, number: 0)
        order.begins(1, number: 1)
        order.ends(0)
        order.begins(0, number: 3)
        #expect(order.overlaps == 0 && order.reorders == 0)
        order.begins(1, number: 4)
        #expect(order.overlaps == 1 && order.reorders == 0)
        order.ends(0)
        order.begins(0, number: 2)
        #expect(order.overlaps == 1 && order.reorders == 1)
    }

    @Test("comes from runs that account for every job", .timeLimit(.minutes(5)))
    func measured() async throws {
        let report = try await KeyedBench(time: .milliseconds(100)).run()
        #expect(report.problems.isEmpty, "\(report.problems)")
        #expect(report.calm.done == report.slow.done && report.calm.slowDone == report.slow.slowDone)
    }
}
