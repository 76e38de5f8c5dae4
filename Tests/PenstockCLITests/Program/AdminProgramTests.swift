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
import PenstockTesting
import Testing

@testable import PenstockCLI

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The built program, watched and told while it runs.
@Suite("The program and its admin server", .serialized, .timeLimit(.minutes(5)))
struct AdminProgramTests {
    private static func pipeline(_ admin: String = "admin: { listen: 127.0.0.1:0 }") -> String {
        """
        pipeline: watched
        sources:
          in: { type: generate, rate: 5000/s }
        sinks:
          out: { type: file, path: out.ndjson, mode: truncate }
        \(admin)
        """
    }

    /// A folder for sockets, whose path is short wherever temporary files are.
    private static func withSockets<Result>(_ body: ([String: String]) async throws -> Result) async throws -> Result {
        let folder = "/tmp/pen-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(["XDG_RUNTIME_DIR": folder])
    }

    private static func run(_ arguments: [String], _ environment: [String: String]) async throws -> RunningProgram.Ended
    {
        try await withProgram(arguments, environment: environment) { program, _ in await program.end() }
    }

    @Test("It is shown by top, told by ctl, and drained to a report that balances")
    func wholeLife() async throws {
        try await Self.withSockets { environment in
            let files = ["a.yaml": Self.pipeline()]
            try await withProgram(["run", "a.yaml", "--json"], files: files, environment: environment) { program, _ in
                let greeting = await program.errors.text(until: "\n")
                #expect(greeting.hasPrefix("live page  http://127.0.0.1:"))
                let pause = try await Self.run(["ctl", "pause"], environment)
                #expect(pause.status == 0, "\(pause.errors)")
                let status = try await Self.run(["top", "--once", "--json", "--pipeline", "watched"], environment)
                let json = try #require(JSONValue(status.output), "\(status.output) \(status.errors)")
                #expect(json.text("phase") == "paused" && json.text("pipeline") == "watched")
                #expect(try await Self.run(["ctl", "resize", "3"], environment).status == 0)
                #expect(try await Self.run(["ctl", "resume"], environment).status == 0)
                let text = try await Self.run(["ctl", "status"], environment)
                #expect(text.output.hasPrefix("watched  running") && text.output.contains("of 3\n"), "\(text.output)")
                let drain = try await Self.run(["ctl", "drain"], environment)
                #expect(drain.status == 0)
                #expect(drain.output.contains("ledger    balanced") && drain.output.contains("exit      interrupted"))
                let ended = await program.end()
                let report = try ReadReport.last(of: ended.errors)
                #expect(ended.status == 0 && report.balanced && report.addsUp && report.exit == "interrupted")
                #expect(drain.output.contains("accepted \(grouped(report.events.accepted)) "))
            }
            let left = try FileManager.default.contentsOfDirectory(
                atPath: "\(environment["XDG_RUNTIME_DIR"] ?? "")/penstock"
            )
            #expect(left.isEmpty)
            let nobody = try await Self.run(["ctl", "pause"], environment)
            #expect(
                nobody.status == 1 && nobody.errors.hasPrefix("penstock: error: no pipeline of yours has a socket in")
            )
        }
    }

    @Test("With a certificate that vouches for itself, top and ctl are told of it by --ca")
    func ownCertificate() async throws {
        let own = TestCertificate()
        let admin = """
            admin:
              listen: 127.0.0.1:0
              socket: none
              token_file: \(own.token)
              tls: { certificate: \(own.certificate), key: \(own.key) }
            """
        try await withProgram(["run", "a.yaml"], files: ["a.yaml": Self.pipeline(admin)]) { program, _ in
            let greeting = await program.errors.text(until: "\n")
            let url = try #require(greeting.split(separator: " ").last.map { $0.drop { $0 == "\n" } })
            #expect(url.hasPrefix("https://127.0.0.1:"), "\(greeting)")
            let address = ["--url", "\(url.filter { $0 != "\n" })", "--token-file", own.token]
            let blind = try await Self.run(["top", "--once"] + address, [:])
            #expect(blind.status == 1 && blind.errors.contains("with --ca"), "\(blind.errors)")
            let wrong = try await Self.run(["ctl", "status", "--ca", own.key] + address, [:])
            #expect(wrong.status == 1 && wrong.errors.contains("there is no certificate in it"), "\(wrong.errors)")
            let trusting = address + ["--ca", own.certificate]
            let top = try await Self.run(["top", "--once"] + trusting, [:])
            #expect(top.status == 0 && top.output.hasPrefix("watched  running"), "\(top.errors)")
            #expect(try await Self.run(["ctl", "pause"] + trusting, [:]).status == 0)
            let drain = try await Self.run(["ctl", "drain"] + trusting, [:])
            #expect(drain.status == 0 && drain.output.contains("ledger    balanced"), "\(drain.errors)")
            #expect(await program.status() == 0)
        }
        let socket = try await Self.run(["ctl", "pause", "--ca", own.certificate], [:])
        #expect(socket.status == 64 && socket.errors.contains("--ca goes with a --url that begins with https://"))
    }

    @Test("What a killed run has left is not taken for a pipeline that runs")
    func killedRun() async throws {
        try await Self.withSockets { environment in
            let killed = ["a.yaml": Self.pipeline("admin: {}").replacing("watched", with: "killed")]
            try await withProgram(["run", "a.yaml"], files: killed, environment: environment) { program, _ in
                while try await Self.run(["ctl", "status"], environment).status != 0 { await Task.yield() }
                program.send(SIGKILL)
                #expect(await program.status() == -SIGKILL)
            }
            let none = try await Self.run(["ctl", "status"], environment)
            #expect(none.errors.hasPrefix("penstock: error: no pipeline of yours has a socket in"), "\(none.errors)")
            try await withProgram(["run", "a.yaml"], files: ["a.yaml": Self.pipeline()], environment: environment) {
                program,
                _ in
                _ = await program.errors.text(until: "\n")
                let status = try await Self.run(["ctl", "status"], environment)
                #expect(status.status == 0 && status.output.hasPrefix("watched  running"), "\(status.errors)")
                program.send(SIGTERM)
                #expect(await program.status() == 0)
            }
        }
    }

    @Test("A second run of the same name is refused, and named")
    func secondRun() async throws {
        try await Self.withSockets { environment in
            let files = ["a.yaml": Self.pipeline("admin: {}")]
            try await withProgram(["run", "a.yaml"], files: files, environment: environment) { program, _ in
                while try await Self.run(["ctl", "status"], environment).status != 0 { await Task.yield() }
                for command in ["check", "run"] {
                    let second = try await withProgram([command, "a.yaml"], files: files, environment: environment) {
                        second,
                        _ in await second.end()
                    }
                    #expect(second.status == 78)
                    #expect(second.errors.contains("another process serves there"), "\(second.errors)")
                }
                program.send(SIGTERM)
                #expect(await program.status() == 0)
            }
        }
    }

    @Test("A port that is taken is told of where it stands, or as the flag that asked for it")
    func takenPort() async throws {
        let (port, socket) = LocalClient.freePort(keeping: true)
        defer { close(socket) }
        try await Self.withSockets { environment in
            let inFile = ["a.yaml": Self.pipeline("admin: { listen: 127.0.0.1:\(port) }")]
            let first = try await withProgram(["run", "a.yaml"], files: inFile, environment: environment) {
                program,
                _ in
                await program.end()
            }
            let text = "error: 'admin' cannot start: nobody can listen on 127.0.0.1:\(port): Address already in use"
            #expect(first.status == 78 && first.errors.hasPrefix("a.yaml:6:18: \(text)"), "\(first.errors)")
            let arguments = ["run", "a.yaml", "--admin", "127.0.0.1:\(port)"]
            let files = ["a.yaml": Self.pipeline()]
            let second = try await withProgram(arguments, files: files, environment: environment) { program, _ in
                await program.end()
            }
            #expect(second.status == 78 && second.errors.hasPrefix("a.yaml: \(text)"), "\(second.errors)")
        }
    }

    @Test("Health is answered at once while the workers have more than they can do, and until the drain has ended")
    func responsive() async throws {
        try await Self.withSockets { environment in
            let text = Self.pipeline().replacing("rate: 5000/s", with: "rate: 10M/s")
            try await withProgram(["run", "a.yaml"], files: ["a.yaml": text], environment: environment) { program, _ in
                _ = await program.errors.text(until: "\n")
                let socket = ControlSocketPath(environment)
                var times: [Duration] = []
                for _ in 0..<10 {
                    let begin = ContinuousClock.now
                    let status = try await Self.run(["ctl", "status", "--json", "--socket", socket.path], environment)
                    #expect(status.status == 0, "\(status.errors)")
                    times.append(begin.duration(to: .now))
                }
                // With the start of a process; most of the time it is some ten milliseconds.
                #expect(times.sorted()[5] < .seconds(5), "\(times)")
                let drain = try await Self.run(["ctl", "drain", "--deadline", "0"], environment)
                #expect([0, 3].contains(drain.status), "\(drain.errors)")
                #expect(await program.status() == drain.status)
            }
        }
    }

    private struct ControlSocketPath {
        let path: String
        init(_ environment: [String: String]) {
            self.path = "\(environment["XDG_RUNTIME_DIR"] ?? "")/penstock/watched.sock"
        }
    }
}
#endif
