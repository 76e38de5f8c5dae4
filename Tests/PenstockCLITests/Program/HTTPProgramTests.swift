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
import Penstock
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The built program, with events that come over HTTP.
@Suite("The program and HTTP", .serialized)
struct HTTPProgramTests {
    private static func pipeline(port: Int, ack: String) -> String {
        """
        pipeline: posted
        sources:
          in: { type: http, listen: 127.0.0.1:\(port), ack: \(ack) }
        sinks:
          out: { type: file, path: out.ndjson }
        """
    }

    /// What clients of a run were told.
    private struct Told {
        var acknowledged: [String] = []
        var others: [Int?] = []
    }

    @Test(
        "Every request that was answered 2xx before and during a drain is in the file",
        .timeLimit(.minutes(5)),
        arguments: ["accepted", "delivered"]
    )
    func drainKeepsWhatWasAcknowledged(ack: String) async throws {
        let (port, _) = LocalClient.freePort()
        let files = ["a.yaml": Self.pipeline(port: port, ack: ack)]
        try await withProgram(["run", "a.yaml", "--json"], files: files) { program, folder in
            let told = Locked(Told())
            let clients = DispatchGroup()
            for number in 0..<4 {
                clients.enter()
                Thread.detachNewThread {
                    Self.post(as: number, to: port, told)
                    clients.leave()
                }
            }
            while told.withLock({ $0.acknowledged.count }) < 2000 { await Task.yield() }
            program.send(SIGTERM)
            let ended = await program.end()
            await withCheckedContinuation { continuation in
                clients.notify(queue: .global()) { continuation.resume() }
            }
            let report = try ReadReport.last(of: ended.errors)
            #expect(ended.status == 0)
            #expect(report.balanced && report.addsUp)
            #expect(report.exit == "interrupted")
            let text = try String(contentsOfFile: "\(folder)/out.ndjson", encoding: .utf8)
            let delivered = Set(text.split(separator: "\n").map(String.init))
            let (acknowledged, others) = told.withLock { ($0.acknowledged, $0.others) }
            #expect(acknowledged.allSatisfy(delivered.contains))
            #expect(others.allSatisfy { $0 == nil || $0 == 503 || $0 == 429 }, "\(others)")
            #expect(report.events.delivered == delivered.count)
        }
    }

    @Test("A port that is taken is told of where it stands in the file", .timeLimit(.minutes(5)))
    func takenPort() async throws {
        let (port, socket) = LocalClient.freePort(keeping: true)
        defer { close(socket) }
        for command in ["check", "run"] {
            let files = ["a.yaml": Self.pipeline(port: port, ack: "accepted")]
            let ended = try await withProgram([command, "a.yaml"], files: files) { program, _ in await program.end() }
            #expect(ended.status == 78)
            #expect(
                ended.errors.hasPrefix(
                    "a.yaml:3:29: error: source 'in' cannot start: "
                        + "nobody can listen on 127.0.0.1:\(port): Address already in use"
                ),
                "\(ended.errors)"
            )
        }
    }

    @Test("Files that a source or sink needs are looked at", .timeLimit(.minutes(5)))
    func missingFiles() async throws {
        let text = """
            pipeline: posted
            sources:
              in: { type: http, listen: 127.0.0.1:0, token_file: none, tls: { certificate: c.pem, key: k.pem } }
            sinks:
              out: { type: http, url: http://127.0.0.1:1/, token_file: empty, tls: { ca: ca.pem } }
            """
        let files = ["a.yaml": text, "empty": "\n"]
        let ended = try await withProgram(["check", "a.yaml"], files: files) { program, _ in await program.end() }
        #expect(ended.status == 78)
        for part in [
            "a.yaml:3:54: error: source 'in' cannot start: the token file \"none\" cannot be used: No such file or directory",
            "a.yaml:3:65: error: source 'in' cannot start: the certificate \"c.pem\" cannot be used",
            "a.yaml:5:60: error: sink 'out' cannot start: the token file \"empty\" cannot be used: it is empty",
            "a.yaml:5:78: error: sink 'out' cannot start: the certificates \"ca.pem\" cannot be used",
        ] {
            #expect(ended.errors.contains(part), "\(ended.errors)")
        }
    }

    /// Posts events under numbers of its own until it is refused or nobody listens.
    private static func post(as client: Int, to port: Int, _ told: Locked<Told>) {
        var number = 0
        var isStarted = false
        while true {
            guard let connection = LocalClient(port: port) else {
                // The program may still be starting, or has ended.
                if isStarted { return }
                sched_yield()
                continue
            }
            isStarted = true
            while true {
                let lines = (0..<20).map { "{\"client\":\(client),\"number\":\(number + $0)}" }
                number += 20
                let status = connection.post(lines.joined(separator: "\n"))
                let isAcknowledged = status == 200 || status == 202
                told.withLock { told in
                    if isAcknowledged { told.acknowledged += lines } else { told.others.append(status) }
                }
                if !isAcknowledged { break }
            }
        }
    }
}
#endif
