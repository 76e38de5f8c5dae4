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

@testable import PenstockCLI

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Ways in which a run ends before its sources do.
@Suite("Endings of a run", .serialized)
struct EndingTests {
    private static func endless(sink: String, rate: String = "") -> String {
        """
        pipeline: endless
        sources:
          in: { type: generate\(rate) }
        sinks:
          out: \(sink)
        """
    }

    /// Does something while this process, and what it starts, takes a hangup as told.
    private static func hangingUp<Result>(
        _ handler: (@convention(c) (Int32) -> Void)?,
        _ body: () async throws -> Result
    ) async rethrows -> Result {
        let before = signal(SIGHUP, handler)
        defer { signal(SIGHUP, before) }
        return try await body()
    }

    @Test(
        "Ctrl-C, SIGTERM and SIGHUP drain, and the report balances",
        .timeLimit(.minutes(5)),
        arguments: [SIGINT, SIGTERM, SIGHUP]
    )
    func drain(_ signal: Int32) async throws {
        try await Self.hangingUp(SIG_DFL) { try await self.drains(at: signal) }
    }

    @Test("Under nohup a hangup does nothing", .timeLimit(.minutes(5)))
    func nohup() async throws {
        let file = Self.endless(sink: "{ type: stdout }", rate: ", rate: 20k/s")
        try await Self.hangingUp(SIG_IGN) {
            try await withProgram(["run", "--json", "p.yaml"], files: ["p.yaml": file]) { program, _ in
                _ = await program.output.text(until: "\n")
                program.send(SIGHUP)
                program.send(SIGTERM)
                let ended = await program.end()
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(!ended.errors.contains("stopping now"))
                let report = try ReadReport.last(of: ended.errors)
                #expect(report.addsUp && report.exit == "interrupted")
            }
        }
    }

    @Test("No file is taken for a standard stream that is closed", .timeLimit(.minutes(5)))
    func closedStreams() async throws {
        let file = """
            pipeline: made
            sources: { in: { type: generate, count: 1000 } }
            sinks: { out: { type: file, path: out.ndjson } }
            """
        try await withProgram(
            ["run", "p.yaml"],
            files: ["p.yaml": file],
            redirection: "<&- >&- 2>&-"
        ) { program, folder in
            #expect(await program.end().status == 0)
            let lines = try String(contentsOfFile: "\(folder)/out.ndjson", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 1000 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        }
    }

    @Test("A sink or source on a standard stream that is closed is refused", .timeLimit(.minutes(5)))
    func closedEnds() async throws {
        let output = Self.endless(sink: "{ type: stdout }")
        let input = "pipeline: p\nsources: { in: { type: stdin } }\nsinks: { out: { type: null } }\n"
        for (file, redirection, reason) in [
            (output, ">&-", "5:8: error: sink 'out' cannot write to the standard output: it is closed"),
            (input, "<&-", "2:16: error: source 'in' cannot read the standard input: it is closed"),
        ] {
            for verb in ["check", "run"] {
                try await withProgram([verb, "p.yaml"], files: ["p.yaml": file], redirection: redirection) {
                    program,
                    _ in
                    let ended = await program.end()
                    #expect(ended.status == 78)
                    #expect(ended.errors == "p.yaml:\(reason)\n")
                }
            }
        }
    }

    @Test("A second run with the same file is refused, and the first keeps what it has", .timeLimit(.minutes(5)))
    func secondRun() async throws {
        let file = Self.endless(sink: "{ type: file, path: out.ndjson }", rate: ", rate: 1k/s")
        try await withProgram(["run", "--json", "p.yaml"], files: ["p.yaml": file]) { program, folder in
            let path = "\(folder)/out.ndjson"
            while (try? String(contentsOfFile: path, encoding: .utf8))?.isEmpty != false { await Task.yield() }
            for verb in ["check", "run"] {
                let other = Self.endless(sink: "{ type: file, path: \(path) }")
                try await withProgram([verb, "p.yaml"], files: ["p.yaml": other]) { second, _ in
                    let ended = await second.end()
                    #expect(ended.status == 78)
                    #expect(ended.errors.contains("another run, or somebody else, writes to it"), "\(ended.errors)")
                }
            }
            program.send(SIGTERM)
            let report = try ReadReport.last(of: await program.end().errors)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(report.balanced && text.utf8.count { $0 == UInt8(ascii: "\n") } == report.events.delivered)
        }
    }

    @Test("Why events are dropped is said once, and in the report", .timeLimit(.minutes(5)))
    func lastReason() async throws {
        let file = "pipeline: p\nsources: { in: { type: file, path: in } }\nsinks: { out: { type: null } }\n"
        let input = String(repeating: "no object\n", count: 5000)
        for flag in ["--no-quiet", "--quiet"] {
            try await withProgram(
                ["run", flag, "--report", "r.json", "p.yaml"],
                files: ["p.yaml": file, "in": input]
            ) { program, folder in
                let ended = await program.end()
                #expect(ended.status == 0)
                let notice = "penstock: the pipeline drops events, as there is no place for dead letters: json: "
                #expect(ended.errors.components(separatedBy: notice).count == 2, "\(ended.errors)")
                #expect(ended.errors.contains("\n          last reason: json: ") == (flag == "--no-quiet"))
                let report = try String(contentsOfFile: "\(folder)/r.json", encoding: .utf8)
                #expect(report.contains("\"last_reason\":\"json: "))
            }
        }
    }

    private func drains(at signal: Int32) async throws {
        let file = Self.endless(sink: "{ type: stdout }", rate: ", rate: 20k/s")
        try await withProgram(["run", "--json", "p.yaml"], files: ["p.yaml": file]) { program, _ in
            _ = await program.output.text(until: "\n")
            program.send(signal)
            let ended = await program.end()
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.errors.hasPrefix("draining (again to stop now)…\n"))
            let report = try ReadReport.last(of: ended.errors)
            #expect(report.balanced && report.addsUp)
            #expect(report.exit == "interrupted")
            #expect(report.events.delivered > 0)
            // What the report says was delivered is what came out of the pipe, to the last line.
            #expect(ended.output.utf8.count { $0 == UInt8(ascii: "\n") } == report.events.delivered)
            #expect(ended.output.hasSuffix("}\n"))
        }
    }

