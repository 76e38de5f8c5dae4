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

/// Users of one resource pool whose resources fail, hang, break and grow old, some users cancelled, and a drain.
///
/// After every step the pool balances and nobody waits beside a resource or a slot that could serve him. Each resource is
/// used by one at a time, destroyed once, and not while it is used. A lease whose time is long never times out: a wake-up
/// that was lost would let the clock run to it.
struct ResourceScenario: Sendable {
    private struct Broken: Error {}

    /// A resource that notices when it is used wrongly.
    private final class Tool: Sendable {
        private enum State { case free, condemned, used, checked, destroyed }
        private let state = Locked(State.free)
        private let simulation: Simulation

        init(_ simulation: Simulation) { self.simulation = simulation }

        func use() { self.change(from: .free, to: .used) }
        func endUse() { self.change(from: .used, to: .free) }
        func check() { self.change(from: .free, to: .checked) }
        func endCheck(isHealthy: Bool) { self.change(from: .checked, to: isHealthy ? .free : .condemned) }
        func destroy() { self.change(from: .free, .condemned, to: .destroyed) }

        private func change(from expected: State..., to next: State) {
            let was = self.state.withLock { state in
                defer { state = next }
                return state
            }
            self.simulation.expect(expected.contains(was), "a resource becomes \(next), but is \(was)")
        }
    }

    private struct Records {
        var made = 0
        var destroyed = 0
    }

    let simulation: Simulation
    private let records = Locked(Records())

    init(simulation: Simulation) { self.simulation = simulation }

