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

@Suite("What tuning has shown")
struct TuneReportTests {
    /// Made-up runs: full throughput from 1,000 jobs on.
    private static func report(
        rate: Double? = nil,
        tolerance: Double = 0.03,
        _ runs: [(capacity: Int, throughput: Double, p99: Double, wait: Double, memory: Double)]
    ) throws -> TuneReport {
        let grid = TuneGrid(cores: 2, workers: [1], capacities: runs.map(\.capacity), batches: [64])
        let plan = TunePlan(
            options: BenchOptions(rate: rate),
            linesPath: nil,
            grid: grid,
            events: 1000,
            repetitions: 1,
            seconds: 10,
            tolerance: tolerance
        )
        let measurements = runs.map { run in
            TuneMeasurement(
                TuneSetting(workers: 1, capacity: run.capacity, batch: 64),
                runs: [
                    BenchFigures(
                        events: 1000,
                        done: 1000,
                        check: 0,
                        seconds: 1000 / run.throughput,
                        processorTimePerJob: 21.4,
                        latencyP99: run.p99,
                        memoryMiB: run.memory,
                        waits: .init(p50: run.wait / 2, p99: run.wait, max: run.wait * 3)
                    )
                ]
            )
        }
        let recommendation = try #require(TuneRecommendation(measurements, for: plan.goal, tolerance: tolerance))
        return TuneReport(plan: plan, recommendation: recommendation, runCount: 12, seconds: 1.5, isTimeOver: false)
    }

    private static let closed: [(capacity: Int, throughput: Double, p99: Double, wait: Double, memory: Double)] = [
        (256, 20e6, 0, 7, 21.4), (1000, 39e6, 0, 11, 21.4), (100_000, 40e6, 0, 2720, 25.2),
    ]

    @Test("is told in tables and sentences", .timeLimit(.minutes(5)))
    func text() throws {
        #expect(
            try Self.report(Self.closed).text == """
                tune      noop, 1 producer, closed loop
                measured  3 settings in 12 runs, 1.5 s; the figures are medians

                capacity by batch, 1 worker: throughput, and P99 of the wait in the queue
                capacity   batch 64      wait
                256        20.0 M/s   7.00 µs
                1,000      39.0 M/s   11.0 µs
                100,000    40.0 M/s   2.72 ms

                capacity, with 1 worker and batch 64
                capacity     jobs/s   of the best   wait P50   wait P99   CPU/job     memory
                256        20.0 M/s          50 %    3.50 µs    7.00 µs     21 ns   21.4 MiB
                1,000      39.0 M/s          98 %    5.50 µs    11.0 µs     21 ns   21.4 MiB   <- recommended
                100,000    40.0 M/s         100 %    1.36 ms    2.72 ms     21 ns   25.2 MiB

                batch, with 1 worker and capacity 1,000
                batch     jobs/s   of the best   wait P50   wait P99   CPU/job     memory
                64      39.0 M/s          98 %    5.50 µs    11.0 µs     21 ns   21.4 MiB   <- recommended

                workers, with capacity 1,000 and batch 64
                workers     jobs/s   of the best   wait P50   wait P99   CPU/job     memory
                1         39.0 M/s          98 %    5.50 µs    11.0 µs     21 ns   21.4 MiB   <- recommended

                recommended: 1 worker, capacity 1,000, batch 64
                  39.0 M/s is within 3 % of the best, 40.0 M/s with 1 worker, capacity 100,000, batch 64; nothing \
                smaller that was measured is.
                  99 % of the jobs wait 11.0 µs or less in the queue; the process takes 21.4 MiB of memory at most.
                  Capacity 256 would do 20.0 M/s, 49 % less; capacity 100,000 would do 40.0 M/s, 3 % more, but jobs \
                would wait 247 times as long (P99 2.72 ms) and the process would take 3.8 MiB more.

                """
        )
    }

    @Test("at a rate is told by the P99", .timeLimit(.minutes(5)))
    func openLoop() throws {
        let runs: [(capacity: Int, throughput: Double, p99: Double, wait: Double, memory: Double)] = [
            (16, 600e3, 90, 2, 21), (64, 1e6, 250, 6, 21), (256, 1e6, 100, 7, 21), (1000, 1e6, 98, 50, 21),
        ]
        let report = try Self.report(rate: 1e6, tolerance: 0.1, runs)
        #expect(report.recommendation.chosen.setting.capacity == 256)
        #expect(report.text.contains("\n16          600 K/s   not held "))
        #expect(
            report.reasons == [
                "1.00 M/s with a P99 of 100 µs is within 10 % of the best, 98.0 µs with 1 worker, capacity 1,000, batch 64; "
                    + "nothing smaller that was measured is.",
                "99 % of the jobs wait 7.00 µs or less in the queue; the process takes 21.0 MiB of memory at most.",
                "Capacity 64 would have a P99 of 250 µs, 2.5 times as much; capacity 1,000 would have a P99 of 98.0 µs, "
                    + "2 % less, but jobs would wait 7.1 times as long (P99 50.0 µs).",
            ]
        )
        let hopeless = try Self.report(rate: 9e6, tolerance: 0.1, runs)
        #expect(hopeless.reasons.first?.hasPrefix("No setting holds 9.00 M/s. 1.00 M/s is the best; ") == true)
    }

    @Test("says when its figures differ too much to be sure", .timeLimit(.minutes(5)))
    func doubt() throws {
        var report = try Self.report(Self.closed)
        #expect(!report.text.contains("the answer may be another"))
        var measurement = report.recommendation.best
        for throughput in [30e6, 50e6] {
            var run = measurement.runs[0]
            run.seconds = 1000 / throughput
            measurement.add(run)
        }
        let recommendation = try #require(TuneRecommendation([measurement], for: .throughput, tolerance: 0.03))
        report = TuneReport(
            plan: report.plan,
            recommendation: recommendation,
            runCount: 12,
            seconds: 1.5,
            isTimeOver: true
        )
        #expect(report.text.contains("  The runs of the best differ by 50 %, more than the tolerance: "))
        #expect(report.text.contains("\n          the time was over before all was measured: "))
        #expect(report.json.contains(#""complete":false"#))
    }

    @Test("is drawn, for light and dark, in well-formed XML", .timeLimit(.minutes(5)))
    func picture() throws {
        let svg = TunePicture(try Self.report(Self.closed)).svg
        let tags = try XMLTags(svg)
        #expect(Set(tags.names) == ["svg", "title", "desc", "style", "rect", "text"])
        #expect(svg.contains("prefers-color-scheme: dark"))
        // Nothing comes from elsewhere.
        #expect(svg.matches(of: #/https?:/#).count == 1 && svg.contains(#"xmlns="http://www.w3.org/2000/svg""#))
        for text in [
            "Throughput, 1 worker", "P99 of the wait in the queue, 1 worker", "capacity", "batch 64", "40.0 M/s",
            "2.72 ms",
        ] {
            #expect(svg.contains(">\(text)<"), "\(text)")
        }
        #expect(svg.matches(of: #/class="frame"/#).count == 2)
        #expect(SVG.escaped("<a & \"b\">") == "&lt;a &amp; &quot;b&quot;&gt;")
    }
}
