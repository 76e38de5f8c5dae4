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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The built program, with lines that come over TCP.
@Suite("The program and TCP", .serialized)
struct TCPProgramTests {
    private static func pipeline(port: Int) -> String {
        """
        pipeline: sent
        sources:
          in: { type: tcp, listen: 127.0.0.1:\(port) }
        steps:
          - filter: number >= 10
        sinks:
          out: { type: file, path: out.ndjson }
        dead_letter: { type: file, path: dead.ndjson }
        """
    }

    @Test("Lines of many clients come through, and a drain ends it", .timeLimit(.minutes(5)))
    func clients() async throws {
        let (port, _) = LocalClient.freePort()
        try await withProgram(["run", "a.yaml", "--json"], files: ["a.yaml": Self.pipeline(port: port)]) {
            program,
            folder in
            for number in 0..<8 {
                Thread.detachNewThread { Self.send(as: number, to: port) }
            }
            func lines(_ name: String) -> [Substring] {
                (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))?.split(separator: "\n") ?? []
            }
            while lines("out.ndjson").count < 8 * 990 || lines("dead.ndjson").count < 8 { await Task.yield() }
            program.send(SIGTERM)
            let ended = await program.end()
            let report = try ReadReport.last(of: ended.errors)
            #expect(ended.status == 0)
            #expect(report.balanced && report.addsUp)
            #expect(report.exit == "interrupted")
            #expect(report.events.accepted == 8 * 1001)
            #expect(report.events.filtered == 8 * 10)
            #expect(Set(lines("out.ndjson")).count == 8 * 990)
        }
    }

    @Test("A port that is taken is told of where it stands in the file", .timeLimit(.minutes(5)))
    func takenPort() async throws {
        let (port, socket) = LocalClient.freePort(keeping: true)
        defer { close(socket) }
        for command in ["check", "run"] {
            let files = ["a.yaml": Self.pipeline(port: port)]
            let ended = try await withProgram([command, "a.yaml"], files: files) { program, _ in await program.end() }
            #expect(ended.status == 78)
            #expect(
                ended.errors.hasPrefix(
                    "a.yaml:3:28: error: source 'in' cannot start: "
                        + "nobody can listen on 127.0.0.1:\(port): Address already in use"
                ),
                "\(ended.errors)"
            )
        }
    }

    @Test("check says what clients may cost", .timeLimit(.minutes(5)))
    func check() async throws {
        let files = ["a.yaml": Self.pipeline(port: 0)]
        let ended = try await withProgram(["check", "a.yaml"], files: files) { program, _ in await program.end() }
        #expect(ended.status == 0)
        let source = "source        in: lines over tcp on 127.0.0.1:0, at most 1,024 connections, idle for 300 s\n"
        #expect(ended.output.contains(source), "\(ended.output)")
        #expect(ended.output.contains("clients 136 MB, "), "\(ended.output)")
    }

    /// Sends a thousand events and a line that is none, which has no end.
    private static func send(as client: Int, to port: Int) {
        while true {
            // The program may still be starting.
            guard let connection = LocalClient(port: port) else {
                sched_yield()
                continue
            }
            for number in 0..<1000 { connection.send("{\"client\":\(client),\"number\":\(number)}\n") }
            connection.send("{\"client\":")
            return
        }
    }
}
