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

/// The disciplines in a pool with one worker, whose order can be seen: who begins is the one that should.
struct SchedulingScenario: Sendable {
    /// A job that waits for the worker, as its producer has seen it.
    private struct Queued {
        /// Before and after it was accepted.
        var before: UInt64
        var after: UInt64
    }

    /// How far the clock may move between the moment when the worker takes a job and the one when it is seen to begin.
    private static let drift: UInt64 = 400_000

    let simulation: Simulation

    func run() async throws {
        switch self.simulation.random(in: 0...5) {
        case 0: try await self.priority()
        case 1: try await self.fair()
        case 2: try await self.deadline()
        case 3: try await self.lifo()
        default: try await KeyedScenario(simulation: self.simulation).run()
        }
    }

    // MARK: - Priority

    /// No class waits longer than its ageing bound while the worker ends jobs; before that the classes are strict.
    private func priority() async throws {
        let simulation = self.simulation
        let queued = Locked<[Int: Queued]>([:])
        let ageing = UInt64(simulation.random(in: 0...4)) * 1_000_000
        var configuration = simulation.configuration(workers: 1, capacity: simulation.random(in: 1...20))
        configuration.batchMax = 1
        let discipline = Discipline<Int>.priority(classes: 3, ageing: .nanoseconds(Int64(ageing))) { $0 % 3 }
        let pool = WorkerPool(configuration, discipline: discipline) { (job: Int) async throws in
            let now = simulation.time.now()
            let (own, others) = queued.withLock { queued in (queued.removeValue(forKey: job), queued) }
            guard let own else { return simulation.expect(false, "job \(job) began and was not queued") }
            for (other, times) in others {
                let isAged = now - min(now, times.after + Self.drift) >= ageing
                simulation.expect(
                    !isAged || times.after >= own.before,
                    "job \(job) began before \(other), which had aged"
                )
                let isFresh = now - own.before < ageing
                simulation.expect(
                    !isFresh || other % 3 >= job % 3,
                    "job \(job) began before \(other) of a class before its"
                )
            }
            if simulation.oneIn(2) { await simulation.pause() }
            if simulation.oneIn(3) {
                try await simulation.time.sleep(for: .microseconds(simulation.random(in: 0...3_000)))
            }
        }
        simulation.watch(pool)
        try await self.run(pool) {
            for job in 0..<simulation.random(in: 1...40) {
                let before = simulation.time.now()
                if pool.trySubmit(job).isAccepted {
                    queued.withLock { $0[job] = Queued(before: before, after: simulation.time.now()) }
                }
                if simulation.oneIn(3) { await simulation.pause() }
                if simulation.oneIn(6) {
                    try? await simulation.time.sleep(for: .microseconds(simulation.random(in: 0...2_000)))
                }
            }
        }
    }

    // MARK: - Fair

    /// A tenant that floods gets its share of the places, and its share of the worker while the others have jobs.
    private func fair() async throws {
        let simulation = self.simulation
        let tenants = simulation.random(in: 2...4)
        let weights = (0..<tenants).map { _ in simulation.random(in: 1...3) }
        let capacity = simulation.random(in: 4...60)
        let order = Locked<[Int]>([])
        var configuration = simulation.configuration(workers: 1, capacity: capacity)
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        let discipline = Discipline<Int>.fair(tenant: { $0 % tenants }, weight: { weights[$0] })
        let pool = WorkerPool(configuration, discipline: discipline) { (job: Int) async in
            order.withLock { $0.append(job % tenants) }
        }
        simulation.watch(pool)
        pool.pause()
        var queued = Array(repeating: 0, count: tenants)
        try await self.run(pool) {
            // The first tenant floods.
            for _ in 0..<capacity where pool.trySubmit(0).isAccepted { queued[0] += 1 }
            let most = capacity * weights[0] / (weights[0] + 1) + 1
            simulation.expect(
                queued[0] <= most,
                "a tenant has \(queued[0]) of \(capacity) places, at most \(most) are its own"
            )
            for _ in 0..<simulation.random(in: 1...60) {
                let tenant = simulation.random(in: 0...(tenants - 1))
                let isFull = pool.ledger.queued == capacity
                if pool.trySubmit(tenant).isAccepted {
                    queued[tenant] += 1
                } else {
                    simulation.expect(isFull || queued[tenant] > 0, "a tenant without jobs was refused a free place")
                }
            }
            pool.resume()
        }
        self.judgeShares(order.withLock { $0 }, queued, weights)
    }

