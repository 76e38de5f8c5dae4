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

/// P1 to P3, P7 and P13 on real threads: whatever comes in between, each accepted job has one end, and is counted so.
@Suite(.timeLimit(.minutes(5)))
struct PoolInvariantTests {
    // MARK: - Calls

    @Test func `each call returns once with its job's end, cancelled at any moment, with a drain at any moment`()
        async throws
    {
        for seed in 0..<UInt64(scaled(60)) {
            try await withWatchdog(.seconds(120), "calls, seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let log = JobLog()
                let pool = self.pool(log, self.configuration(&random), handlesBatches: random.oneIn(3))
                let (callers, drains) = (1 + random.below(4), random.oneIn(2))
                let pauses = random.below(2_000)
                async let run = pool.run()
                async let drain = drains ? self.drain(pool, after: pauses) : nil
                await withTaskGroup(of: Void.self) { group in
                    for caller in 0..<callers {
                        group.addTask { await self.call(pool, log, base: 1_000 * caller, seed: seed) }
                    }
                }
                _ = await drain
                log.judge(await pool.drain(), "calls, seed \(seed)")
                _ = try await run
            }
        }
    }

    private func call(_ pool: WorkerPool<Int, Int>, _ log: JobLog, base: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed &+ UInt64(base))
        var calls: [Task<Void, Never>] = []
        for job in base..<base + 40 {
            if random.oneIn(4) {
                await log.submit(job, pool)
                continue
            }
            let call = Task { await log.call(job, pool) }
            calls.append(call)
            if random.oneIn(2) {
                for _ in 0..<random.below(50) { await Task.yield() }
                call.cancel()
            }
            if random.oneIn(2) { await call.value }
        }
        for call in calls { await call.value }
    }

    // MARK: - Overload

    @Test(arguments: ["wait", "reject", "newest", "oldest", "lowest", "callerRuns"])
    func `each overflow policy is exact in the ledger, by reason`(name: String) async throws {
        let policies: [String: OverflowPolicy] = [
            "wait": .wait, "reject": .reject, "newest": .dropNewest, "oldest": .dropOldest, "lowest": .dropLowest,
            "callerRuns": .callerRuns,
        ]
        for seed in 0..<UInt64(scaled(12)) {
            try await withWatchdog(.seconds(120), "\(name), seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let log = JobLog()
                var configuration = self.configuration(&random)
                configuration.overflow = policies[name] ?? .wait
                configuration.queueTimeMax = random.oneIn(3) ? .microseconds(1 + random.below(300)) : nil
                configuration.shedding =
                    random.oneIn(3) ? LoadShedding(target: .microseconds(20), interval: .microseconds(100)) : nil
                configuration.rateLimit = random.oneIn(4) ? RateLimit(200, per: .milliseconds(1)) : nil
                let discipline = name == "lowest" ? Discipline<Int>.priority { $0 % 3 } : .fifo
                let pool = self.pool(log, configuration, discipline, handlesBatches: random.oneIn(3))
                let (drains, pauses) = (random.oneIn(2), random.below(2_000))
                async let run = pool.run()
                async let drain = drains ? self.drain(pool, after: pauses) : nil
                await withTaskGroup(of: Void.self) { group in
                    for producer in 0..<3 { group.addTask { await self.offer(pool, log, base: 1_000 * producer) } }
                }
                _ = await drain
                let report = await pool.drain()
                log.judge(report, "\(name), seed \(seed)")
                let sheds = report.ledger.sheds
                #expect(name == "newest" || sheds.newest == 0)
                #expect(name == "oldest" || sheds.oldest == 0)
                #expect(name == "lowest" || sheds.lowest == 0)
                #expect(name == "reject" || report.ledger.rejections.full <= 100, "only those that do not wait")
                _ = try await run
            }
        }
    }

    /// One producer of each kind.
    private func offer(_ pool: WorkerPool<Int, Int>, _ log: JobLog, base: Int) async {
        switch base {
        case 0:
            var sender = pool.sender()
            for job in 0..<200 {
                do throws(PenstockError) {
                    try await sender.send(job)
                    log.accept([job])
                } catch {}
            }
        case 1_000: for job in base..<base + 100 where pool.trySubmit(job).isAccepted { log.accept([job]) }
        default:
            for first in stride(from: base, to: base + 200, by: 20) {
                let jobs = Array(first..<first + 20)
                do throws(PenstockError) {
                    try await pool.submit(contentsOf: jobs)
                    log.accept(jobs)
                } catch {
                    log.accept(jobs.prefix(error.acceptedCount))
                }
            }
        }
    }

    // MARK: - Resizing

    @Test func `nothing is lost while workers come and go, and in the end there are as many as there are to be`()
        async throws
    {
        for seed in 0..<UInt64(scaled(30)) {
            try await withWatchdog(.seconds(120), "resizing, seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let log = JobLog()
                var configuration = self.configuration(&random)
                if random.oneIn(2) {
                    configuration.stuckAfter = .microseconds(200)
                    configuration.replacementsMax = random.below(3)
                }
                configuration.threads = random.oneIn(2) ? .perWorker : .cores
                let pool = self.pool(log, configuration, handlesBatches: false)
                async let run = pool.run()
                let drainsEarly = random.oneIn(2)
                let changes = (0..<30).map { _ in random.below(8) }
                await withTaskGroup(of: Void.self) { group in
                    for producer in 0..<3 { group.addTask { await self.offer(pool, log, base: 1_000 * producer) } }
                    for change in changes {
                        switch change {
                        case 0: pool.pause()
                        case 1...2: pool.resume()
                        default: pool.resize(workers: change - 2)
                        }
                        for _ in 0..<20 { await Task.yield() }
                    }
                    if drainsEarly {
                        _ = await pool.drain(deadline: .milliseconds(change(&random)), grace: .seconds(20))
                        return
                    }
                    pool.resume()
                    await group.waitForAll()
                    await eventually {
                        let snapshot = pool.snapshot()
                        return snapshot.idleWorkers == snapshot.workers && snapshot.stuckJobs.isEmpty
                            && snapshot.ledger.queued + snapshot.ledger.inFlight == 0
                    }
                }
                let report = await pool.drain()
                log.judge(report, "resizing, seed \(seed)")
                #expect(drainsEarly || report.ledger.returned == 0)
                _ = try await run
            }
        }
    }

    private func change(_ random: inout SeededGenerator) -> Int { random.below(3) }

    // MARK: - Private

    private func configuration(_ random: inout SeededGenerator) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(workers: 1 + random.below(3), capacity: 2 + random.below(20))
        configuration.batchMax = [1, 4, 64][random.below(3)]
        if random.oneIn(2) {
            configuration.retry = RetryPolicy(attemptsMax: 2)
            configuration.retry?.backoffInitial = .microseconds(100)
        }
        return configuration
    }

    private func pool(
        _ log: JobLog,
        _ configuration: WorkerPoolConfiguration,
        _ discipline: Discipline<Int> = .fifo,
        handlesBatches: Bool
    ) -> WorkerPool<Int, Int> {
        guard handlesBatches else {
            return WorkerPool(configuration, discipline: discipline, onDrop: log.drop) {
                (job: Int) async throws -> Int in
                if job % 3 == 0 { await Task.yield() }
                return try log.run(job)
            }
        }
        var configuration = configuration
        configuration.retry = nil
        return WorkerPool(configuration, discipline: discipline, onDrop: log.drop) { jobs, outcomes in
            await Task.yield()
            for index in jobs.indices {
                do { outcomes.append(try log.run(jobs[index])) } catch { outcomes.append(failure: error) }
            }
        }
    }

    private func drain(_ pool: WorkerPool<Int, Int>, after pauses: Int) async -> DrainReport<Int, Int>? {
        for _ in 0..<pauses { await Task.yield() }
        return await pool.drain(deadline: .milliseconds(pauses % 3), grace: .seconds(20))
    }
}
