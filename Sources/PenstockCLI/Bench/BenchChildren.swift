//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Dispatch
import Penstock
import PenstockBench

/// Runs benchmarks as `penstock bench pool` in processes of their own, one after another.
final class BenchChildren: Sendable {
    private struct State {
        var child: ChildProcess?
        var isStopped = false
    }

    private let executable: String
    private let limit: Duration
    private let state = Locked(State())
    /// Waiting blocks a thread, and so must not happen on one of Swift's own.
    private let queue = DispatchQueue(label: "penstock.bench")

    /// - Parameters:
    ///   - executable: The program `penstock`.
    ///   - limit: How long a run may take; then it is killed and has failed.
    init(executable: String = Spawn.ownExecutable(), limit: Duration = .seconds(120)) {
        self.executable = executable
        self.limit = limit
    }

    /// Makes one run.
    ///
    /// - Throws: ``BenchProblem`` when it failed, lost a job, took too long or was stopped.
    func run(_ run: BenchRun) async throws(BenchProblem) -> BenchFigures {
        let result = await withCheckedContinuation { continuation in
            self.queue.async {
                continuation.resume(returning: Result { () throws(BenchProblem) in try self.wait(for: run) })
            }
        }
        return try result.get()
    }

    /// Runs another program, and gives what it has printed.
    ///
    /// - Throws: ``BenchProblem`` when it failed, took too long or was stopped.
    func run(program: String, arguments: [String]) async throws(BenchProblem) -> String {
        let result = await withCheckedContinuation { continuation in
            self.queue.async {
                continuation.resume(
                    returning: Result { () throws(BenchProblem) in
                        let ended = try self.wait(for: program, arguments, named: program)
                        do throws(BenchProblem) {
                            return try Self.output(ended, limit: self.limit)
                        } catch {
                            throw BenchProblem("\(program): \(error)")
                        }
                    }
                )
            }
        }
        return try result.get()
    }

    /// Kills the run that goes on, and lets no other begin.
    func stop() {
        let child = self.state.withLock { state in
            state.isStopped = true
            return state.child
        }
        child?.stop()
    }

    /// Reads what an ended run has printed.
    ///
    /// - Parameter limit: How long it was allowed to take.
    static func figures(_ ended: ChildProcess.Ended, limit: Duration) throws(BenchProblem) -> BenchFigures {
        let output = try self.output(ended, limit: limit)
        return try BenchFigures(line: String(output.split(separator: "\n").last ?? ""))
    }

    // MARK: - Private

    private static func output(_ ended: ChildProcess.Ended, limit: Duration) throws(BenchProblem) -> String {
        switch ended.end {
        case .exited(ProgramExit.success): return ended.output
        case .exited(let code):
            let said = ended.errors.split(separator: "\n").last.map(String.init) ?? "it said nothing"
            let prefix = "penstock: error: "
            throw BenchProblem(
                "exit code \(code): \(said.hasPrefix(prefix) ? String(said.dropFirst(prefix.count)) : said)"
            )
        case .signalled(let number): throw BenchProblem("it was ended by signal \(number)")
        case .late: throw BenchProblem("it took longer than \(shown(limit)) and was ended")
        case .stopped: throw BenchProblem("it was stopped")
        }
    }

    private func wait(for run: BenchRun) throws(BenchProblem) -> BenchFigures {
        let ended = try self.wait(for: self.executable, run.arguments, named: "\(run)")
        do throws(BenchProblem) {
            return try Self.figures(ended, limit: self.limit)
        } catch {
            throw BenchProblem("\(run): \(error)")
        }
    }

    private func wait(
        for program: String,
        _ arguments: [String],
        named name: String
    ) throws(BenchProblem) -> ChildProcess.Ended {
        let child = ChildProcess(executable: program, arguments: arguments)
        let isStopped = self.state.withLock { state in
            state.child = child
            return state.isStopped
        }
        if isStopped { child.stop() }
        defer { self.state.withLock { $0.child = nil } }
        do throws(SystemError) {
            return try child.run(limit: self.limit)
        } catch {
            throw BenchProblem("\(name): '\(program)' cannot be started: \(error)")
        }
    }
}
