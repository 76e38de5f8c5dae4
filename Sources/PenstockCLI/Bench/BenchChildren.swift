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
        switch ended.end {
        case .exited(ProgramExit.success):
            return try BenchFigures(line: String(ended.output.split(separator: "\n").last ?? ""))
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

    // MARK: - Private

    private func wait(for run: BenchRun) throws(BenchProblem) -> BenchFigures {
        let child = ChildProcess(executable: self.executable, arguments: run.arguments)
        let isStopped = self.state.withLock { state in
            state.child = child
            return state.isStopped
        }
        if isStopped { child.stop() }
        defer { self.state.withLock { $0.child = nil } }
        let ended: ChildProcess.Ended
        do throws(SystemError) {
            ended = try child.run(limit: self.limit)
        } catch {
            throw BenchProblem("\(run): '\(self.executable)' cannot be started: \(error)")
        }
        do throws(BenchProblem) {
            return try Self.figures(ended, limit: self.limit)
        } catch {
            throw BenchProblem("\(run): \(error)")
        }
    }
}
