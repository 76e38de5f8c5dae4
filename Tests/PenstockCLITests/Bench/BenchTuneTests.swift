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

@Suite("penstock bench tune", .serialized)
struct BenchTuneTests {
    private static let small = [
        "bench", "tune", "--workers", "2,1", "--buffer", "16,64", "--batch", "8", "--events", "500", "--repetitions",
        "1",
    ]

    @Test("measures, recommends and draws", .timeLimit(.minutes(5)))
    func json() async throws {
        struct Answer: Decodable {
            struct Setting: Decodable {
                var workers: Int
                var buffer: Int
                var batch: Int
                var throughputMps: Double
                var waitP99Us: Double
                var rssMib: Double
            }
            var workload: String
            var complete: Bool
            var recommended: Setting
            var settings: [Setting]
            var reasons: [String]
        }
        try await withProgram(Self.small + ["--json", "--svg", "out.svg"]) { program, folder in
            let ended = await program.end()
            #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let answer = try decoder.decode(Answer.self, from: Data(ended.output.utf8))
            #expect(answer.workload == "noop" && answer.complete)
            #expect(
                answer.settings.map { [$0.workers, $0.buffer, $0.batch] } == [
                    [1, 16, 8], [1, 64, 8], [2, 16, 8], [2, 64, 8],
                ]
            )
            #expect(answer.settings.allSatisfy { $0.throughputMps > 0 && $0.waitP99Us > 0 && $0.rssMib > 0 })
            #expect(answer.reasons.count >= 2)
            let picture = try String(contentsOfFile: "\(folder)/out.svg", encoding: .utf8)
            #expect(try XMLTags(picture).names.contains("desc"))
        }
    }

    @Test("shows tables and says why", .timeLimit(.minutes(5)))
    func text() async throws {
        let ended = try await withProgram(Self.small) { program, _ in await program.end() }
        #expect(ended.status == 0 && ended.errors.isEmpty)
        #expect(ended.output.hasPrefix("tune      noop, 1 producer, closed loop\n"))
        #expect(ended.output.contains("\nrecommended: "))
    }

    @Test(
        "refuses what cannot be, by the option's name",
        .timeLimit(.minutes(5)),
        arguments: [
            (["--workers", "1,x"], "--workers must be at most 12 whole numbers from 1 to 1,024, with commas between"),
            (["--workers", "0"], "--workers must be"), (["--buffer", ""], "--buffer must be"),
            (["--batch", "1,257"], "--batch must be at most 12 whole numbers from 1 to 256"),
            (["--batch", "1,2,3,4,5,6,7,8,9,10,11,12,13"], "--batch must be"), (["--events", "0"], "--events must be"),
            (["--repetitions", "0"], "--repetitions must be a whole number from 1 to 99."),
            (["--seconds", "0"], "--seconds must be from 1 to 86,400."),
            (["--tolerance", "51"], "--tolerance must be from 0 to 50"),
            (["--svg", "none/a.svg"], "--svg 'none/a.svg' cannot be written: there is no folder 'none'"),
            (["--rate", "0.5"], "--rate must be"), (["--lines", "a"], "--lines goes with --workload json"),
        ]
    )
    func usage(_ arguments: [String], _ message: String) async throws {
        let ended = try await withProgram(["bench", "tune"] + arguments) { program, _ in await program.end() }
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.contains(message), "\(ended.errors)")
    }

    @Test("ends at SIGTERM, with its process", .timeLimit(.minutes(5)))
    func interrupt() async throws {
        let terminal = try PseudoTerminal()
        // Runs that none of the tests would wait for.
        let arguments = ["bench", "tune", "--events", "100000000000", "--workload", "spin1us"]
        try await withProgram(arguments, errors: terminal.program) { program, _ in
            let text = await terminal.reader.text(until: "batch")
            #expect(text.contains("\rtune  0 % of the time  workers 1, capacity "))
            program.send(SIGTERM)
            #expect(await program.status() == 128 + SIGTERM)
            #expect(await program.output.text().isEmpty)
        }
    }
}
