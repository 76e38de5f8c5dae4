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

@Suite("penstock-peer", .serialized)
struct PeerTests {
    @Test("does what `penstock bench pool --json` does", .timeLimit(.minutes(5)))
    func line() async throws {
        let line = #"{"service":"a","status":200}"# + "\n"
        let arguments = [
            "--impl", "pool-batch", "--workload", "json", "--lines", "lines", "--producers", "2", "--workers", "3",
            "--buffer", "500", "--events", "2000",
        ]
        var figures: [BenchFigures] = []
        var keys: Set<[String]> = []
        for (name, before) in [("penstock-peer", []), ("penstock", ["bench", "pool", "--json"])] {
            let ended = try await Self.run(name, before + arguments, files: ["lines": line + line])
            #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
            figures.append(try BenchFigures(line: ended.output.filter { $0 != "\n" }))
            keys.insert(ended.output.matches(of: #/"([a-z0-9_]+)":/#).map { String($0.1) })
            #expect(ended.output.hasPrefix(#"{"impl":"pool-batch","workload":"json","producers":2,"workers":3,"#))
        }
        #expect(keys.count == 1)
        #expect(figures.allSatisfy { $0.done == 2000 && $0.check == figures[0].check })
    }

    @Test(
        "refuses what cannot be, by the option's name",
        .timeLimit(.minutes(5)),
        arguments: [
            (["--impl", "goroutine"], "unknown --impl 'goroutine': there are pool, submit,"),
            (["--workload", "sql"], "unknown --workload 'sql': there are noop, spin1us, json"),
            (["--events", "0"], "--events is a whole number from 1 to 100000000000, not '0'"),
            (["--workers", "many"], "--workers is a whole number from 1 to 1024, not 'many'"),
            (["--rate", "0"], "--rate is 1 to 1000000000 jobs a second, not '0'"),
            (["--lines", "none"], "--lines 'none' cannot be used: No such file or directory"),
            (["--buffer"], "--buffer needs a value"),
            (["--batch", "64"], "unknown option '--batch': there are --impl"),
        ]
    )
    func usage(_ arguments: [String], _ message: String) async throws {
        let ended = try await Self.run("penstock-peer", arguments)
        #expect(ended.status == 64 && ended.output.isEmpty)
        #expect(ended.errors.hasPrefix("error: \(message)"), "\(ended.errors)")
    }

    // MARK: - Private

    private static func run(
        _ name: String,
        _ arguments: [String],
        files: [String: String] = [:]
    ) async throws -> RunningProgram.Ended {
        try await withProgram(arguments, named: name, files: files) { program, _ in await program.end() }
    }
}
