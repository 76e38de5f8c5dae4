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

@Suite("The ways")
struct BenchTests {
    private static let events = 3000

    @Test("do every job, and all the same ones", .timeLimit(.minutes(5)), arguments: BenchWorkload.allCases)
    func check(_ workload: BenchWorkload) async throws {
        var options = BenchOptions(implementation: .direct, workload: workload, events: Self.events)
        let direct = try await Bench.run(options)
        #expect(workload != .noop || direct.check == UInt64(Self.events * (Self.events - 1) / 2))
        for implementation in BenchImplementation.allCases {
            options.implementation = implementation
            let report = try await Bench.run(options)
            #expect(report.done == Self.events && report.check == direct.check, "\(implementation)")
            #expect(report.problem == nil, "\(implementation)")
            #expect(report.latencies.count == 0)
        }
    }

    @Test("do them with more producers than workers, and with the least of places", .timeLimit(.minutes(5)))
    func crowd() async throws {
        for implementation in BenchImplementation.allCases {
            let options = BenchOptions(
                implementation: implementation,
                producers: 3,
                workers: 1,
                buffer: 1,
                events: 500,
                batch: 1
            )
            let report = try await Bench.run(options)
            #expect(report.check == 500 * 499 / 2 && report.problem == nil, "\(implementation)")
        }
    }

    @Test("of a pool tell how long jobs waited, and its ledger", .timeLimit(.minutes(5)))
    func waits() async throws {
        for implementation in [BenchImplementation.pool, .submit, .poolBatch, .inline] {
            var options = BenchOptions(implementation: implementation, events: 1000, timing: .everyJob)
            let report = try await Bench.run(options)
            #expect(report.waits.count == 1000, "\(implementation)")
            #expect(report.ledger?.isBalanced == true && report.ledger?.done == 1000)
            options.timing = .off
            #expect(try await Bench.run(options).waits.count == 0)
        }
        let other = try await Bench.run(BenchOptions(implementation: .direct, events: 1000))
        #expect(other.waits.count == 0 && other.ledger == nil)
    }

    @Test("that have a pool do the same jobs by any discipline", .timeLimit(.minutes(5)))
    func disciplines() async throws {
        for implementation in BenchImplementation.allCases where implementation.hasPool {
            for discipline in BenchDiscipline.allCases {
                let options = BenchOptions(
                    implementation: implementation,
                    producers: 2,
                    buffer: 100,
                    events: Self.events,
                    discipline: discipline
                )
                let report = try await Bench.run(options)
                #expect(report.problem == nil, "\(implementation) \(discipline)")
                #expect(report.check == UInt64(Self.events * (Self.events - 1) / 2))
            }
        }
    }

    @Test("at a rate record latencies once they are warm", .timeLimit(.minutes(5)))
    func openLoop() async throws {
        let report = try await Bench.run(BenchOptions(events: 800, rate: 2000))
        #expect(report.problem == nil)
        #expect((1..<800).contains(report.latencies.count))
        #expect(report.elapsed >= 390_000_000)
    }

    @Test(
        "refuse lines that the jobs could not read",
        .timeLimit(.minutes(5)),
        arguments: [
            ("", "it has no lines"), ("\n\n", "it has no lines"),
            (String(repeating: "{\"service\":\"a\",\"status\":200}\n", count: 3), "it has 3 lines; "),
            ("{\"service\":\"a\",\"status\":200}\n{\"service\":\"a\"}", "line 2 is no flat JSON object"),
            ("{\"service\":\"\",\"status\":200}", "line 1 is no flat JSON object"),
            ("{", "line 1 is no flat JSON object"),
        ]
    )
    func lines(_ text: String, _ message: String) {
        let problem = #expect(throws: EventLines.Problem.self) { try EventLines(text: Array(text.utf8)) }
        #expect(problem?.description.hasPrefix(message) == true, "\(String(describing: problem))")
    }

    @Test("count the events of a file", .timeLimit(.minutes(5)))
    func ownLines() async throws {
        let text = "{\"service\":\"ab\",\"status\":200}\n{\"status\":5,\"service\":\"a-long-name\"}\n"
        let lines = try EventLines(text: Array(text.utf8))
        let report = try await Bench.run(BenchOptions(workload: .json, events: 1001, lines: lines))
        #expect(report.check == 501 * 200 * 2 + 500 * 5 * 11)
    }
}
