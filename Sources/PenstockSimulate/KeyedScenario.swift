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

/// Keys in a pool that is resized while it works: the jobs of each begin in order and never overlap, and one whose job does
/// not end holds up no other.
struct KeyedScenario: Sendable {
    private struct Keys {
        var isRunning: [Int: Bool] = [:]
        var last: [Int: Int] = [:]
        /// How many jobs of other keys than the slow one have not ended.
        var othersLeft = 0
    }

    private let simulation: Simulation
    private let fates: JobFates
    private let keys: Locked<Keys>
    /// How many jobs each key has.
    private let counts: [Int]
    private let pool: WorkerPool<Int, Int>
    /// Whether the first job of key 0 lasts until all jobs of the other keys have ended.
    private let hasSlowKey: Bool
    private let isBatch: Bool

    init(simulation: Simulation) {
        let counts = (0..<simulation.random(in: 2...5)).map { _ in simulation.random(in: 1...10) }
        let hasSlowKey = simulation.oneIn(2)
        let isBatch = simulation.oneIn(3)
        var configuration = simulation.configuration(
            workers: simulation.random(in: 2...4),
            capacity: hasSlowKey ? 64 : simulation.random(in: 1...8)
        )
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        if !hasSlowKey, simulation.oneIn(3) {
            configuration.queueTimeMax = .microseconds(simulation.random(in: 1...5_000))
        }
        let fates = JobFates(simulation: simulation)
        let keys = Locked(Keys(othersLeft: counts.dropFirst().reduce(0, +)))
        let gate = Channel<Void>(capacity: 1)
        let slow = hasSlowKey ? 0 : -1
        let work: @Sendable (Int) async throws -> Int = { job in
            defer { Self.end(job, keys, gate) }
            if job == slow { _ = try? await gate.receive() }
            return try await fates.finish(job)
        }
        self.simulation = simulation
        self.fates = fates
        self.keys = keys
        self.counts = counts
        self.hasSlowKey = hasSlowKey
        self.isBatch = isBatch
        let discipline = Discipline<Int>.keyed { $0 / 100 }
        if isBatch {
            self.pool = WorkerPool(configuration, discipline: discipline, onDrop: fates.drop) { jobs, outcomes in
                Self.begin(jobs.indices.map { jobs[$0] }, keys, fates)
                for index in jobs.indices {
                    do {
                        outcomes.append(try await work(jobs[index]))
                    } catch {
                        outcomes.append(failure: error)
                    }
                }
                keys.withLock { $0.isRunning[jobs[0] / 100] = false }
            }
        } else {
            self.pool = WorkerPool(configuration, discipline: discipline, onDrop: fates.drop) {
                (job: Int) async throws in
                Self.begin([job], keys, fates)
                defer { keys.withLock { $0.isRunning[job / 100] = false } }
                return try await work(job)
            }
        }
        simulation.watch(self.pool)
    }

    func run() async throws {
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await self.pool.run() }
            await withTaskGroup(of: Void.self) { others in
                others.addTask { await self.change() }
                for key in self.counts.indices { others.addTask { await self.produce(key) } }
            }
            let isHurried = !self.hasSlowKey && self.simulation.oneIn(3)
            let report = await self.pool.drain(
                deadline: isHurried ? .milliseconds(self.simulation.random(in: 0...5)) : nil
            )
            try await group.waitForAll()
            return report
        }
        self.fates.judge(report)
    }

    // MARK: - Private

    private static func begin(_ jobs: [Int], _ keys: Locked<Keys>, _ fates: JobFates) {
        let key = jobs[0] / 100
        keys.withLock { keys in
            fates.simulation.expect(keys.isRunning[key] != true, "two jobs of key \(key) run at once")
            keys.isRunning[key] = true
            for job in jobs {
                fates.simulation.expect(job / 100 == key, "a batch has two keys: \(jobs)")
                let last = keys.last[key] ?? -1
                fates.simulation.expect(job > last, "job \(job) began after \(last)")
                keys.last[key] = job
            }
        }
        for job in jobs { fates.begin(job) }
    }

    /// A job has ended; the slow one may go once all of the others' have.
    private static func end(_ job: Int, _ keys: Locked<Keys>, _ gate: Channel<Void>) {
        guard job >= 100 else { return }
        let left = keys.withLock { keys in
            keys.othersLeft -= 1
            return keys.othersLeft
        }
        if left == 0 { gate.finish() }
    }

    private func produce(_ key: Int) async {
        let jobs = Array(key * 100..<key * 100 + self.counts[key])
        let way = self.simulation.random(in: 0...2)
        var sender = self.pool.sender()
        for job in jobs {
            do {
                switch way {
                case 0: try await self.pool.submit(job)
                case 1: try await sender.send(job)
                default: try await self.call(job)
                }
                self.fates.accept([job])
            } catch let error as PenstockError where error.code == .cancelled {
                self.fates.cancel(job)
            } catch {
                self.fates.accept([job])
            }
            if self.simulation.oneIn(4) { await self.simulation.pause() }
        }
    }

    /// Calls, and is cancelled sometimes; where a key is slow a call does not wait.
    private func call(_ job: Int) async throws {
        guard !self.hasSlowKey else { return try await self.pool.submit(job) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await self.pool.call(job) }
            if self.simulation.oneIn(4) {
                for _ in 0..<self.simulation.random(in: 0...10) { await self.simulation.pause() }
                group.cancelAll()
            }
            try await group.next()
        }
    }

    /// Ten resizes, and pauses that end.
    private func change() async {
        for _ in 0..<10 {
            self.pool.resize(workers: self.simulation.random(in: 2...5))
            if self.simulation.oneIn(3) { self.pool.pause() }
            for _ in 0..<self.simulation.random(in: 0...10) { await self.simulation.pause() }
            self.pool.resume()
        }
    }
}
