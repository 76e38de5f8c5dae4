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

@testable import PenstockCLI

@Suite("The program", .serialized)
struct ProgramTests {
    private static let generate = """
        pipeline: made
        sources:
          in: { type: generate, count: 20000 }
        steps:
          - filter: status >= 500
        sinks:
          out: { type: file, path: out.ndjson }
        """

    @Test("It tells its version and its usage", .timeLimit(.minutes(5)))
    func versionAndHelp() async throws {
        for arguments in [["--version"], ["--help"], ["run", "--help"], ["check", "--help"], ["help", "run"]] {
            let ended = try await Self.run(arguments)
            #expect(ended.status == 0)
            #expect(ended.errors.isEmpty)
            #expect(ended.output.contains(arguments == ["--version"] ? "0.1.0\n" : "USAGE: penstock"))
        }
    }

    @Test(
        "Wrong usage",
        .timeLimit(.minutes(5)),
        arguments: [
            ["run"], ["check"], ["rnu", "a.yaml"], ["run", "a.yaml", "--wrong"], ["run", "a.yaml", "--workers", "0"],
            ["run", "a.yaml", "--workers", "many"], ["run", "a.yaml", "--json", "--quiet"],
            ["check", "a.yaml", "b.yaml"],
            ["run", "a.yaml", "--report"],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        let ended = try await Self.run(arguments)
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.contains("Error: "))
    }

    @Test("bench says how many threads a pool has, busy and idle", .timeLimit(.minutes(5)))
    func threads() async throws {
        for arguments in [["pool", "--events", "5000"], ["idle", "--seconds", "0"]] {
            let ended = try await Self.run(["bench"] + arguments + ["--workers", "64", "--json"])
            #expect(ended.status == 0 && ended.errors.isEmpty)
            let members = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
            let threads = try #require(members?["threads"] as? Int)
            #expect((1...ProcessorCount.available()).contains(threads))
        }
    }

