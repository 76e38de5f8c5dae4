//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Penstock
import Testing

@testable import PenstockBench
@testable import PenstockCLI

@Suite("Benchmarks with bounds", .serialized)
struct BenchBoundsTests {
    private static let disciplines = ["disciplines", "--events", "10000", "--repetitions", "1"]

    /// What the lines of all of them have in common.
    private struct Answer: Decodable {
        struct Bound: Decodable {
            var bound: String
            var value: Double?
            var limit: Double
            var held: Bool
        }
        var bounds: [Bound]
        var balanced: Bool
        var held: Bool
    }

    @Test(
        "print one line, lose nothing, and end as their bounds say",
        .timeLimit(.minutes(5)),
        arguments: [
            ("overload", ["goodput", "p99", "answer_p99", "memory", "recovery"]), ("fairness", ["kept"]),
            ("keyed", ["p99"]), ("disciplines", ["lifo", "priority", "deadline", "fair", "keyed"]),
        ]
    )
    func line(_ name: String, _ bounds: [String]) async throws {
        let arguments = name == "disciplines" ? Self.disciplines : [name, "--seconds", "0.05"]
        let ended = try await Self.run(arguments + ["--json"])
        #expect(ended.output.hasSuffix("}\n") && ended.output.count { $0 == "\n" } == 1)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(ended.output.utf8))
        #expect(answer.bounds.map(\.bound) == bounds && answer.balanced)
        #expect(answer.held == answer.bounds.allSatisfy(\.held))
        // How it turns out is not for a test to say.
        #expect(ended.status == (answer.held ? 0 : 1))
        #expect(ended.errors.isEmpty == answer.held, "\(ended.errors)")
    }

    @Test("show tables", .timeLimit(.minutes(5)))
    func tables() async throws {
        let overload = try await Self.run(["overload", "--seconds", "0.02", "--workers", "1", "--setup", "both"]).output
        #expect(overload.hasPrefix("overload  1 worker, a queue of "))
        #expect(overload.contains("\n10.0x ") && overload.contains("\nledger    balanced\n"))
        let fairness = try await Self.run(["fairness", "--seconds", "0.02"]).output
        #expect(fairness.contains("\nwithout the flood ") && fairness.contains("\nfifo "))
        let keyed = try await Self.run(["keyed", "--seconds", "0.05"]).output
        #expect(keyed.contains("\nno slow key ") && keyed.contains("10 times\n"))
        let disciplines = try await Self.run(Self.disciplines).output
        #expect(disciplines.contains("\nfair ") && disciplines.contains("more than fifo: "))
        let leases = try await Self.run(["leases", "--leases", "100"])
        #expect(leases.status == 0 && leases.output.contains("tasks wait in line\n"))
    }

    @Test("leases prints one line, and has no bound", .timeLimit(.minutes(5)))
    func leases() async throws {
        struct Answer: Decodable {
            struct Run: Decodable {
                var tasks: Int
                var resources: Int
                var nsPerLease: Double
            }
            var leases: Int
            var runs: [Run]
        }
        let ended = try await Self.run(["leases", "--leases", "100", "--json"])
        #expect(ended.status == 0 && ended.errors.isEmpty)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let answer = try decoder.decode(Answer.self, from: Data(ended.output.utf8))
        #expect(answer.leases == 100 && answer.runs.map(\.tasks) == [1, 4, 4])
        #expect(answer.runs.allSatisfy { $0.nsPerLease > 0 })
    }

