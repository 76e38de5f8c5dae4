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

@Suite("penstock bench pool", .serialized)
struct BenchPoolTests {
    @Test(
        "prints one line with the keys of the peers",
        .timeLimit(.minutes(5)),
        arguments: BenchImplementation.allCases
    )
    func line(_ implementation: BenchImplementation) async throws {
        let ended = try await Self.run(["--impl", implementation.rawValue, "--events", "2000", "--json"])
        #expect(ended.status == 0 && ended.errors.isEmpty)
        #expect(ended.output.hasSuffix("}\n") && ended.output.count { $0 == "\n" } == 1)
        let common = [
            "impl", "workload", "producers", "workers", "buffer", "rate", "events", "done", "check", "elapsed_s",
            "throughput_mps", "ns_per_event", "cpu_ns_per_event", "p50_us", "p99_us", "p999_us", "max_us", "rss_mib",
        ]
        let hasPool = [.pool, .submit, .poolBatch, .inline].contains(implementation)
        #expect(Self.keys(of: ended.output) == common + (hasPool ? ["threads"] : []))
        let values = try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        #expect(values["impl"] as? String == implementation.rawValue)
        #expect(values["workload"] as? String == "noop")
        #expect(values["done"] as? Int == 2000)
        #expect(values["check"] as? Int == 2000 * 1999 / 2)
    }

    @Test("names the discipline last, where it is given", .timeLimit(.minutes(5)), arguments: BenchDiscipline.allCases)
    func discipline(_ discipline: BenchDiscipline) async throws {
        let ended = try await Self.run(["--discipline", discipline.rawValue, "--events", "2000", "--json"])
        #expect(ended.status == 0 && ended.errors.isEmpty)
        #expect(ended.output.hasSuffix(",\"discipline\":\"\(discipline.rawValue)\"}\n"))
        #expect(Self.keys(of: ended.output).suffix(3) == ["rss_mib", "threads", "discipline"])
    }

    @Test("does the same jobs whatever the way", .timeLimit(.minutes(5)), arguments: ["spin1us", "json"])
    func workloads(_ workload: String) async throws {
        var checks: Set<UInt64> = []
        for way in ["pool", "task-per-event"] {
            let ended = try await Self.run(["--impl", way, "--workload", workload, "--events", "1000", "--json"])
            let figures = try BenchFigures(line: ended.output.filter { $0 != "\n" })
            #expect(figures.done == 1000 && figures.waits == nil)
            checks.insert(figures.check)
        }
        #expect(checks.count == 1)
    }

    @Test("tells how long jobs waited where it is asked to", .timeLimit(.minutes(5)))
    func waits() async throws {
        let ended = try await Self.run(["--events", "1000", "--json", "--waits"])
        let waits = try #require(try BenchFigures(line: ended.output.filter { $0 != "\n" }).waits)
        #expect(waits.p50 <= waits.p99 && waits.p99 <= waits.max && waits.max > 0)
        let text = try await Self.run(["--events", "1000"]).output
        #expect(text.contains("\nin queue  p50 ") && text.contains("\nledger    balanced\n"))
        #expect(text.contains("\njobs      1,000 of 1,000, check 499500\n"))
    }

    @Test(
        "refuses what cannot be, by the option's name",
        .timeLimit(.minutes(5)),
        arguments: [
            (["--workers", "0"], "--workers must be a whole number from 1 to 1,024."),
            (["--workers", "1025"], "--workers must be"), (["--buffer", "0"], "--buffer must be"),
            (["--batch", "257"], "--batch must be a whole number from 1 to 256."),
            (["--producers", "0"], "--producers must be a whole number from 1 to 1,024."),
            (["--events", "0"], "--events must be"), (["--events", "many"], "--events"),
            (["--rate", "0"], "--rate must be from 1 to 1,000,000,000 jobs a second."),
            (
                ["--impl", "direct", "--discipline", "fair"],
                "goes with --impl pool, submit, pool-batch, inline: direct has"
            ),
            (["--discipline", "best"], "fifo"), (["--impl", "goroutine"], "--impl"),
            (["--workload", "sql"], "--workload"),
            (["--lines", "a"], "--lines goes with --workload json: noop reads no events."),
            (["--workload", "json", "--lines", "none"], "--lines 'none' cannot be used: No such file or directory"),
            (["--workload", "json", "--lines", "three"], "--lines 'three' cannot be used: it has 3 lines"),
            (["--workload", "json", "--lines", "wrong"], "--lines 'wrong' cannot be used: line 1 is no flat JSON"),
        ]
    )
    func usage(_ arguments: [String], _ message: String) async throws {
        let line = #"{"service":"a","status":200}"#
        let files = ["three": "\(line)\n\(line)\n\(line)\n", "wrong": "{}\n"]
        let ended = try await Self.run(arguments, files: files)
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.contains(message), "\(ended.errors)")
    }

    // MARK: - Private

    private static func run(_ arguments: [String], files: [String: String] = [:]) async throws -> RunningProgram.Ended {
        try await withProgram(["bench", "pool"] + arguments, files: files) { program, _ in await program.end() }
    }

    /// The keys of a flat object, in their order.
    private static func keys(of line: String) -> [String] {
        line.matches(of: #/"([a-z0-9_]+)":/#).map { String($0.1) }
    }
}
