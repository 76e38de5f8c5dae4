//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import Testing

@testable import PenstockBench

@Suite("What overload has shown")
struct OverloadReportTests {
    private static func phase(
        _ load: Double,
        done: Int,
        p99: Double,
        answer: Double = 300,
        memory: Int = 20_000_000
    ) -> OverloadPhase {
        let offered = Int(load * 1000)
        return OverloadPhase(
            load: load,
            seconds: 1,
            offered: offered,
            done: done,
            rejected: offered - done,
            latencyP99: p99,
            answerP99: answer,
            memory: memory
        )
    }

    /// Everything at its bound: a peak of 1,000 a second, a P99 of 1 ms at 0.8x.
    private static func report() -> OverloadReport {
        let loads = [
            phase(0.5, done: 500, p99: 900), phase(0.8, done: 800, p99: 1000), phase(1, done: 950, p99: 1500),
            phase(2, done: 950, p99: 1900), phase(10, done: 900, p99: 2000, answer: 5000, memory: 22_000_000),
        ]
        let windows = (0..<8).map { window in
            var phase = Self.phase(0.8, done: 800, p99: window < 7 ? 2001 : 2000)
            phase.seconds = 0.25
            return phase
        }
        var ledger = Ledger()
        for phase in loads + windows {
            ledger.offered += phase.offered
            ledger.done += phase.done
            ledger.rejected += phase.rejected
        }
        ledger.accepted = ledger.done
        ledger.rejections.full = ledger.rejected
        return OverloadReport(
            setup: .queue,
            workers: 2,
            capacity: 24,
            peak: 1000,
            phases: (loads, windows),
            ledger: ledger
        )
    }

    @Test("holds at its bounds", .timeLimit(.minutes(5)))
    func held() {
        let report = Self.report()
        #expect(report.bounds.map(\.name) == ["goodput", "p99", "answer_p99", "memory", "recovery"])
        #expect(report.bounds.map(\.isHeld) == [true, true, true, true, true])
        #expect(report.bounds.map(\.value).map { ($0 * 1000).rounded() } == [900, 2000, 5_000_000, 100, 2000])
        #expect(report.problems.isEmpty && report.isHeld)
    }

    @Test("misses each bound by itself", .timeLimit(.minutes(5)))
    func missed() {
        let missed = { (change: (inout OverloadReport) -> Void) -> [String] in
            var report = Self.report()
            change(&report)
            #expect(!report.isHeld)
            return report.bounds.filter { !$0.isHeld }.map(\.name)
        }
        #expect(missed { $0.peak = 1001 } == ["goodput"])
        #expect(missed { $0.phases[4].latencyP99 = 2001 } == ["p99"])
        // Not only at ten times the load.
        #expect(missed { $0.phases[2].latencyP99 = 2001 } == ["p99"])
        #expect(missed { $0.phases[0].answerP99 = 5001 } == ["answer_p99"])
        #expect(missed { $0.phases[4].memory = 22_100_000 } == ["memory"])
        #expect(missed { $0.recovery[7].latencyP99 = 2001 } == ["recovery"])
        #expect(missed { $0.recovery = [] }.contains("recovery"))
    }

    @Test("does not count a window in which nothing ran as normal", .timeLimit(.minutes(5)))
    func emptyWindow() {
        var report = Self.report()
        report.recovery[0].done = 0
        report.recovery[0].latencyP99 = 0
        #expect(report.recoveryTime == 2)
        report.recovery[1].latencyP99 = 1000
        #expect(report.recoveryTime == 0.5)
    }

    @Test("is worth nothing when jobs were lost", .timeLimit(.minutes(5)))
    func lost() {
        var report = Self.report()
        report.phases[1].isBalanced = false
        #expect(report.problems.count == 1 && !report.isHeld)
        #expect(report.problems[0].hasPrefix("at 0.8x the ledger does not account for every job: 800 offered"))
        report = Self.report()
        report.ledger.done -= 1
        report.ledger.failed += 1
        #expect(report.problems.count == 1 && !report.isHeld)
        #expect(report.problems[0].hasPrefix("the last ledger is not what happened: offered "))
        report = Self.report()
        report.recovery[3].isBalanced = false
        #expect(report.problems == ["after 10x the ledger does not account for every job"])
    }

    @Test("comes from runs that account for every job", .timeLimit(.minutes(5)), arguments: OverloadSetup.allCases)
    func run(_ setup: OverloadSetup) async throws {
        let report = try await OverloadBench(setup: setup, workers: 2, phase: .milliseconds(20)).run()
        #expect(report.problems.isEmpty, "\(report.problems)")
        #expect(report.phases.map(\.load) == OverloadBench.loads && report.recovery.count == 8)
        #expect(report.peak > 0 && report.phases[4].offered > report.phases[0].offered)
        #expect(report.phases.allSatisfy { $0.memory > 0 })
    }

    @Test("Memory is read from the system's line", .timeLimit(.minutes(5)))
    func memory() {
        let page = ResidentMemory.resident(inStatus: "2 1 0")
        #expect(page >= 4096)
        #expect(ResidentMemory.resident(inStatus: "6400 1536 1200 80 0 1000 0\n") == 1536 * page)
        #expect(ResidentMemory.resident(inStatus: "") == 0 && ResidentMemory.resident(inStatus: "12") == 0)
        #expect(ResidentMemory.bytes() > 1_000_000)
    }
}
