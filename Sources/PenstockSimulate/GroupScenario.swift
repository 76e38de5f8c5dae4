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

/// Groups of one pool whose jobs fail, cancel their own group, add to it, or make groups themselves; bodies that throw,
/// tasks that are cancelled, outsiders that want the places, every overflow policy, and a drain at any moment.
///
/// A group that has returned has no job that runs or will, and each of its jobs is told as it went.
struct GroupScenario: Sendable {
    private struct Failure: Error { var job: Int }

    /// One group, as its jobs see it.
    private struct Own {
        var group: JobGroup<Int, Int>?
        var ran: [Int: Int] = [:]
        var running = 0
        var hasReturned = false
        var added = 0
    }

    private let simulation: Simulation
    private let own: Locked<[Own]>
    private let pools: Locked<WorkerPool<Int, Int>?>
    private let pool: WorkerPool<Int, Int>
    private let attempts: Int

    init(simulation: Simulation) {
        let own = Locked<[Own]>((0..<3).map { _ in Own() })
        let pools = Locked<WorkerPool<Int, Int>?>(nil)
        var configuration = simulation.configuration(
            workers: simulation.random(in: 1...3),
            capacity: simulation.random(in: 1...6)
        )
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        configuration.overflow =
            [.wait, .wait, .reject, .dropNewest, .dropOldest, .callerRuns][simulation.random(in: 0...5)]
        configuration.nestedSubmission = simulation.oneIn(2) ? .runInline : .refuse
        if simulation.oneIn(4) {
            configuration.retry = RetryPolicy(attemptsMax: 2)
            configuration.retry?.backoffInitial = .microseconds(10)
        }
        self.attempts = configuration.retry == nil ? 1 : 2
        self.simulation = simulation
        self.own = own
        self.pools = pools
        self.pool = WorkerPool(configuration) { job in
            try await Self.handle(job, simulation, own, pools)
        }
        pools.withLock { $0 = self.pool }
        simulation.watch(self.pool, retries: self.attempts > 1)
    }

    func run() async throws {
        defer { self.pools.withLock { $0 = nil } }
        let report = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = try await self.pool.run() }
            if self.simulation.oneIn(3) { tasks.addTask { await self.drainSometime() } }
            await withTaskGroup(of: Void.self) { groups in
                for index in 0..<self.simulation.random(in: 1...3) {
                    groups.addTask { await self.cancelSometimes(index) }
                }
                // An outsider who wants places too.
                groups.addTask { for job in 0..<5 { try? await self.pool.submit(-1 - job) } }
            }
            let report = await self.pool.drain()
            try await tasks.waitForAll()
            return report
        }
        self.simulation.expect(report.ledger.isBalanced, "\(report)")
        self.simulation.expect(report.ledger.queued + report.ledger.inFlight == 0, "something is left: \(report)")
    }

    // MARK: - Jobs

    private static func handle(
        _ job: Int,
        _ simulation: Simulation,
        _ own: Locked<[Own]>,
        _ pools: Locked<WorkerPool<Int, Int>?>
    ) async throws -> Int {
        guard job >= 0 else { return job }
        let index = job / 1_000
        let (group, hasReturned) = own.withLock { own -> (JobGroup<Int, Int>?, Bool) in
            own[index].ran[job, default: 0] += 1
            own[index].running += 1
            return (own[index].group, own[index].hasReturned)
        }
        defer { own.withLock { $0[index].running -= 1 } }
        simulation.expect(!hasReturned, "job \(job) began after its group had ended")
        if simulation.oneIn(2) { await simulation.pause() }
        if simulation.oneIn(8) { try await simulation.time.sleep(for: .microseconds(simulation.random(in: 0...30))) }
        if simulation.oneIn(20) { group?.cancelAll() }
        if simulation.oneIn(6), let number = own.withLock({ Self.add(&$0[index]) }) {
            try? await group?.submit(index * 1_000 + number)
        }
        if simulation.oneIn(20), let pool = pools.withLock({ $0 }) {
            // Nested: refused or run in place, and never a wait.
            let outputs = try? await pool.call(contentsOf: [-7, -8])
            simulation.expect(outputs == nil || outputs == [-7, -8], "a nested group gave \(outputs ?? [])")
        }
        if simulation.oneIn(12) { throw Failure(job: job) }
        return job
    }

    /// The number of a job that a job adds to its group: from 100 on, and not for ever.
    private static func add(_ own: inout Own) -> Int? {
        own.added += 1
        return own.added <= 4 ? 99 + own.added : nil
    }

    // MARK: - Groups

    private func cancelSometimes(_ index: Int) async {
        guard self.simulation.oneIn(3) else { return await self.runGroup(index) }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.runGroup(index) }
            for _ in 0..<self.simulation.random(in: 0...20) { await self.simulation.pause() }
            tasks.cancelAll()
        }
    }

    private func runGroup(_ index: Int) async {
        let count = self.simulation.random(in: 0...8)
        let throwsAfter = self.simulation.oneIn(6) ? self.simulation.random(in: 0...8) : .max
        let jobs = (0..<count).map { index * 1_000 + $0 }
        let submitted = Locked<[Int]>([])
        let body: (JobGroup<Int, Int>) async throws -> Void = { group in
            self.own.withLock { $0[index].group = group }
            for (number, job) in jobs.enumerated() {
                if number == throwsAfter { throw Failure(job: -1) }
                try await group.submit(job)
                submitted.withLock { $0.append(job) }
                if self.simulation.oneIn(4) { await self.simulation.pause() }
            }
        }
        if self.simulation.oneIn(2) {
            let results = try? await self.pool.withGroup(onFailure: .goOn, body)
            self.hasReturned(index)
            if let results { self.judge(index, submitted.withLock { $0 }, results) }
        } else {
            let outputs = try? await self.pool.withGroup(body)
            self.hasReturned(index)
            if let outputs { self.judge(index, submitted.withLock { $0 }, outputs.map { .success($0) }) }
        }
    }

    private func hasReturned(_ index: Int) {
        let running = self.own.withLock { own in
            own[index].hasReturned = true
            own[index].group = nil
            return own[index].running
        }
        self.simulation.expect(running == 0, "\(running) jobs run on after their group has ended")
    }

    // MARK: - Judging

    private func judge(_ index: Int, _ submitted: [Int], _ results: [Result<Int, any Error>]) {
        let ran = self.own.withLock { $0[index].ran }
        self.simulation.expect(ran.values.allSatisfy { $0 <= self.attempts }, "a job ran too often: \(ran)")
        // What jobs have added stands between those of the body, which are in order.
        let outputs = results.compactMap { try? $0.get() }
        let own = outputs.filter { $0 % 1_000 < 100 }
        self.simulation.expect(own == own.sorted() && Set(outputs).count == outputs.count, "outputs \(outputs)")
        self.simulation.expect(outputs.allSatisfy { ran[$0] != nil }, "an output of a job that has not run: \(outputs)")
        self.simulation.expect(
            results.count >= submitted.count,
            "\(submitted.count) submitted, \(results.count) results"
        )
        for case .failure(let error as Failure) in results {
            // A cancelled group, and a drain, try no job again.
            self.simulation.expect(ran[error.job] != nil, "\(error) of a job that has not run")
        }
    }

    private func drainSometime() async {
        for _ in 0..<self.simulation.random(in: 0...30) { await self.simulation.pause() }
        _ = await self.pool.drain(deadline: .microseconds(self.simulation.random(in: 0...50)))
    }
}
