//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting

/// What a scenario has seen of each of its jobs, to be held against what the pool says of them.
final class JobFates: Sendable {
    /// What a job throws that fails.
    struct Failure: Error {
        let job: Int
    }

    /// How an attempt at a job has ended.
    private enum End {
        case succeeded, threw
    }

    private struct State {
        var accepted: Set<Int> = []
        /// Jobs whose callers were cancelled: accepted or not, nobody has said.
        var unclear: Set<Int> = []
        /// How often each job has begun.
        var begun: [Int: Int] = [:]
        /// How the last attempt at each job has ended.
        var ends: [Int: End] = [:]
        var dropped: [Int: DropReason] = [:]
        /// Jobs that do not end before they are released.
        var stuck: [CheckedContinuation<Void, Never>] = []
        var isReleased = false
    }

    let simulation: Simulation
    /// Whether some jobs do not end by themselves.
    let canStick: Bool
    /// How often a job may begin.
    let attemptsMax: Int
    private let state = Locked(State())

    init(simulation: Simulation, canStick: Bool = false, attemptsMax: Int = 1) {
        self.simulation = simulation
        self.canStick = canStick
        self.attemptsMax = attemptsMax
    }

    // MARK: - What happens

    func accept(_ jobs: some Sequence<Int>) { self.state.withLock { $0.accepted.formUnion(jobs) } }

    /// Notes that the caller of a job was cancelled before it began, in line or in the queue.
    func cancel(_ job: Int) { _ = self.state.withLock { $0.unclear.insert(job) } }

    func drop(_ job: Int, _ reason: DropReason) {
        let earlier = self.state.withLock { $0.dropped.updateValue(reason, forKey: job) }
        self.simulation.expect(earlier == nil, "job \(job) was dropped twice")
    }

    /// Runs a job, which may take time, fail, be cancelled or never end.
    func run(_ job: Int) async throws -> Int {
        self.begin(job)
        return try await self.finish(job)
    }

    /// Runs a job that has begun.
    func finish(_ job: Int) async throws -> Int {
        do {
            try await self.work(job)
            self.state.withLock { $0.ends[job] = .succeeded }
            return -job
        } catch {
            self.state.withLock { $0.ends[job] = .threw }
            throw error
        }
    }

    /// Notes that a job begins.
    func begin(_ job: Int) {
        let (begun, end) = self.state.withLock { state in
            state.begun[job, default: 0] += 1
            return (state.begun[job] ?? 0, state.ends[job])
        }
        self.simulation.expect(begun <= self.attemptsMax, "job \(job) began \(begun) times")
        self.simulation.expect(end != .succeeded, "job \(job) began again although it had succeeded")
    }

    /// Lets the jobs go that would never end.
    func release() {
        let stuck = self.state.withLock { state in
            state.isReleased = true
            defer { state.stuck = [] }
            return state.stuck
        }
        for continuation in stuck { continuation.resume() }
    }

    var begunCount: Int { self.state.withLock { $0.begun.count } }
    func reason(for job: Int) -> DropReason? { self.state.withLock { $0.dropped[job] } }

    // MARK: - Judging

    /// Compares the last report with what was seen. All producers must have returned.
    func judge(_ report: DrainReport<Int, Int>, size: @escaping (Int) -> Int = { _ in 1 }) {
        var state = self.state.withLock { $0 }
        let ledger = report.ledger
        let expect = self.simulation.expect
        let returned = Set(report.returned)
        let abandoned = Set(report.abandoned.map(\.job))
        let dropped = Set(state.dropped.keys)
        expect(ledger.isBalanced, "the last ledger does not balance: \(ledger)")
        expect(ledger.queued + ledger.inFlight + ledger.waiting == 0, "something is left: \(ledger)")
        expect(returned.count == report.returned.count, "a job was returned twice")
        expect(abandoned.count == report.abandoned.count, "a job was abandoned twice")
        expect(
            returned.isDisjoint(with: abandoned) && dropped.isDisjoint(with: returned.union(abandoned)),
            "a job has two ends"
        )
        state.accepted.formUnion(state.unclear.intersection(dropped.union(returned)))
        let known = dropped.union(returned).union(abandoned)
        let unknown = known.union(state.begun.keys).subtracting(state.accepted)
        expect(unknown.isEmpty, "not accepted, but dropped, begun or in the report: \(unknown.sorted())")
        let ended = state.accepted.subtracting(known)
        let lost = ended.subtracting(state.ends.keys)
        expect(lost.isEmpty, "accepted, and never heard of again: \(lost.sorted())")
        if self.attemptsMax == 1 {
            let both = returned.union(dropped).intersection(state.begun.keys)
            expect(both.isEmpty, "ended without having begun, and begun: \(both.sorted())")
        }
        self.compare(ledger, state, returned, abandoned, ended, size)
    }

    // MARK: - Private

    private func work(_ job: Int) async throws {
        if self.simulation.oneIn(3) { await self.simulation.pause() }
        if self.simulation.oneIn(6) {
            try await self.simulation.time.sleep(for: .microseconds(self.simulation.random(in: 0...20_000)))
        }
        if self.canStick, self.simulation.oneIn(10) { await self.stick() }
        if self.simulation.oneIn(5) { throw Failure(job: job) }
    }

    private func stick() async {
        await withCheckedContinuation { continuation in
            let isReleased = self.state.withLock { state in
                if !state.isReleased { state.stuck.append(continuation) }
                return state.isReleased
            }
            if isReleased { continuation.resume() }
        }
    }

    private func compare(
        _ ledger: Ledger,
        _ state: State,
        _ returned: Set<Int>,
        _ abandoned: Set<Int>,
        _ ended: Set<Int>,
        _ size: @escaping (Int) -> Int
    ) {
        let sum = { (jobs: Set<Int>) in jobs.reduce(0) { $0 + size($1) } }
        let dropped = { (reason: DropReason) in sum(Set(state.dropped.filter { $0.value == reason }.keys)) }
        let succeeded = ended.filter { state.ends[$0] == .succeeded }
        let expected: [(String, Int, Int)] = [
            ("accepted", ledger.accepted, sum(state.accepted)),
            ("returned", ledger.returned, sum(returned)),
            ("abandoned", ledger.abandoned, sum(abandoned)),
            ("shed as newest", ledger.sheds.newest, dropped(.newest)),
            ("shed as oldest", ledger.sheds.oldest, dropped(.oldest)),
            ("shed as lowest", ledger.sheds.lowest, dropped(.lowest)),
            ("shed for overload", ledger.sheds.overload, dropped(.overload)),
            ("expired", ledger.expired, dropped(.expired)),
            ("done", ledger.done, sum(succeeded)),
            (
                "failed and cancelled", ledger.failed + ledger.cancelled,
                sum(ended.subtracting(succeeded)) + dropped(.cancelled)
            ),
        ]
        for (name, told, seen) in expected where told != seen {
            self.simulation.expect(false, "\(name) \(told), but \(seen) were seen: \(ledger)")
        }
    }
}
