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

@Suite("The figures of a run")
struct BenchFiguresTests {
    private static let line = """
        {"impl":"pool","workload":"noop","producers":1,"workers":2,"buffer":16,"rate":0,"events":2000000,\
        "done":1999999,"check":18446744073709551615,"elapsed_s":0.9325,"throughput_mps":2.1448,"ns_per_event":466.25,\
        "cpu_ns_per_event":503.77,"p50_us":0.0,"p99_us":12.5,"p999_us":0.0,"max_us":0.0,"rss_mib":21.5}
        """

    @Test("are read from its line", .timeLimit(.minutes(5)))
    func read() throws {
        let figures = try BenchFigures(line: Self.line)
        #expect(figures.events == 2_000_000 && figures.done == 1_999_999 && figures.check == .max)
        #expect((figures.seconds - 0.9325).magnitude < 1e-9)
        #expect((figures.throughput - 1e9 / 466.25).magnitude < 1)
        #expect(figures.processorTimePerJob == 503.77 && figures.latencyP99 == 12.5 && figures.memoryMiB == 21.5)
        #expect(figures.waits == nil)
        let waits = #","wait_p50_us":1.5,"wait_p99_us":2.5,"wait_max_us":1000.0}"#
        #expect(
            try BenchFigures(line: Self.line.dropLast() + waits).waits
                == BenchFigures.Waits(p50: 1.5, p99: 2.5, max: 1000)
        )
    }

    @Test(
        "are refused when the line is not one",
        .timeLimit(.minutes(5)),
        arguments: [
            ("", "its figures cannot be read: json: "), ("done", "its figures cannot be read: json: "),
            (line.replacing("\"done\"", with: "\"dome\""), "its figures cannot be read: no number 'done'"),
            (line.replacing("1999999", with: "1.5"), "its figures cannot be read: no number 'done'"),
            (line.replacing("12.5", with: "null"), "its figures cannot be read: no number 'p99_us'"),
        ]
    )
    func refused(_ line: String, _ message: String) {
        let problem = #expect(throws: BenchProblem.self) { try BenchFigures(line: line) }
        #expect(problem?.description.hasPrefix(message) == true, "\(String(describing: problem))")
    }

    @Test("hold a rate when they are near it", .timeLimit(.minutes(5)))
    func holds() {
        #expect(figures(perSecond: 960_000).holds(1_000_000))
        #expect(!figures(perSecond: 940_000).holds(1_000_000))
    }

    @Test("have a median", .timeLimit(.minutes(5)))
    func median() {
        #expect([Double]().median() == 0)
        #expect([3.0].median() == 3)
        #expect([9.0, 1.0, 2.0].median() == 2)
        #expect([4.0, 1.0, 9.0, 2.0].median() == 3)
        #expect([figures(p99: 1), figures(p99: 5)].median(\.latencyP99) == 3)
    }
}
