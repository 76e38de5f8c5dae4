//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The program with a durable queue.
@Suite("A durable queue", .serialized)
struct DurableProgramTests {
    /// A folder that several runs share.
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    private static func size(_ path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }

    private static func file(_ folder: String, source: String, sink: String) -> [String: String] {
        let text = """
            pipeline: durable
            sources:
              in: \(source)
            queue: { events: 1000, store: { type: sqlite, path: \(folder)/queue.db, bytes_max: 64MiB } }
            sinks:
              out: \(sink)
            shutdown: { drain: 500ms }
            """
        return ["p.yaml": text]
    }

    @Test("check says what is safe, and how large the queue may become", .timeLimit(.minutes(5)))
    func check() async throws {
        try await Self.withFolder { folder in
            let source = "{ type: stdin }"
            let sink = "{ type: sqlite, path: \(folder)/out.db, table: rows }"
            let files = Self.file(folder, source: source, sink: sink)
            try await withProgram(["check", "p.yaml"], files: files) { program, _ in
                let ended = await program.end()
                #expect(ended.status == 0, "\(ended.errors)")
                let wanted = [
                    "\nsink          out: the table \"rows\" of SQLite \"\(folder)/out.db\"\n",
                    "\nqueue         durable, in SQLite \"\(folder)/queue.db\"; at most 64 MiB of events\n"
                        + "              sources wait when it or its disk is full; in memory 1,000 events, 64 MiB\n",
                    "\ndisk          at most about 147 MB for the queue: rows, log and reserve\n",
                    "\ndelivery      out: each event once, by its id, after a crash too\n",
                ]
                for text in wanted { #expect(ended.output.contains(text), "\(ended.output)") }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty, "It has changed something.")
        }
    }

    @Test(
        "A sink that takes nothing holds up no end, and what is left comes with the next run",
        .timeLimit(.minutes(5))
    )
    func leftForTheNextRun() async throws {
        try await Self.withFolder { folder in
            let source = "{ type: generate, rate: 20k/s }"
            let held = Self.file(folder, source: source, sink: "{ type: stdout }")
            var left = 0
            try await withProgram(["run", "--json", "p.yaml"], files: held, hasFullOutput: true) { program, _ in
                // Nothing is removed, so the file and its log grow with what is stored.
                while Self.size("\(folder)/queue.db") + Self.size("\(folder)/queue.db-wal") < 3_000_000 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                program.send(SIGTERM)
                let status = await program.status()
                let report = try ReadReport.last(of: await program.errors.text())
                #expect(status == 0)
                #expect(report.balanced && report.addsUp)
                #expect(report.exit == "interrupted")
                #expect(report.events.stored > 0)
                left = report.events.stored
            }
            let next = Self.file(folder, source: "{ type: stdin }", sink: "{ type: sqlite, path: \(folder)/out.db }")
            try await withProgram(["run", "--json", "p.yaml"], files: next) { program, _ in
                let ended = await program.end()
                #expect(ended.status == 0, "\(ended.errors)")
                let report = try ReadReport.last(of: ended.errors)
                #expect(report.balanced && report.addsUp)
                #expect(report.exit == "drained")
                #expect(report.events.recovered >= left)
                #expect(report.events.delivered == report.events.recovered)
            }
        }
    }

    @Test("A file that is no queue is refused before anything starts", .timeLimit(.minutes(5)))
    func refused() async throws {
        try await Self.withFolder { folder in
            let text = String(repeating: "this is no database\n", count: 20)
            try text.write(toFile: "\(folder)/queue.db", atomically: false, encoding: .utf8)
            let files = Self.file(folder, source: "{ type: stdin }", sink: "{ type: stdout }")
            for verb in ["check", "run"] {
                try await withProgram([verb, "p.yaml"], files: files) { program, _ in
                    let ended = await program.end()
                    #expect(ended.status == 78)
                    let wanted =
                        "error: queue.store cannot be opened in SQLite \"\(folder)/queue.db\": "
                        + "the file is no SQLite database\n"
                        + "    hint: give another path, or move the file aside if it is a damaged database\n"
                    #expect(ended.errors.hasPrefix("p.yaml:") && ended.errors.hasSuffix(wanted), "\(ended.errors)")
                }
            }
        }
    }
}
#endif
