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
import Testing

/// Many leases on real threads, with all that can go wrong: at every snapshot every resource and request is somewhere.
@Suite(.timeLimit(.minutes(5)))
struct ResourceAccountingTests {
    private struct Broken: Error {}

    private final class Tool: Sendable {
        private let users = Locked(0)

        /// Whether nobody else has it.
        func use() -> Bool {
            self.users.withLock { users in
                users += 1
                return users == 1
            }
        }

        func endUse() { self.users.withLock { $0 -= 1 } }
    }

    private static let leases = 10_000
    private static let users = 16

    private func configuration() -> ResourcePoolConfiguration {
        var configuration = ResourcePoolConfiguration(name: "tools", minimum: 2, maximum: 6)
        configuration.idleTimeMax = .microseconds(500)
        configuration.ageMax = .milliseconds(2)
        configuration.leaseTimeMax = .milliseconds(1)
        configuration.creation.timeMax = .milliseconds(2)
        configuration.creation.backoffInitial = .microseconds(50)
        configuration.creation.backoffMax = .milliseconds(1)
        configuration.creation.failuresMax = 6
        configuration.check.afterIdle = .microseconds(300)
        configuration.check.interval = .microseconds(500)
        configuration.check.timeMax = .milliseconds(2)
        configuration.isBroken = { $0 is Broken }
        return configuration
    }

    @Test func `ten thousand leases under cancellation, failure and ageing balance at every snapshot`() async throws {
        try await withWatchdog {
            let random = Locked(SeededGenerator(seed: 1))
            let (made, destroyed, shared) = (Notes<Int>(), Notes<Int>(), Notes<String>())
            let pool = ResourcePool(self.configuration()) {
                let chance = random.withLock { $0.below(40) }
                if chance < 6 { throw Broken() }
                // Hangs until it is cancelled; one of the two is there nevertheless.
                if chance == 6 { _ = try await Channel<Int>(capacity: 1).receive() }
                if chance == 7 { _ = try? await Channel<Int>(capacity: 1).receive() }
                made.add(1)
                return Tool()
            } check: { tool in
                if !tool.use() { shared.add("a check of what is used") }
                defer { tool.endUse() }
                if random.withLock({ $0.oneIn(200) }) { _ = try? await Channel<Int>(capacity: 1).receive() }
                return !random.withLock { $0.oneIn(5) }
            } destroy: { tool in
                if !tool.use() { shared.add("destroyed what is used, or twice") }
                destroyed.add(1)
            }
            let looks = Notes<String>()
            let isOver = Locked(false)
            let report = try await withThrowingTaskGroup(of: Void.self) { group in
                async let run = pool.run()
                async let looking: Void = self.look(at: pool, until: isOver, looks)
                for user in 0..<Self.users {
                    group.addTask { await self.use(pool, seed: UInt64(user), shared) }
                }
                try await group.waitForAll()
                isOver.withLock { $0 = true }
                await looking
                _ = await pool.drain()
                return try await run
            }
            let last = report.snapshot
            #expect(looks.all.isEmpty && shared.all.isEmpty, "\(looks.all.prefix(3)) \(shared.all.prefix(3))")
            #expect(last.requests == scaled(Self.leases) / Self.users * Self.users)
            #expect(last.created == made.count && last.destroyed == destroyed.count && made.count == destroyed.count)
            #expect(report.leases.isEmpty && report.abandoned.isEmpty && last.slotsTaken == 0, "\(report)")
            #expect(last.isBalanced, "\(last)")
            // Under a sanitizer there are too few leases for each of these to be certain.
            guard scaled(Self.leases) == Self.leases else { return }
            #expect(last.cancelled > 0 && last.timedOut > 0 && last.creationsFailed > 0 && last.checksFailed > 0)
        }
    }

    /// Takes snapshots all the time and notes those that do not balance.
    private func look(at pool: ResourcePool<Tool>, until isOver: Locked<Bool>, _ notes: Notes<String>) async {
        while !isOver.withLock({ $0 }) {
            let snapshot = pool.snapshot()
            if !snapshot.isBalanced { notes.add("\(snapshot)") }
            if let problem = pool.problem { notes.add(problem) }
            await Task.yield()
        }
    }

    private func use(_ pool: ResourcePool<Tool>, seed: UInt64, _ shared: Notes<String>) async {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<(scaled(Self.leases) / Self.users) {
            let (way, steps) = (random.below(6), random.below(6))
            let timeout: Duration? = random.oneIn(6) ? .microseconds(random.below(200)) : nil
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await self.lease(pool, way: way, steps: steps, timeout: timeout, shared)
                }
                if way == 0 {
                    for _ in 0..<steps { await Task.yield() }
                    group.cancelAll()
                }
            }
        }
    }

    private func lease(
        _ pool: ResourcePool<Tool>,
        way: Int,
        steps: Int,
        timeout: Duration?,
        _ shared: Notes<String>
    ) async throws {
        if way < 3 {
            let lease = try await pool.lease(timeout: timeout)
            if !lease.resource.use() { shared.add("leased twice") }
            for _ in 0..<steps { await Task.yield() }
            lease.resource.endUse()
            if way == 1 { lease.discard() }
            return
        }
        try await pool.with(timeout: timeout) { tool in
            if !tool.use() { shared.add("leased twice") }
            defer { tool.endUse() }
            for _ in 0..<steps { await Task.yield() }
            if way == 3 { throw steps < 3 ? Broken() : CancellationError() as any Error }
        }
    }
}
