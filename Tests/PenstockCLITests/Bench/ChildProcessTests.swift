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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("A child process")
struct ChildProcessTests {
    @Test("gives what it writes and how it ends", .timeLimit(.minutes(5)))
    func ends() async throws {
        let ended = try await Self.run("echo out; echo err >&2; cat; exit 3")
        #expect(ended.end == .exited(3))
        #expect(ended.output == "out\n" && ended.errors == "err\n")
        #expect(try await Self.run("kill -9 $$").end == .signalled(SIGKILL))
        #expect(try await Self.run("kill -15 $$").end == .signalled(SIGTERM))
    }

    @Test("is read to its end, of which too much is forgotten", .timeLimit(.minutes(5)))
    func muchOutput() async throws {
        let ended = try await Self.run("head -c 3000000 /dev/zero; head -c 100000 /dev/zero >&2")
        #expect(ended.end == .exited(0))
        #expect(ended.output.utf8.count == 1 << 20 && ended.errors.utf8.count == 100_000)
    }

    @Test("is killed when its time is over", .timeLimit(.minutes(5)))
    func late() async throws {
        #expect(try await Self.run("exec tail -f /dev/null", limit: .zero).end == .late)
        // One that has closed its outputs, too.
        let closed = "exec >/dev/null 2>&1; exec tail -f /dev/null"
        #expect(try await Self.run(closed, limit: .milliseconds(100)).end == .late)
    }

    @Test("can be stopped, before its start and while it runs", .timeLimit(.minutes(5)))
    func stop() async throws {
        let early = ChildProcess(executable: "/bin/sh", arguments: ["-c", "echo out"])
        early.stop()
        let ended = try early.run(limit: .seconds(60))
        #expect(ended.end == .stopped && ended.output.isEmpty)

        let pipe = try SystemPipe()
        // The descriptor is the child's too: it says through it that it runs.
        _ = fcntl(pipe.writeEnd, F_SETFD, 0)
        let text = "echo x >/dev/fd/\(pipe.writeEnd); exec tail -f /dev/null"
        let running = ChildProcess(executable: "/bin/sh", arguments: ["-c", text])
        let readEnd = pipe.readEnd
        DispatchQueue.global().async {
            var buffer: [UInt8] = [0, 0]
            _ = systemRead(readEnd, into: &buffer)
            running.stop()
        }
        #expect(try await Self.wait(for: running, limit: .seconds(60)).end == .stopped)
        running.stop()
        pipe.closeWriteEnd()
    }

    @Test("that cannot be started says why", .timeLimit(.minutes(5)))
    func missing() {
        let child = ChildProcess(executable: "/no/such/program", arguments: [])
        #expect(throws: SystemError(code: ENOENT)) { try child.run(limit: .seconds(60)) }
    }

    @Test(
        "that is no good run of a benchmark says why",
        .timeLimit(.minutes(5)),
        arguments: [
            (ChildProcess.End.exited(0), "", "", "its figures cannot be read"),
            (.exited(0), "{}\n", "", "its figures cannot be read: no number 'events'"),
            (
                .exited(1), "{}\n", "warning\npenstock: error: 9 of 10 jobs were done\n",
                "exit code 1: 9 of 10 jobs were done"
            ),
            (.exited(64), "", "", "exit code 64: it said nothing"),
            (.signalled(9), "", "", "it was ended by signal 9"),
            (.late, "", "", "it took longer than 120 s and was ended"),
            (.stopped, "", "", "it was stopped"),
        ]
    )
    func problems(_ end: ChildProcess.End, _ output: String, _ errors: String, _ message: String) {
        let ended = ChildProcess.Ended(end: end, output: output, errors: errors)
        let problem = #expect(throws: BenchProblem.self) {
            try BenchChildren.figures(ended, limit: .seconds(120))
        }
        #expect(problem?.description.hasPrefix(message) == true, "\(String(describing: problem))")
    }

    @Test("is not begun once all were stopped, and its run is named", .timeLimit(.minutes(5)))
    func children() async throws {
        let run = BenchRun(options: BenchOptions(workers: 3, buffer: 1000, events: 10))
        let missing = BenchChildren(executable: "/no/such/program")
        let problem = await #expect(throws: BenchProblem.self) { try await missing.run(run) }
        #expect(
            problem?.description
                == "the run with workers 3, buffer 1,000, batch 64: '/no/such/program' cannot be started: "
                + "No such file or directory"
        )
        missing.stop()
        let stopped = await #expect(throws: BenchProblem.self) { try await missing.run(run) }
        #expect(stopped?.description == "the run with workers 3, buffer 1,000, batch 64: it was stopped")
    }

    @Test("gets all that a run says", .timeLimit(.minutes(5)))
    func arguments() {
        var run = BenchRun(options: BenchOptions(implementation: .taskPerEvent, workload: .json, events: 10))
        run.options.rate = 1e6
        run.linesPath = "-a b"
        #expect(
            run.arguments == [
                "bench", "pool", "--json", "--waits", "--impl", "task-per-event", "--workload", "json", "--producers",
                "1",
                "--workers", "2", "--buffer", "10000", "--batch", "64", "--events", "10", "--rate", "1000000.0",
                "--lines=-a b",
            ]
        )
        #expect("\(run)" == "the run of task-per-event")
    }

    // MARK: - Private

    private static func run(_ script: String, limit: Duration = .seconds(60)) async throws -> ChildProcess.Ended {
        try await Self.wait(for: ChildProcess(executable: "/bin/sh", arguments: ["-c", script]), limit: limit)
    }

    /// Waits on a thread that may be blocked.
    private static func wait(for child: ChildProcess, limit: Duration) async throws -> ChildProcess.Ended {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try child.run(limit: limit) }) }
        }
    }
}
