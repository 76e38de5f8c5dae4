//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Testing

@testable import PenstockBench
@testable import PenstockCLI

@Suite("penstock bench before-after", .serialized)
struct BeforeAfterTextTests {
    private static func run(_ throughput: Double, p99: Double = 0, memory: Double = 20, cpu: Double = 200)
        -> BenchFigures
    {
        BenchFigures(
            events: 1000,
            done: 1000,
            check: 42,
            seconds: 1000 / throughput,
            processorTimePerJob: cpu,
            latencyP99: p99,
            memoryMiB: memory
        )
    }

    private static let plan = BeforeAfterPlan(
        options: BenchOptions(workload: .json, events: 500_000),
        linesPath: nil,
        rate: nil,
        repetitions: 1
    )

    @Test("shows the table of the account", .timeLimit(.minutes(5)))
    func text() throws {
        let result = BeforeAfter(
            closed: try BeforeAfterRuns(
                rate: nil,
                before: [Self.run(650e3, memory: 8200, cpu: 2960)],
                after: [Self.run(1.2e6, memory: 2100, cpu: 3000)]
            ),
            open: [
                try BeforeAfterRuns(
                    rate: 300e3,
                    before: [Self.run(300e3, p99: 100)],
                    after: [Self.run(300e3, p99: 120)]
                ),
                try BeforeAfterRuns(
                    rate: 1e6,
                    before: [Self.run(600e3, p99: 850e3)],
                    after: [Self.run(1e6, p99: 120e3)]
                ),
            ]
        )
        #expect(
            result.text(Self.plan) == """
                before    a task for each job, as many as there are
                after     a pool of 2 workers, capacity 10,000
                jobs      json, 1 producer, 500,000 in a closed loop
                measured  6 runs, each a process of its own; the figures are medians

                metric                 before       after        improvement
                throughput            650 K/s    1.20 M/s          85 % more
                P99 at 300 K/s         100 µs      120 µs   20 % more: worse
                P99 at 1.00 M/s        850 ms      120 ms     7.1 times less
                held, of 1.00 M/s     600 K/s    1.00 M/s          67 % more
                peak memory         8,200 MiB   2,100 MiB     3.9 times less
                CPU a job             2.96 µs     3.00 µs    1 % more: worse

                Every run did all of its jobs, and both ways the same: check 42.
                At 1.00 M/s, a task for each job cannot keep up: the P99 grows for as long as jobs are sent, 0.8 \
                s here.

                """
        )
        #expect(BeforeAfter.Row(.throughput, before: 100, after: 100.2).text == "the same")
        #expect(BeforeAfter.Row(.throughput, before: 100, after: 1500).text == "15 times")
        #expect(BeforeAfter.Row(.memory, before: 0, after: 15).text == "unknown")
    }

    @Test("asks for a rate that both hold and one that the pool holds, within bounds", .timeLimit(.minutes(5)))
    func rates() {
        #expect(Self.plan.rates(before: 334e3, after: 4.87e6) == [160e3, 1.2e6])
        #expect(Self.plan.rates(before: 250e3, after: 980e3) == [120e3, 490e3])
        #expect(Self.plan.rates(before: 3e6, after: 1e6) == [500e3])
        #expect(Self.plan.rates(before: 900, after: 1000) == [1000])
        #expect(Self.plan.rates(before: 20e6, after: 50e6) == [1.2e6])
        var plan = Self.plan
        plan.rate = 12_345
        #expect(plan.rates(before: 1, after: 1e9) == [12_345])
        #expect(plan.run(.pool, rate: 1_250_000).options.events == BeforeAfterPlan.eventsMax)
        #expect(plan.run(.pool, rate: nil).options.events == 500_000)
    }

    @Test("measures both ways", .timeLimit(.minutes(5)))
    func json() async throws {
        struct Answer: Decodable {
            struct Metric: Decodable {
                var metric: String
                var rate: Double
                var before: Double
                var after: Double
            }
            var workload: String
            var before: String
            var after: String
            var check: Int
            var metrics: [Metric]
        }
        let arguments = ["--workload", "noop", "--events", "1000", "--rate", "1000", "--repetitions", "1", "--json"]
        let ended = try await withProgram(["bench", "before-after"] + arguments) { program, _ in await program.end() }
        #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(ended.output.utf8))
        #expect(answer.workload == "noop" && answer.before == "task-per-event" && answer.after == "pool")
        #expect(answer.check == 1000 * 999 / 2)
        let names = answer.metrics.map(\.metric).filter { $0 != "held_per_s" }
        #expect(names == ["throughput_per_s", "p99_us", "rss_mib", "cpu_ns_per_event"])
        #expect(answer.metrics.allSatisfy { $0.before > 0 && $0.after > 0 })
    }

    @Test(
        "refuses what cannot be, by the option's name",
        .timeLimit(.minutes(5)),
        arguments: [
            (["--events", "999"], "--events must be a whole number from 1,000 to 1,000,000."),
            (["--events", "1000001"], "--events must be"),
            (["--rate", "1250001"], "--rate must be from 1,000 to 1,250,000 jobs a second"),
            (["--rate", "10"], "--rate must be from 1,000"), (["--workers", "0"], "--workers must be"),
            (["--repetitions", "100"], "--repetitions must be a whole number from 1 to 99."),
            (["--workload", "noop", "--lines", "a"], "--lines goes with --workload json"),
            (["--lines", "none"], "--lines 'none' cannot be used"),
        ]
    )
    func usage(_ arguments: [String], _ message: String) async throws {
        let ended = try await withProgram(["bench", "before-after"] + arguments) { program, _ in await program.end() }
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.contains(message), "\(ended.errors)")
    }
}