    @Test("check says what a file means", .timeLimit(.minutes(5)))
    func check() async throws {
        let ended = try await Self.run(["check", "p.yaml"], files: ["p.yaml": Self.generate])
        #expect(ended.status == 0)
        #expect(ended.errors.isEmpty)
        #expect(
            ended.output.hasPrefix(
                """
                pipeline      made
                source        in: generate 20,000 events, as fast as they are taken
                decode        json: an event is a line that holds one JSON object
                step          filter status >= 500
                sink          out: file out.ndjson, emptied at the start
                              takes everything; when it is full, sources wait; 8 attempts
                dead letters  none: events that cannot be handled are dropped and counted
                workers       auto, one a core: \(ProcessorCount.available())
                queue         10,000 events, 64 MiB; sources wait when it is full

                """
            ),
            "\(ended.output)"
        )
        #expect(ended.output.hasSuffix("\np.yaml: ok\n"))
        #expect(
            ended.output.contains("\ndelivery      in memory: events not yet delivered are lost if the process dies")
        )
    }

    @Test("Events go to the sinks that want them", .timeLimit(.minutes(5)))
    func routes() async throws {
        let file = """
            pipeline: routes
            sources:
              in: { type: generate, count: 20000 }
            sinks:
              errors: { type: file, path: errors.ndjson, when: status >= 500, when_full: wait }
              found: { type: file, path: found.ndjson, when: status < 400, rotate: { size: 1MiB, keep: 9 } }
              half: { type: null, when: status < 300 }
            """
        try await withProgram(["check", "p.yaml"], files: ["p.yaml": file]) { program, _ in
            let output = await program.end().output
            #expect(
                output.contains(
                    """
                    sink          errors: file errors.ndjson, emptied at the start
                                  when status >= 500; when it is full, sources and the other sinks wait; 8 attempts
                    sink          found: file found.ndjson, emptied at the start, put aside at 1 MiB, 9 kept
                                  when status < 400; when it is full, events are dropped and counted, for want of a \
                    dead_letter; 8 attempts
                    sink          half: nowhere: events are counted and let go
                                  when status < 300

                    """
                ),
                "\(output)"
            )
        }
        try await withProgram(["run", "--json", "p.yaml"], files: ["p.yaml": file]) { program, folder in
            let ended = await program.end()
            #expect(ended.status == 0, "\(ended.errors)")
            let report = try ReadReport.last(of: ended.errors)
            #expect(report.balanced && report.addsUp)
            // 404 and 429 go nowhere.
            let lost = report.events.dropped["no_route", default: 0]
            #expect(lost > 0 && report.events.delivered == 20_000 - lost)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.contains("found.ndjson.2"))
        }
    }

    @Test("A wrong file starts nothing and tells all that is wrong", .timeLimit(.minutes(5)))
    func wrongFile() async throws {
        let file = Self.generate.replacing("status >= 500", with: "status >>").replacing("count", with: "cuont")
        for verb in ["check", "run"] {
            try await withProgram([verb, "p.yaml"], files: ["p.yaml": file]) { program, folder in
                let ended = await program.end()
                #expect(ended.status == 78)
                #expect(ended.output.isEmpty)
                #expect(
                    ended.errors.hasPrefix("p.yaml:3:25: error: unknown key 'cuont' in source 'in' of type generate\n")
                )
                #expect(ended.errors.contains("\n    hint: did you mean 'count'?\np.yaml:5:21: error: "))
                let left = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(left == ["p.yaml"])
            }
        }
    }

    @Test("check finds a folder that is not there, and makes none", .timeLimit(.minutes(5)))
    func unwritable() async throws {
        let file = Self.generate.replacing("out.ndjson", with: "none/out.ndjson")
        try await withProgram(["check", "p.yaml"], files: ["p.yaml": file]) { program, folder in
            let ended = await program.end()
            #expect(ended.status == 78)
            #expect(ended.errors.hasPrefix("p.yaml:7:28: error: sink 'out' cannot write 'none/out.ndjson'"))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left == ["p.yaml"])
        }
    }

    @Test("check answers in JSON, right or wrong", .timeLimit(.minutes(5)))
    func checkJSON() async throws {
        struct Answer: Decodable {
            struct Fault: Decodable, Equatable {
                var line: Int?
                var column: Int?
                var message: String
                var hint: String?
            }
            var ok: Bool
            var errors: [Fault]
        }
        let right = try await Self.run(["check", "--json", "p.yaml"], files: ["p.yaml": Self.generate])
        #expect(right.status == 0)
        #expect(try JSONDecoder().decode(Answer.self, from: Data(right.output.utf8)).ok)
        let file = Self.generate + "\n\"a\\nb\": 1\n"
        let wrong = try await Self.run(["check", "--json", "p.yaml"], files: ["p.yaml": file])
        #expect(wrong.status == 78)
        #expect(wrong.errors.isEmpty)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(wrong.output.utf8))
        #expect(!answer.ok)
        #expect(answer.errors.map(\.line) == [8])
        #expect(answer.errors.first?.message.contains("unknown key 'a\\u{a}b'") == true)
    }

    @Test("A run reports on stderr and into a file, and writes its data", .timeLimit(.minutes(5)))
    func run() async throws {
        try await withProgram(["run", "p.yaml", "--report", "report.json"], files: ["p.yaml": Self.generate]) {
            program,
            folder in
            let ended = await program.end()
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.output.isEmpty)
            #expect(ended.errors.hasPrefix("pipeline  made\n"))
            #expect(ended.errors.contains("\nevents    offered 20,000 = accepted 20,000 + rejected 0 + waiting 0\n"))
            #expect(ended.errors.contains("\nledger    balanced\n"))
            #expect(ended.errors.hasSuffix("\nexit      drained\n"))
            let report = try ReadReport.last(of: String(contentsOfFile: "\(folder)/report.json", encoding: .utf8))
            #expect(report.pipeline == "made")
            #expect(report.balanced && report.addsUp)
            #expect(report.events.accepted == 20_000)
            #expect(report.events.delivered + report.events.filtered == 20_000)
            let lines = try String(contentsOfFile: "\(folder)/out.ndjson", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == report.events.delivered)
        }
    }

    @Test("Data goes to stdout, and with --quiet nothing to stderr", .timeLimit(.minutes(5)))
    func quiet() async throws {
        let file = """
            pipeline: lines
            sources: { in: { type: stdin } }
            decode: lines
            sinks: { out: { type: stdout } }
            """
        let input = Pipe()
        try input.fileHandleForWriting.write(contentsOf: Data("a\r\n\nb".utf8))
        try input.fileHandleForWriting.close()
        let ended = try await Self.run(
            ["run", "--quiet", "p.yaml"],
            files: ["p.yaml": file],
            input: input.fileHandleForReading
        )
        #expect(ended.status == 0)
        // Two workers may hand the two lines on in either order.
        #expect(ended.output.split(separator: "\n").sorted() == ["a", "b"])
        #expect(ended.errors.isEmpty)
    }

    @Test("The environment counts where no flag does", .timeLimit(.minutes(5)))
    func environment() async throws {
        try await withProgram(
            ["run", "p.yaml"],
            files: ["p.yaml": Self.generate],
            environment: ["PENSTOCK_JSON": "1", "PENSTOCK_WORKERS": "1", "PENSTOCK_REPORT": "r.json"]
        ) { program, folder in
            let ended = await program.end()
            #expect(ended.status == 0)
            let report = try ReadReport.last(of: ended.errors)
            #expect(report.balanced && report.addsUp)
            #expect(FileManager.default.fileExists(atPath: "\(folder)/r.json"))
        }
        let wrong = try await Self.run(["run", "p.yaml"], environment: ["PENSTOCK_WORKERS": "none"])
        #expect(wrong.status == 78)
        #expect(wrong.errors.contains("PENSTOCK_WORKERS cannot be 'none'"))
    }

    @Test(
        "A report never goes over a file of the pipeline",
        .timeLimit(.minutes(5)),
        arguments: ["p.yaml", "./out.ndjson", "none/r"]
    )
    func report(_ path: String) async throws {
        let ended = try await Self.run(["run", "p.yaml", "--report", path], files: ["p.yaml": Self.generate])
        #expect(ended.status == 78)
        #expect(ended.errors.contains("error: the report "))
    }

    // MARK: - Private

    private static func run(
        _ arguments: [String],
        files: [String: String] = [:],
        input: FileHandle = .nullDevice,
        environment: [String: String] = [:]
    ) async throws -> RunningProgram.Ended {
        try await withProgram(arguments, files: files, input: input, environment: environment) { program, _ in
            await program.end()
        }
    }
}
