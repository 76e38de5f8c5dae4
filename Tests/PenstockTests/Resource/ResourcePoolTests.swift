//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

@testable import Penstock

@Suite(.timeLimit(.minutes(5)))
struct ResourcePoolTests {
    private struct Refused: Error, Equatable {}

    /// Makes numbers, and remembers what it destroyed.
    private final class Factory: Sendable {
        private let made = Locked(0)
        let destroyed = Notes<Int>()

        func make() -> Int {
            self.made.withLock { made in
                made += 1
                return made
            }
        }
    }

    private func configuration(_ clock: VirtualClock, maximum: Int = 1) -> ResourcePoolConfiguration {
        var configuration = ResourcePoolConfiguration(name: "tested", maximum: maximum)
        configuration.time = clock.time
        configuration.seed = 7
        return configuration
    }

    /// Real time, with limits that no busy machine reaches.
    private func patient(_ name: String = "resources", maximum: Int = 1) -> ResourcePoolConfiguration {
        var configuration = ResourcePoolConfiguration(name: name, maximum: maximum)
        configuration.waitTimeMax = .seconds(300)
        configuration.creation.timeMax = .seconds(300)
        configuration.check.timeMax = .seconds(300)
        configuration.check.afterIdle = .seconds(300)
        configuration.destructionTimeMax = .seconds(300)
        configuration.drainDeadline = .seconds(300)
        return configuration
    }