    private func judgeShares(_ order: [Int], _ queued: [Int], _ weights: [Int]) {
        var served = Array(repeating: 0, count: queued.count)
        self.simulation.expect(order.count == queued.reduce(0, +), "not all have run")
        for tenant in order {
            served[tenant] += 1
            let busy = queued.indices.filter { served[$0] < queued[$0] }
            let shares = busy.map { Double(served[$0]) / Double(weights[$0]) }
            let spread = (shares.max() ?? 0) - (shares.min() ?? 0)
            self.simulation.expect(spread <= 2, "served \(served) of \(queued) with weights \(weights)")
        }
    }

    // MARK: - Deadlines, and last in, first out

    /// The earliest deadline first, and none after it has passed.
    private func deadline() async throws {
        let simulation = self.simulation
        let begin = simulation.time.now()
        let deadlines = (0..<simulation.random(in: 1...30)).map { _ -> UInt64? in
            simulation.oneIn(4) ? nil : begin + UInt64(simulation.random(in: 0...10_000)) * 1_000
        }
        let order = Locked<[Int]>([])
        var configuration = simulation.configuration(workers: 1, capacity: 30)
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        let expired = Locked(0)
        let pool = WorkerPool(configuration, discipline: .deadline { deadlines[$0] }) { job, reason in
            let isRight = reason == .expired && deadlines[job] ?? .max <= simulation.time.now()
            simulation.expect(isRight, "job \(job) was dropped as \(reason)")
            expired.withLock { $0 += 1 }
        } handler: { (job: Int) async throws in
            order.withLock { $0.append(job) }
            let now = simulation.time.now()
            simulation.expect(deadlines[job] ?? .max > now - Self.drift, "job \(job) began after its deadline")
            if simulation.oneIn(3) {
                try await simulation.time.sleep(for: .microseconds(simulation.random(in: 0...3_000)))
            }
        }
        simulation.watch(pool)
        pool.pause()
        try await self.run(pool) {
            for job in deadlines.indices { simulation.expect(pool.trySubmit(job).isAccepted, "there is room") }
            if simulation.oneIn(2) {
                try? await simulation.time.sleep(for: .milliseconds(simulation.random(in: 0...8)))
            }
            pool.resume()
        }
        let ran = order.withLock { $0 }
        let isOrdered = ran.map { deadlines[$0] ?? .max }.isSorted && ran.filter { deadlines[$0] == nil }.isSorted
        simulation.expect(isOrdered, "began in the order \(ran) with the deadlines \(deadlines)")
        let count = ran.count + expired.withLock { $0 }
        simulation.expect(count == deadlines.count, "\(count) of \(deadlines.count) have run or expired")
    }

    private func lifo() async throws {
        let simulation = self.simulation
        let order = Locked<[Int]>([])
        let pool = WorkerPool(simulation.configuration(workers: 1, capacity: 30), discipline: .lifo) {
            (job: Int) async in
            order.withLock { $0.append(job) }
        }
        simulation.watch(pool)
        pool.pause()
        let count = simulation.random(in: 1...30)
        try await self.run(pool) {
            for job in 0..<count { simulation.expect(pool.trySubmit(job).isAccepted, "there is room") }
            pool.resume()
        }
        let expected = Array((0..<count).reversed())
        simulation.expect(order.withLock { $0 } == expected, "ran \(order.withLock { $0 }), not the last one first")
    }

    // MARK: - Private

    /// Runs a pool while a body gives it jobs, and lets it run all of them.
    private func run<Output>(_ pool: WorkerPool<Int, Output>, _ body: () async -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await pool.run() }
            await body()
            let ledger = await pool.drain().ledger
            self.simulation.expect(
                ledger.isBalanced && ledger.returned + ledger.abandoned == 0,
                "some did not run: \(ledger)"
            )
            try await group.waitForAll()
        }
    }
}

extension [UInt64] {
    fileprivate var isSorted: Bool { zip(self, self.dropFirst()).allSatisfy { $0 <= $1 } }
}

extension [Int] {
    fileprivate var isSorted: Bool { zip(self, self.dropFirst()).allSatisfy { $0 <= $1 } }
}
