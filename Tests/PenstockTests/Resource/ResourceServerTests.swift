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

/// A pool of TCP connections to a server that dies, hangs and comes back while a load runs.
@Suite(.timeLimit(.minutes(5)))
struct ResourceServerTests {
    /// Counts what the observer is told.
    private final class Counter: PipelineObserver {
        private let counts = Locked((failed: 0, hung: 0))
        var failed: Int { self.counts.withLock { $0.failed } }
        var hung: Int { self.counts.withLock { $0.hung } }

        func creationFailed(_ error: any Error, pool: String) {
            let isHung = (error as? PenstockError)?.code == .timedOut
            self.counts.withLock { if isHung { $0.hung += 1 } else { $0.failed += 1 } }
        }
    }

    private struct Load: Sendable {
        var isOver = false
        var succeeded = 0
        var failed = 0
        var codes: Set<PenstockError.Code> = []
    }

    private static let maximum = 4

    private func configuration(_ executor: any TaskExecutor, _ observer: Counter) -> ResourcePoolConfiguration {
        var configuration = ResourcePoolConfiguration(name: "connections", minimum: 1, maximum: Self.maximum)
        configuration.executor = executor
        configuration.observer = observer
        configuration.ageMax = .milliseconds(200)
        configuration.ageJitter = 0.5
        configuration.waitTimeMax = .milliseconds(100)
        configuration.creation.timeMax = .milliseconds(20)
        configuration.creation.backoffInitial = .milliseconds(1)
        configuration.creation.backoffMax = .milliseconds(20)
        configuration.creation.failuresMax = 4
        configuration.check.interval = .milliseconds(10)
        configuration.check.timeMax = .milliseconds(100)
        configuration.isBroken = { _ in true }
        return configuration
    }

    @Test func `a pool of connections outlives a server that dies, hangs and comes back under load`() async throws {
        try await withWatchdog {
            let server = try TCPServer()
            let port = server.port
            // The calls on sockets block, so they run on threads that may.
            let executor = ThreadExecutor(threads: 24, name: "connections")
            defer { executor.shutdown() }
            let observer = Counter()
            let wrongEnds = Notes<Int>()
            let load = Locked(Load())
            let pool = ResourcePool(self.configuration(executor, observer)) {
                try await TCPConnection.open(port: port)
            } check: { connection in
                (try? connection.roundTrip(1)) != nil
            } destroy: { connection in
                if !connection.end() { wrongEnds.add(1) }
            }
            let report = try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask(executorPreference: executor) {
                        await self.user(UInt8(number), of: pool, load)
                    }
                }
                async let run = pool.run()
                for _ in 0..<2 {
                    await self.progress(load, pool)
                    await server.become(.dead)
                    let failures = observer.failed
                    await eventually { observer.failed > failures + 4 && self.isSound(pool) }
                    await server.become(.hangs)
                    let hung = observer.hung
                    await eventually { observer.hung > hung + 1 && self.isSound(pool) }
                    await server.become(.serves)
                    await self.progress(load, pool)
                }
                load.withLock { $0.isOver = true }
                try await group.waitForAll()
                _ = await pool.drain()
                return try await run
            }
            let (last, counts) = (report.snapshot, load.withLock { $0 })
            #expect(report.leases.isEmpty && report.abandoned.isEmpty, "\(report)")
            #expect(last.isBalanced && last.created == last.destroyed && last.slotsTaken == 0, "\(report)")
            #expect(last.requests == counts.succeeded + counts.failed)
            #expect(counts.codes.isSubset(of: [.timedOut, .creationFailed]))
            #expect(wrongEnds.count == 0)
            // Nothing leaks: the server sees every connection closed.
            await eventually { server.connectionCount == 0 }
            await server.become(.ended)
        }
    }

    private func user(_ number: UInt8, of pool: ResourcePool<TCPConnection>, _ load: Locked<Load>) async {
        while !load.withLock({ $0.isOver }) {
            do {
                try await pool.with { try $0.roundTrip(number) }
                load.withLock { $0.succeeded += 1 }
            } catch {
                load.withLock { load in
                    load.failed += 1
                    if let error = error as? PenstockError { load.codes.insert(error.code) }
                }
            }
            await Task.yield()
        }
    }

    private func isSound(_ pool: ResourcePool<TCPConnection>) -> Bool {
        let snapshot = pool.snapshot()
        let problem = pool.problem
        if snapshot.isBalanced, problem == nil { return true }
        Issue.record("\(snapshot), \(problem ?? "")")
        return true
    }

    /// Waits until further requests have succeeded.
    private func progress(_ load: Locked<Load>, _ pool: ResourcePool<TCPConnection>) async {
        let before = load.withLock { $0.succeeded }
        await eventually { load.withLock { $0.succeeded } > before + 200 && self.isSound(pool) }
    }
}
