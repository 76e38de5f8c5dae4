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

/// A pool whose workers come and go while it works: it is paused, resumed and resized, jobs stick and others replace their
/// workers, and a drain comes at any moment or at the end. Nothing is lost, and in the end there are as many workers as
/// there are to be.
struct ResizingScenario: Sendable {
    private let simulation: Simulation
    private let fates: JobFates
    private let configuration: WorkerPoolConfiguration
    private let pool: WorkerPool<Int, Int>
    private let drainsEarly: Bool

    init(simulation: Simulation) {
        self.simulation = simulation
        var configuration = simulation.configuration(
            workers: simulation.random(in: 1...4),
            capacity: simulation.oneIn(3) ? 64 : simulation.random(in: 1...8)
        )
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        if simulation.oneIn(2) {
            configuration.stuckAfter = .microseconds(simulation.random(in: 100...10_000))
            configuration.replacementsMax = simulation.random(in: 0...2)
        }
        if simulation.oneIn(4) {
            configuration.rateLimit = RateLimit(1, per: .microseconds(simulation.random(in: 100...2_000)))
        }
        if simulation.oneIn(4) {
            configuration.retry = RetryPolicy(attemptsMax: 2)
            configuration.retry?.backoffInitial = .milliseconds(simulation.random(in: 0...5))
        }
        let fates = JobFates(
            simulation: simulation,
            canStick: simulation.oneIn(3),
            attemptsMax: configuration.retry?.attemptsMax ?? 1
        )
        self.fates = fates
        self.configuration = configuration
        self.drainsEarly = simulation.oneIn(2)
        let results: ResultsPolicy<Int> = simulation.oneIn(4) ? .sink { _ in } : .discard
        self.pool = WorkerPool(configuration, results: results, onDrop: fates.drop) { try await fates.run($0) }
        simulation.watch(self.pool, beside: configuration.retry == nil ? 0 : 100)
    }

    func run() async throws {
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            if self.simulation.oneIn(4) { self.change() }
            group.addTask { _ = try await self.pool.run() }
            let report = await withTaskGroup(of: Void.self) { others in
                for index in 0..<self.simulation.random(in: 1...3) {
                    others.addTask { await self.produce(1 + index * 100) }
                }
                for _ in 0..<self.simulation.random(in: 0...12) {
                    self.change()
                    await self.wait()
                }
                if !self.drainsEarly { await self.settle(&others) }
                let report = await self.drain()
                self.fates.release()
                await others.waitForAll()
                return report
            }
            try await group.waitForAll()
            return report
        }
        self.fates.judge(report)
        if !self.drainsEarly {
            let ledger = report.ledger
            self.simulation.expect(ledger.done + ledger.failed == ledger.accepted, "nothing was in the way: \(ledger)")
        }
    }

    // MARK: - Private

    private func produce(_ base: Int) async {
        var sender = self.pool.sender()
        for job in base..<base + self.simulation.random(in: 0...15) {
            do throws(PenstockError) {
                if self.simulation.oneIn(2) { try await sender.send(job) } else { try await self.pool.submit(job) }
                self.fates.accept([job])
            } catch {
                return
            }
            if self.simulation.oneIn(4) { await self.wait() }
        }
    }

    /// Pauses, resumes or resizes.
    private func change() {
        switch self.simulation.random(in: 0...4) {
        case 0: self.pool.pause()
        case 1: self.pool.resume()
        default: self.pool.resize(workers: self.simulation.random(in: 1...6))
        }
    }

    private func wait() async {
        if self.simulation.oneIn(3) {
            try? await self.simulation.time.sleep(for: .microseconds(self.simulation.random(in: 0...15_000)))
        } else {
            for _ in 0..<self.simulation.random(in: 0...20) { await self.simulation.pause() }
        }
    }

    /// Lets everything come to its end, and counts who is left.
    private func settle(_ others: inout TaskGroup<Void>) async {
        self.pool.resume()
        self.fates.release()
        await others.waitForAll()
        var snapshot = self.pool.snapshot()
        // Each look moves the clock, and every wait of the pool's is short: this ends, or the run has too many steps.
        while snapshot.idleWorkers != snapshot.workers || snapshot.ledger.queued + snapshot.ledger.inFlight > 0
            || !snapshot.stuckJobs.isEmpty
        {
            try? await self.simulation.time.sleep(for: .milliseconds(1))
            snapshot = self.pool.snapshot()
        }
        // Nobody is left who could park later.
        for _ in 0..<50 { await self.simulation.pause() }
        let later = self.pool.snapshot()
        self.simulation.expect(later.idleWorkers == later.workers, "\(later.idleWorkers) workers, not \(later.workers)")
    }

    /// Drains, which must not take longer than it may although jobs never end.
    private func drain() async -> DrainReport<Int, Int> {
        if self.simulation.oneIn(3) { self.pool.pause() }
        let (deadline, grace) = (self.simulation.random(in: 0...20), self.simulation.random(in: 0...3))
        let begin = self.simulation.time.now()
        let report: DrainReport<Int, Int>
        if self.drainsEarly {
            report = await self.pool.drain(deadline: .milliseconds(deadline), grace: .milliseconds(grace))
            let elapsed = self.simulation.time.now() - begin
            self.simulation.expect(elapsed < 1_000_000_000, "the drain took \(elapsed) ns")
        } else {
            report = await self.pool.drain()
        }
        return report
    }
}