    func run() async throws {
        try await self.inOrder()
        let pool = self.pool(self.configuration())
        self.watch(pool)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<self.simulation.random(in: 1...5) { group.addTask { try await self.user(of: pool) } }
            group.addTask {
                let report = try await self.runCancelledSometimes(pool)
                self.simulation.expect(report.snapshot.isBalanced, "\(report)")
                self.simulation.expect(report.snapshot.idle + report.snapshot.waiting == 0, "\(report)")
            }
            for _ in 0..<self.simulation.random(in: 0...150) { await self.simulation.pause() }
            let (deadline, grace) = (self.anyTime(), self.anyTime())
            let report = await pool.drain(deadline: deadline, grace: grace)
            self.simulation.expect(report.snapshot.leased == report.leases.count, "\(report)")
            try await group.waitForAll()
        }
        // What came late is destroyed in the end, too.
        while pool.snapshot().adrift + pool.snapshot().creationsAdrift + pool.snapshot().slotsTaken > 0 {
            _ = try? await self.simulation.time.sleep(for: .milliseconds(1))
        }
        let (last, records) = (pool.snapshot(), self.records.withLock { $0 })
        self.simulation.expect(last.isBalanced, "\(last)")
        let isSame = last.created == records.made && last.destroyed == records.destroyed
        self.simulation.expect(isSame && last.created == last.destroyed, "\(last), but \(records)")
    }

    // MARK: - Private

    private func configuration() -> ResourcePoolConfiguration {
        let maximum = self.simulation.random(in: 1...4)
        var configuration = ResourcePoolConfiguration(
            name: "simulated",
            minimum: self.simulation.random(in: 0...maximum),
            maximum: maximum
        )
        configuration.executor = self.simulation.executor
        configuration.time = self.simulation.time
        configuration.seed = self.simulation.seed
        configuration.waitersMax = self.simulation.oneIn(4) ? 2 : 100
        configuration.waitTimeMax = .seconds(1_000_000)
        configuration.idleTimeMax = self.simulation.oneIn(2) ? self.anyTime() : nil
        configuration.ageMax = self.simulation.oneIn(2) ? self.anyTime() + .microseconds(500) : nil
        configuration.leaseTimeMax = self.simulation.oneIn(2) ? self.anyTime() : nil
        configuration.destructionTimeMax = self.anyTime() + .microseconds(100)
        configuration.creation.timeMax = self.anyTime() + .microseconds(100)
        configuration.creation.concurrentMax = self.simulation.random(in: 1...3)
        configuration.creation.backoffInitial = .microseconds(50)
        configuration.creation.backoffMax = .milliseconds(1)
        configuration.creation.failuresMax = self.simulation.random(in: 1...6)
        configuration.check.afterIdle = self.simulation.oneIn(2) ? self.anyTime() : nil
        configuration.check.interval = self.simulation.oneIn(2) ? self.anyTime() + .microseconds(200) : nil
        configuration.check.timeMax = self.anyTime() + .microseconds(100)
        configuration.isBroken = { $0 is Broken }
        configuration.reuse = self.simulation.oneIn(2) ? .newestFirst : .oldestFirst
        return configuration
    }

    private func anyTime() -> Duration { .microseconds(self.simulation.random(in: 0...1_000)) }

    private func pool(_ configuration: ResourcePoolConfiguration) -> ResourcePool<Tool> {
        ResourcePool(configuration) {
            try await self.work()
            if self.simulation.oneIn(4) { throw Broken() }
            self.records.withLock { $0.made += 1 }
            return Tool(self.simulation)
        } check: { tool in
            tool.check()
            let isInTime = (try? await self.work()) != nil
            let isHealthy = isInTime && !self.simulation.oneIn(5)
            tool.endCheck(isHealthy: isHealthy)
            return isHealthy
        } destroy: { tool in
            tool.destroy()
            try? await self.work()
            self.records.withLock { $0.destroyed += 1 }
        }
    }

    /// What a closure does: takes some steps, and hangs at times, until it is cancelled or past that.
    private func work() async throws {
        for _ in 0..<self.simulation.random(in: 0...3) { await self.simulation.pause() }
        guard self.simulation.oneIn(6) else { return }
        do {
            try await self.simulation.time.sleep(for: .milliseconds(self.simulation.random(in: 0...20)))
        } catch {
            if self.simulation.oneIn(2) { throw error }
            for _ in 0..<self.simulation.random(in: 0...30) { await self.simulation.pause() }
        }
    }

    private func watch(_ pool: ResourcePool<Tool>) {
        self.simulation.watch { pool.problem }
    }

    private func user(of pool: ResourcePool<Tool>) async throws {
        for _ in 0..<self.simulation.random(in: 1...8) {
            try await self.cancelledSometimes {
                let timeout = self.simulation.oneIn(3) ? self.anyTime() : nil
                do throws(PenstockError) {
                    try await self.lease(from: pool, timeout: timeout)
                } catch {
                    let isExpected = timeout != nil || error.code != .timedOut
                    self.simulation.expect(isExpected, "a lease was forgotten: \(error)")
                }
            }
            if self.simulation.oneIn(2) { try? await self.simulation.time.sleep(for: self.anyTime()) }
        }
    }

    private func lease(from pool: ResourcePool<Tool>, timeout: Duration?) async throws(PenstockError) {
        if self.simulation.oneIn(2) {
            let lease = try await pool.lease(timeout: timeout)
            lease.resource.use()
            for _ in 0..<self.simulation.random(in: 0...3) { await self.simulation.pause() }
            lease.resource.endUse()
            switch self.simulation.random(in: 0...3) {
            case 0: lease.release()
            case 1: lease.discard()
            default: break  // Forgotten: it comes back all the same.
            }
            return
        }
        do {
            try await pool.with(timeout: timeout) { tool in
                tool.use()
                defer { tool.endUse() }
                if self.simulation.oneIn(3) { try await self.simulation.time.sleep(for: self.anyTime()) }
                if self.simulation.oneIn(5) { throw Broken() }
            }
        } catch let error as PenstockError {
            throw error
        } catch {
            self.simulation.expect(error is Broken || error is CancellationError, "with threw \(error)")
        }
    }

    private func runCancelledSometimes(_ pool: ResourcePool<Tool>) async throws -> ResourceDrainReport {
        guard self.simulation.oneIn(4) else { return try await pool.run() }
        return try await withThrowingTaskGroup(of: ResourceDrainReport.self) { group in
            group.addTask { try await pool.run() }
            for _ in 0..<self.simulation.random(in: 0...150) { await self.simulation.pause() }
            group.cancelAll()
            guard let report = try await group.next() else { throw Broken() }
            return report
        }
    }

    private func cancelledSometimes(_ body: @escaping @Sendable () async throws -> Void) async throws {
        guard self.simulation.oneIn(3) else { return try await body() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            for _ in 0..<self.simulation.random(in: 0...8) { await self.simulation.pause() }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// One resource, which somebody has, and a line for it: cancelled waits end at once and alone, the others are
    /// served in their order.
    private func inOrder() async throws {
        var configuration = ResourcePoolConfiguration(name: "in order", maximum: 1)
        configuration.executor = self.simulation.executor
        configuration.time = self.simulation.time
        let pool = ResourcePool(configuration) { 1 }
        self.simulation.watch { pool.problem }
        let served = Locked<[Int]>([])
        let count = self.simulation.random(in: 1...5)
        let isCancelled = (0..<count).map { _ in self.simulation.oneIn(3) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await pool.run() }
            let lease = try await pool.lease()
            for number in 0..<count {
                let before = pool.snapshot().waiting
                let gate = Channel<Void>(capacity: 1)
                group.addTask {
                    await withTaskGroup(of: Void.self) { own in
                        own.addTask { try? await pool.with { _ in served.withLock { $0.append(number) } } }
                        guard isCancelled[number] else { return }
                        _ = try? await gate.receive()
                        own.cancelAll()
                    }
                }
                while pool.snapshot().waiting == before { await self.simulation.pause() }
                if isCancelled[number] {
                    gate.finish()
                    // Nothing else can end this wait.
                    while pool.snapshot().waiting > before { await self.simulation.pause() }
                }
            }
            let others = (0..<count).filter { !isCancelled[$0] }
            lease.release()
            while served.withLock({ $0.count }) < others.count { await self.simulation.pause() }
            _ = await pool.drain()
            try await group.waitForAll()
            let order = served.withLock { $0 }
            self.simulation.expect(order == others, "served \(order), not \(others)")
        }
    }
}