    @Test("A second signal stops a run whose sink takes nothing more", .timeLimit(.minutes(5)))
    func stop() async throws {
        let file = """
            pipeline: endless
            sources: { in: { type: generate } }
            sinks:
              seen: { type: file, path: /dev/fd/0 }
              out: { type: stdout }
            """
        // A batch goes to the first sink, where the test sees it, and then to stdout, which has been full all along.
        let seen = Pipe()
        let reader = PipeReader(reading: seen.fileHandleForReading, label: "seen")
        try await withProgram(
            ["run", "--json", "p.yaml"],
            files: ["p.yaml": file],
            input: seen.fileHandleForWriting,
            hasFullOutput: true
        ) { program, _ in
            _ = await reader.text(until: "\n")
            program.send(SIGINT)
            _ = await program.errors.text(until: "draining")
            program.send(SIGINT)
            let status = await program.status()
            let errors = await program.errors.text()
            #expect(status == 3, "\(errors)")
            #expect(errors.contains("stopping now…\n"))
            let report = try ReadReport.last(of: errors)
            #expect(report.balanced && report.addsUp)
            #expect(report.exit == "deadline")
            #expect(report.events.dropped.values.reduce(0, +) > 0)
        }
    }

    @Test("A disk that is full ends the run with an error", .timeLimit(.minutes(5)), .enabled(if: Self.hasFullDevice))
    func full() async throws {
        let file = Self.endless(sink: "{ type: file, path: /dev/full, retry: { attempts: 3 } }")
        try await withProgram(["run", "--report", "r.json", "p.yaml"], files: ["p.yaml": file]) { program, folder in
            let ended = await program.end()
            #expect(ended.status == 1, "\(ended.errors)")
            #expect(ended.errors.contains("\nledger    balanced\n"))
            #expect(ended.errors.contains("\nexit      failed\nerror     "))
            #expect(ended.errors.contains("No space left on device"))
            let report = try ReadReport.last(of: String(contentsOfFile: "\(folder)/r.json", encoding: .utf8))
            #expect(report.balanced && report.addsUp)
            #expect(report.events.delivered == 0)
        }
    }

    @Test("A reader that goes away ends the run with an error", .timeLimit(.minutes(5)))
    func closed() async throws {
        let file = Self.endless(sink: "{ type: stdout }")
        try await withProgram(["run", "--json", "p.yaml"], files: ["p.yaml": file]) { program, _ in
            _ = await program.output.text(until: "\n")
            program.output.closeReadEnd()
            let errors = await program.errors.text()
            #expect(await program.status() == 1, "\(errors)")
            let report = try ReadReport.last(of: errors)
            #expect(report.balanced && report.addsUp)
            #expect(report.exit == "failed")
            #expect(report.error?.contains("Broken pipe") == true, "\(errors)")
        }
    }

    @Test("check says when its own output cannot be written", .timeLimit(.minutes(5)), .enabled(if: Self.hasFullDevice))
    func checkIntoFullDevice() async throws {
        let file = Self.endless(sink: "{ type: stdout }")
        try await withProgram(["check", "p.yaml"], files: ["p.yaml": file], output: "/dev/full") { program, _ in
            let errors = await program.errors.text()
            #expect(await program.status() == 1)
            #expect(errors == "penstock: error: the standard output cannot be written: No space left on device\n")
        }
    }

    private static let hasFullDevice = FileManager.default.fileExists(atPath: "/dev/full")
}