    private func code(_ body: () async throws -> Void) async -> PenstockError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? PenstockError)?.code
        }
    }

    @Test func `a resource is used again, and a lease that is forgotten comes back`() async throws {
        try await withWatchdog {
            let factory = Factory()
            let sum = try await withResourcePool(self.patient()) {
                factory.make()
            } destroy: {
                factory.destroyed.add($0)
            } body: { pool in
                do { _ = try await pool.lease().resource }
                let lease = try await pool.lease()
                let first = lease.resource
                lease.release()
                let second = try await pool.with { $0 }
                let broken = try await pool.lease()
                broken.discard()
                let third = try await pool.with { $0 }
                #expect(pool.snapshot().served == 5 && pool.snapshot().isBalanced)
                return [first, second, third]
            }
            #expect(sum == [1, 1, 2])
            #expect(factory.destroyed.all == [1, 2])
        }
    }

    @Test func `an error that breaks destroys, another leads to a check first`() async throws {
        try await withWatchdog {
            let factory = Factory()
            let checked = Notes<Int>()
            var configuration = self.patient()
            configuration.isBroken = { $0 is Refused }
            try await withResourcePool(configuration) {
                factory.make()
            } check: {
                checked.add($0)
                return $0 != 2
            } destroy: {
                factory.destroyed.add($0)
            } body: { pool in
                await #expect(throws: Refused.self) { try await pool.with { _ in throw Refused() } }
                // The second is new, and its check says no; so does nobody's of the third.
                await #expect(throws: JobFailure.self) { try await pool.with { _ in throw JobFailure() } }
                await #expect(throws: JobFailure.self) { try await pool.with { _ in throw JobFailure() } }
                let used = try await pool.with { $0 }
                #expect(used == 3)
                #expect(checked.all == [2, 3])
                #expect(factory.destroyed.all == [1, 2])
            }
        }
    }

    @Test func `a wait ends with timedOut and the reason, or with creationFailed after enough failures`() async throws {
        try await withWatchdog {
            let clock = VirtualClock()
            var configuration = self.configuration(clock)
            configuration.creation.failuresMax = 3
            configuration.creation.backoffInitial = .seconds(10)
            let attempts = Notes<Int>()
            try await withResourcePool(configuration) { () -> Int in
                attempts.add(1)
                throw Refused()
            } body: { pool in
                async let late: PenstockError? = {
                    do throws(PenstockError) {
                        _ = try await pool.lease(timeout: .nanoseconds(1))
                        return nil
                    } catch {
                        return error
                    }
                }()
                await eventually { pool.snapshot().creationsFailed == 1 && clock.sleeperCount > 0 }
                clock.advance(by: .nanoseconds(1))
                let error = await late
                #expect(error?.code == .timedOut && error?.underlyingError is Refused)
                async let failed = self.code { try await pool.with(timeout: .seconds(10_000)) { _ in } }
                await eventually { pool.snapshot().waiting == 1 }
                while attempts.count < 3 {
                    clock.advance(by: .seconds(1))
                    await Task.yield()
                }
                #expect(await failed == .creationFailed)
                let snapshot = pool.snapshot()
                #expect(snapshot.timedOut == 1 && snapshot.failed == 1 && snapshot.isBalanced)
            }
        }
    }

    @Test func `a creation that hangs gives its slot back, and what it brings late is destroyed`() async throws {
        try await withWatchdog {
            let clock = VirtualClock()
            let (factory, gate) = (Factory(), TaskGate())
            var configuration = self.configuration(clock)
            configuration.creation.timeMax = .seconds(3)
            configuration.creation.backoffInitial = .zero
            try await withResourcePool(configuration) {
                let number = factory.make()
                if number == 1 { await gate.wait() }
                return number
            } destroy: {
                factory.destroyed.add($0)
            } body: { pool in
                async let second = pool.with(timeout: .seconds(1_000)) { $0 }
                await eventually { gate.arrivals == 1 && clock.sleeperCount == 2 }
                clock.advance(by: .seconds(3))
                let used = try await second
                #expect(used == 2)
                #expect(pool.snapshot().creationsAdrift == 1 && pool.snapshot().isBalanced)
                gate.open()
                await eventually { factory.destroyed.all == [1] && pool.snapshot().creationsAdrift == 0 }
                await eventually { pool.snapshot().destroyed == 1 }
                #expect(pool.snapshot().created == 2 && pool.snapshot().isBalanced)
            }
        }
    }

    @Test func `a pool refuses when too many wait, and waits end when it drains`() async throws {
        try await withWatchdog {
            var configuration = self.patient()
            configuration.waitersMax = 1
            let pool = ResourcePool(configuration) { 1 }
            async let run = pool.run()
            let lease = try await pool.lease()
            async let waiting = self.code { try await pool.with { _ in } }
            await eventually { pool.snapshot().waiting == 1 }
            #expect(await self.code { try await pool.with { _ in } } == .full)
            async let report = pool.drain()
            #expect(await waiting == .closed)
            #expect(await self.code { try await pool.with { _ in } } == .closed)
            lease.release()
            let last = await report
            #expect(last.leases.isEmpty && last.snapshot.isBalanced && last.snapshot.refused == 3)
            #expect(try await run.snapshot == last.snapshot)
            #expect(await self.code { _ = try await pool.run() } == .alreadyRunning)
        }
    }

    @Test func `a drain names the leases and closures that do not end, and what comes later is destroyed`() async throws
    {
        try await withWatchdog {
            let (factory, gate) = (Factory(), TaskGate())
            let pool = ResourcePool(self.patient("stuck", maximum: 2)) {
                let number = factory.make()
                if number == 2 { await gate.wait() }
                return number
            } destroy: {
                factory.destroyed.add($0)
            }
            async let run = pool.run()
            let lease = try await pool.lease(file: "Somewhere.swift", line: 42)
            async let other = self.code { try await pool.with { _ in } }
            await eventually { gate.arrivals == 1 }
            let report = await pool.drain(deadline: .zero, grace: .zero)
            #expect(await other == .closed)
            #expect(report.leases.map(\.place.description) == ["Somewhere.swift:42"])
            #expect(report.abandoned.map(\.kind) == [.creation])
            #expect(report.snapshot.isBalanced, "\(report)")
            #expect(try await run.leases == report.leases)
            lease.release()
            gate.open()
            await eventually { factory.destroyed.all.sorted() == [1, 2] && pool.snapshot().destroyed == 2 }
            #expect(pool.snapshot().isBalanced && pool.snapshot().slotsTaken == 0)
        }
    }

    @Test func `a lease that lasts too long is reported once, with its place`() async throws {
        final class Listener: PipelineObserver {
            let reports = Notes<LeaseReport>()
            func leaseIsOverdue(_ lease: LeaseReport, pool: String) { self.reports.add(lease) }
        }
        try await withWatchdog {
            let (clock, listener) = (VirtualClock(), Listener())
            var configuration = self.configuration(clock)
            configuration.leaseTimeMax = .seconds(60)
            configuration.observer = listener
            try await withResourcePool(configuration) {
                1
            } body: { pool in
                let lease = try await pool.lease(file: "Holder.swift", line: 3)
                for _ in 0..<2 {
                    await eventually { clock.sleeperCount > 0 || listener.reports.count > 0 }
                    clock.advance(by: .seconds(61))
                    await eventually { listener.reports.count > 0 }
                }
                #expect(listener.reports.all.map(\.place.description) == ["Holder.swift:3"])
                #expect(pool.leases(olderThan: .seconds(100)).map(\.place.line) == [3])
                #expect(pool.leases(olderThan: .seconds(1_000)).isEmpty)
                lease.release()
                #expect(pool.snapshot().leaseTimes.max >= 61_000_000_000)
            }
        }
    }

    @Test func `a resource that was idle for long is checked before it is leased`() async throws {
        try await withWatchdog {
            let (clock, factory, checked) = (VirtualClock(), Factory(), Notes<Int>())
            var configuration = self.configuration(clock)
            configuration.check.afterIdle = .seconds(5)
            try await withResourcePool(configuration) {
                factory.make()
            } check: {
                checked.add($0)
                return checked.count > 1
            } body: { pool in
                let first = try await pool.with { $0 }
                #expect(first == 1)
                let again = try await pool.with { $0 }
                #expect(again == 1)
                #expect(checked.count == 0)
                clock.advance(by: .seconds(5))
                let other = try await pool.with { $0 }
                #expect(other == 2)
                clock.advance(by: .seconds(5))
                let same = try await pool.with { $0 }
                #expect(same == 2)
                #expect(checked.all == [1, 2])
            }
        }
    }

    @Test func `a pool that drains before it runs starts nothing`() async throws {
        try await withWatchdog {
            let factory = Factory()
            let pool = ResourcePool(ResourcePoolConfiguration(minimum: 1)) { factory.make() }
            async let waiting = self.code { try await pool.with { _ in } }
            await eventually { pool.snapshot().waiting == 1 }
            let report = await pool.drain()
            #expect(await waiting == .closed)
            let again = try await pool.run()
            #expect(again.snapshot == report.snapshot)
            #expect(report.snapshot.creations == 0 && report.snapshot.isBalanced)
        }
    }
}