    @Test("metrics says what each operation costs, and that Go's client is not there", .timeLimit(.minutes(5)))
    func metrics() async throws {
        struct Answer: Decodable {
            struct Run: Decodable {
                var library: String
                var operation: String
                var tasks: Int
                var ns: Double
            }
            var operations: Int
            var runs: [Run]
        }
        let options = ["metrics", "--operations", "1000", "--rounds", "1"]
        let text = try await Self.run(options)
        #expect(text.status == 0 && text.output.contains("\nGo's client") && text.output.contains("not there"))
        let ended = try await Self.run(options + ["--json"])
        let answer = try JSONDecoder().decode(Answer.self, from: Data(ended.output.utf8))
        #expect(answer.operations == 1_000 && answer.runs.allSatisfy { $0.ns > 0 })
        let own = answer.runs.filter { $0.library == "Penstock" && $0.operation == "counter" }
        #expect(own.map(\.tasks) == [1, 2])
        let absent = try await Self.run(options + ["--go", "/nonexistent"])
        #expect(absent.status == 1 && absent.errors.contains("'/nonexistent' cannot be started"), "\(absent.errors)")
    }

    @Test(
        "refuse what cannot be, by the option's name",
        .timeLimit(.minutes(5)),
        arguments: [
            (["overload", "--seconds", "0"], "--seconds must be from 0.01 to 60."),
            (["overload", "--seconds", "nan"], "--seconds must be"),
            (["fairness", "--seconds", "61"], "--seconds must"),
            (["keyed", "--seconds", "-1"], "--seconds"), (["overload", "--workers", "0"], "--workers must be a whole"),
            (["fairness", "--workers", "1025"], "--workers must be"), (["overload", "--setup", "luck"], "--setup"),
            (["disciplines", "--buffer", "0"], "--buffer must be"),
            (["leases", "--leases", "0"], "--leases must be a whole number from 1 to 1,000,000,000."),
            (["metrics", "--rounds", "0"], "--rounds must be"), (["metrics", "--operations", "-1"], "--operations"),
        ]
    )
    func usage(_ arguments: [String], _ message: String) async throws {
        let ended = try await Self.run(arguments)
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty && ended.errors.contains(message), "\(ended.errors)")
    }

    @Test("end at Ctrl-C", .timeLimit(.minutes(5)), arguments: ["overload", "fairness", "keyed"])
    func interrupt(_ name: String) async throws {
        let terminal = try PseudoTerminal()
        // Longer than any test would wait for.
        try await withProgram(["bench", name, "--seconds", "60"], errors: terminal.program) { program, _ in
            _ = await terminal.reader.text(until: "\r\(name)  ")
            program.send(SIGINT)
            #expect(await program.status() == 128 + SIGINT)
            #expect(await program.output.text().isEmpty)
        }
    }

    @Test("say by how much a bound was missed", .timeLimit(.minutes(5)))
    func reasons() throws {
        let bounds = [
            BenchBound("a", "goodput", 0.85, atLeast: 0.9, .share), BenchBound("b", "P99", 2.5, atMost: 2, .factor),
            BenchBound("c", "answer", 6100, atMost: 5000, .microseconds),
            BenchBound("d", "back", .infinity, atMost: 2, .seconds),
            BenchBound("e", "more", 0.95, atLeast: 0.95, .share),
            BenchBound("f", "none", .nan, atMost: 1, .factor),
        ]
        #expect(bounds.map(\.isHeld) == [false, false, false, false, true, false])
        #expect(bounds[0].reason == "goodput: 85 %, at least 90 %: missed by 5 %")
        #expect(bounds[1].reason == "P99: 2.50 times, at most 2.00 times: missed by 0.50 times")
        #expect(bounds[2].reason == "answer: 6.10 ms, at most 5.00 ms: missed by 1.10 ms")
        #expect(bounds[3].reason == "back: never, at most 2.00 s")
        #expect(bounds[3].json == #"{"bound":"d","value":null,"limit":2.0000,"held":false}"#)
        #expect(
            Array(bounds[3...4]).text == "MISSED   back: never, at most 2.00 s\nheld     more: 95 %, at least 95 %\n"
        )
        try BenchSession.check([])
        let error = #expect(throws: (any Error).self) { try BenchSession.check(["a reason"]) }
        #expect(error.map { "\($0)" } == "ExitCode(rawValue: 1)")
    }

    // MARK: - Private

    private static func run(_ arguments: [String]) async throws -> RunningProgram.Ended {
        try await withProgram(["bench"] + arguments) { program, _ in await program.end() }
    }
}
