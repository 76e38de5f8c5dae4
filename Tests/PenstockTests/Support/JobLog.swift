//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

/// What a test has seen of each of a pool's jobs, to be held against the pool's last report.
final class JobLog: Sendable {
    private struct State {
        var accepted: Set<Int> = []
        /// Jobs whose callers were cancelled before they began: in line or in the queue, nobody has said.
        var unclear: Set<Int> = []
        var begun: [Int: Int] = [:]
        var succeeded: Set<Int> = []
        var dropped: [Int: DropReason] = [:]
        var problem: String?
    }

    private let state = Locked(State())

    // MARK: - What happens

    func accept(_ jobs: some Sequence<Int>) { self.state.withLock { $0.accepted.formUnion(jobs) } }
    func cancel(_ job: Int) { self.state.withLock { _ = $0.unclear.insert(job) } }

    func drop(_ job: Int, _ reason: DropReason) {
        self.state.withLock { state in
            if state.dropped.updateValue(reason, forKey: job) != nil { state.problem = "\(job) was dropped twice" }
        }
    }

    /// Runs a job; every seventh fails each time, every fifth the first time.
    func run(_ job: Int) throws -> Int {
        let begun = self.state.withLock { state in
            state.begun[job, default: 0] += 1
            return state.begun[job] ?? 0
        }
        if job % 7 == 3 || (job % 5 == 2 && begun == 1) { throw JobFailure(job: job) }
        self.state.withLock { _ = $0.succeeded.insert(job) }
        return -job
    }

    /// Offers a job in a call and checks that it is told what became of that job.
    func call(_ job: Int, _ pool: WorkerPool<Int, Int>) async {
        do {
            let output = try await pool.call(job)
            self.accept([job])
            if output != -job { self.note("the call of \(job) got \(output)") }
        } catch let failure as JobFailure {
            self.accept([job])
            if failure.job != job { self.note("the call of \(job) got the failure of \(failure.job)") }
        } catch let error as PenstockError {
            switch error.code {
            case .closed, .full: break
            case .cancelled: self.cancel(job)
            case .shed, .expired, .returned, .abandoned: self.accept([job])
            default: self.note("the call of \(job) got \(error)")
            }
        } catch {
            // Its task was cancelled while it ran.
            self.accept([job])
        }
    }

    func submit(_ job: Int, _ pool: WorkerPool<Int, Int>) async {
        do throws(PenstockError) {
            try await pool.submit(job)
            self.accept([job])
        } catch {}
    }

    private func note(_ problem: String) { self.state.withLock { $0.problem = problem } }

    // MARK: - Judging

    /// Compares a drain's report with what was seen, once all producers have returned and no job runs any more.
    func judge(_ report: DrainReport<Int, Int>, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
        var state = self.state.withLock { $0 }
        let ledger = report.ledger
        let returned = Set(report.returned)
        let abandoned = Set(report.abandoned.map(\.job))
        let dropped = Set(state.dropped.keys)
        let known = returned.union(abandoned).union(dropped)
        state.accepted.formUnion(state.unclear.intersection(known))
        let ended = state.accepted.subtracting(known)
        let sum = { (reason: DropReason) in state.dropped.count { $0.value == reason } }
        var problems: [String] = state.problem.map { [$0] } ?? []
        if !ledger.isBalanced || ledger.queued + ledger.inFlight + ledger.waiting != 0 { problems.append("\(ledger)") }
        if known.count != report.returned.count + report.abandoned.count + dropped.count {
            problems.append("a job has two ends")
        }
        let unknown = known.union(state.begun.keys).subtracting(state.accepted)
        if !unknown.isEmpty { problems.append("not accepted: \(unknown.sorted())") }
        let lost = ended.subtracting(state.begun.keys)
        if !lost.isEmpty { problems.append("never heard of again: \(lost.sorted())") }
        let done = ended.intersection(state.succeeded).count
        let counts: [(String, Int, Int)] = [
            ("accepted", ledger.accepted, state.accepted.count), ("returned", ledger.returned, report.returned.count),
            ("done", ledger.done, done), ("expired", ledger.expired, sum(.expired)),
            ("failed and cancelled", ledger.failed + ledger.cancelled, ended.count - done + sum(.cancelled)),
            ("newest", ledger.sheds.newest, sum(.newest)), ("oldest", ledger.sheds.oldest, sum(.oldest)),
            ("lowest", ledger.sheds.lowest, sum(.lowest)), ("overload", ledger.sheds.overload, sum(.overload)),
        ]
        for (count, told, seen) in counts where told != seen { problems.append("\(count): \(told), seen \(seen)") }
        if !problems.isEmpty { Issue.record("\(name): \(problems), \(report)", sourceLocation: sourceLocation) }
    }

    /// How many jobs were dropped for a reason.
    func count(of reason: DropReason) -> Int { self.state.withLock { $0.dropped.count { $0.value == reason } } }
}
