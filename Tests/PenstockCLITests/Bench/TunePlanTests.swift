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
@testable import PenstockCLI

@Suite("The plan of a search")
struct TunePlanTests {
    private static let plan = TunePlan(
        options: BenchOptions(workload: .json),
        linesPath: "lines",
        grid: TuneGrid(cores: 2),
        events: nil,
        repetitions: 3,
        seconds: 20,
        tolerance: 0.03
    )

    @Test("shares the time among all runs, less what starting them takes", .timeLimit(.minutes(5)))
    func runSeconds() {
        var plan = Self.plan
        let runs = Double(plan.search.settingsExpected * 5)
        #expect((plan.runSeconds(overhead: 0) * runs - 18).magnitude < 1e-6)
        #expect((plan.runSeconds(overhead: 0.01) - (18 / runs - 0.01)).magnitude < 1e-6)
        #expect((plan.runSeconds(overhead: 1) - 9 / runs).magnitude < 1e-6)
        plan.seconds = 1
        #expect(plan.runSeconds(overhead: 0) == 0.02)
        plan.seconds = 10_000
        #expect(plan.runSeconds(overhead: 0) == 1)
        plan.options.rate = 1000
        #expect(plan.runSeconds(overhead: 0) == 2)
        plan.seconds = 1
        #expect(plan.runSeconds(overhead: 0) == 0.5)
    }

    @Test("has a goal, and runs that differ in the setting alone", .timeLimit(.minutes(5)))
    func runs() {
        var plan = Self.plan
        #expect(plan.goal == .throughput)
        plan.options.rate = 1000
        #expect(plan.goal == .latency(rate: 1000))
        let run = plan.run(TuneSetting(workers: 3, capacity: 70, batch: 5), events: 9, rate: nil)
        #expect(run.options.workers == 3 && run.options.buffer == 70 && run.options.batch == 5)
        #expect(run.options.events == 9 && run.options.rate == nil && run.options.workload == .json)
        #expect(run.linesPath == "lines")
    }
}
