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

@Suite("What fairness has shown")
struct FairnessReportTests {
    private static func run(_ done: [Int]) -> FairnessRun {
        FairnessRun(
            tenants: done.map { TenantFigures(offered: 1000, done: $0, latencyP99: 1000) },
            flood: TenantFigures(offered: 100_000, done: 9000, latencyP99: 5000),
            latencyP99: 1000
        )
    }

    private static func report(fair: [Int], fifo: [Int] = [100]) -> FairnessReport {
        FairnessReport(
            workers: 2,
            seconds: 1,
            peak: 20_000,
            calm: Self.run([1000, 800]),
            fair: Self.run(fair),
            fifo: Self.run(fifo)
        )
    }

    @Test("is judged by the tenant that keeps least", .timeLimit(.minutes(5)))
    func least() {
        #expect(Self.report(fair: [950, 760]).isHeld)
        #expect(!Self.report(fair: [949, 800]).isHeld)
        #expect(!Self.report(fair: [1000, 759]).isHeld)
        #expect(Self.report(fair: [1000, 759]).bounds[0].value == 759.0 / 800)
        #expect(!Self.report(fair: []).isHeld)
    }

    @Test("is worth nothing when jobs were lost", .timeLimit(.minutes(5)))
    func lost() {
        var report = Self.report(fair: [1000, 800])
        report.fifo.isBalanced = false
        #expect(report.problems.count == 1 && !report.isHeld)
        #expect(report.problems[0].hasPrefix("under fifo the ledger does not account for every job: offered 0"))
    }

    @Test("comes from runs that account for every job", .timeLimit(.minutes(5)))
    func measured() async throws {
        let report = try await FairnessBench(workers: 2, time: .milliseconds(50)).run()
        #expect(report.problems.isEmpty, "\(report.problems)")
        #expect(report.calm.tenants.count == 9 && report.calm.flood.offered == 0)
        // The nine offer the same in each run.
        #expect(report.calm.tenants.map(\.offered) == report.fair.tenants.map(\.offered))
        #expect(report.calm.tenants.map(\.offered) == report.fifo.tenants.map(\.offered))
        #expect(report.fair.flood.offered == report.fifo.flood.offered)
    }
}
