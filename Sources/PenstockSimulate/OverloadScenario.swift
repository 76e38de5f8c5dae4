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

/// A pool with too much to do, and whatever a pool may do about it: each policy for a full queue, expiry, shedding, a rate,
/// retries, sizes. Every accepted job has one end; whoever listens for drops hears each of them once, with its reason.
struct OverloadScenario: Sendable {
    private let simulation: Simulation
    private let fates: JobFates
    private let configuration: WorkerPoolConfiguration
    private let pool: WorkerPool<Int, Int>
    private let isSized: Bool
    private let hasChannel: Bool
    /// When jobs have begun, of a pool whose jobs begin as soon as they are let.
    private let begun = Locked<[UInt64]>([])
    private let measuresRate: Bool

    init(simulation: Simulation) {
        self.simulation = simulation
        let isBatch = simulation.oneIn(4)
        let configuration = Self.configuration(simulation, isBatch: isBatch)
        let fates = JobFates(
            simulation: simulation,
            canStick: simulation.oneIn(5),
            attemptsMax: configuration.retry?.attemptsMax ?? 1
        )
        self.fates = fates
        self.configuration = configuration
        self.isSized = simulation.oneIn(4)
        self.measuresRate = configuration.batchMax == 1 && configuration.overflow != .callerRuns
        let begun = self.begun
        self.hasChannel = simulation.oneIn(3)
        let results: ResultsPolicy<Int> = self.hasChannel ? .channel(capacity: simulation.random(in: 1...3)) : .discard
        let size: (@Sendable (borrowing Int) -> JobSize)? = self.isSized ? Self.jobSize : nil
        let discipline = Self.discipline(simulation, configuration.overflow)
        if isBatch {
            self.pool = WorkerPool(
                configuration,
                results: results,
                size: size,
                discipline: discipline,
                onDrop: fates.drop
            ) { jobs, outcomes in
                begun.withLock { $0.append(simulation.time.now()) }
                for index in jobs.indices { fates.begin(jobs[index]) }
                for index in jobs.indices {
                    do {
                        outcomes.append(try await fates.finish(jobs[index]))
                    } catch {
                        outcomes.append(failure: error)
                    }
                }
            }
        } else {
            self.pool = WorkerPool(
                configuration,
                results: results,
                size: size,
                discipline: discipline,
                onDrop: fates.drop
            ) { job in
                begun.withLock { $0.append(simulation.time.now()) }
                return try await fates.run(job)
            }
        }
        // A job of size 3 may come back to a full queue.
        simulation.watch(self.pool, beside: configuration.retry == nil ? 0 : 300)
    }

    func run() async throws {
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            if self.simulation.oneIn(6) { await self.simulation.pause() }
            group.addTask { _ = try await self.pool.run() }
            if self.hasChannel, !self.simulation.oneIn(3) { group.addTask { await self.read() } }
            let report = await withTaskGroup(of: Void.self) { producers in
                for index in 0..<self.simulation.random(in: 1...3) {
                    producers.addTask { await self.produce(1 + index * 100) }
                }
                // A reader that does not come holds its workers, and they their producers.
                if self.simulation.oneIn(2) { for _ in 0..<200 { await self.simulation.pause() } }
                for _ in 0..<self.simulation.random(in: 0...60) { await self.simulation.pause() }
                let report = await self.pool.drain(
                    deadline: .milliseconds(self.simulation.random(in: 0...30)),
                    grace: .milliseconds(self.simulation.random(in: 0...3))
                )
                self.fates.release()
                await producers.waitForAll()
                return report
            }
            try await group.waitForAll()
            return report
        }
        self.fates.judge(report, size: { self.isSized ? Self.size($0) : 1 })
        self.judgeReasons(report.ledger)
        if self.measuresRate { self.judgeRate() }
    }

    // MARK: - Private

    private static func size(_ job: Int) -> Int { 1 + job % 3 }
    private static func jobSize(_ job: borrowing Int) -> JobSize { JobSize(count: 1 + job % 3, bytes: job % 4) }

    private static func configuration(_ simulation: Simulation, isBatch: Bool) -> WorkerPoolConfiguration {
        var configuration = simulation.configuration(
            workers: simulation.random(in: 1...3),
            capacity: simulation.oneIn(4) ? 40 : simulation.random(in: 3...8)
        )
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        let policies: [OverflowPolicy] = [.wait, .reject, .dropNewest, .dropOldest, .dropLowest, .callerRuns]
        configuration.overflow = policies[simulation.random(in: 0...5)]
        if simulation.oneIn(3) { configuration.queueTimeMax = .microseconds(simulation.random(in: 1...5_000)) }
        if simulation.oneIn(3) {
            configuration.shedding = LoadShedding(
                target: .microseconds(simulation.random(in: 10...1_000)),
                interval: .microseconds(simulation.random(in: 1_000...5_000))
            )
        }
        if simulation.oneIn(3) {
            configuration.rateLimit = RateLimit(
                simulation.random(in: 1...3),
                per: .microseconds(simulation.random(in: 200...3_000)),
                burst: simulation.random(in: 1...3)
            )
        }
        if simulation.oneIn(4) { configuration.bytesMax = simulation.random(in: 3...12) }
        if !isBatch, simulation.oneIn(3) {
            configuration.retry = RetryPolicy(attemptsMax: simulation.random(in: 1...3))
            configuration.retry?.backoffInitial = .milliseconds(simulation.random(in: 0...5))
            configuration.retry?.budgetBurst = simulation.random(in: 1...10)
        }
        return configuration
    }

    /// A discipline that the policy may be used with.
    private static func discipline(_ simulation: Simulation, _ policy: OverflowPolicy) -> Discipline<Int> {
        let priority = Discipline<Int>.priority(classes: 3, ageing: .milliseconds(2)) { $0 % 3 }
        let deadline = Discipline<Int>.deadline { $0 % 5 == 0 ? nil : 1_000_000_000 + UInt64($0) * 100_000 }
        let chance = simulation.random(in: 0...8)
        if policy == .callerRuns { return .fifo }
        if policy == .dropLowest { return chance % 2 == 0 ? priority : deadline }
        switch chance {
        case 0: return .lifo
        case 1: return priority
        case 2: return policy == .dropOldest ? .fifo : .fair(tenant: { $0 % 3 }, weight: { 1 + $0 })
        case 3: return .keyed { $0 % 4 }
        case 4: return deadline
        default: return .fifo
        }
    }

    private func produce(_ base: Int) async {
        let jobs = Array(base..<base + self.simulation.random(in: 0...20))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.submit(jobs) }
            guard self.simulation.oneIn(4) else { return }
            for _ in 0..<self.simulation.random(in: 0...30) { await self.simulation.pause() }
            group.cancelAll()
        }
    }

    private func submit(_ jobs: [Int]) async {
        switch self.simulation.random(in: 0...4) {
        case 0:
            var sender = self.pool.sender()
            for job in jobs {
                if self.simulation.oneIn(3) {
                    if sender.trySend(job).isAccepted { self.fates.accept([job]) }
                } else {
                    await self.accept([job]) { () async throws(PenstockError) in try await sender.send(job) }
                }
                if self.simulation.oneIn(4) { await self.simulation.pause() }
            }
        case 1:
            await self.accept(jobs) { () async throws(PenstockError) in try await self.pool.submit(contentsOf: jobs) }
        case 2:
            for job in jobs where self.pool.trySubmit(job).isAccepted { self.fates.accept([job]) }
        case 3:
            await withTaskGroup(of: Void.self) { group in
                for job in jobs.prefix(8) { group.addTask { await self.call(job) } }
            }
        default:
            for job in jobs {
                await self.accept([job]) { () async throws(PenstockError) in try await self.pool.submit(job) }
            }
        }
    }

    private func call(_ job: Int) async {
        do {
            _ = try await self.pool.call(job)
            self.fates.accept([job])
        } catch let error as PenstockError {
            switch error.code {
            case .closed, .full, .tooLarge: break
            case .cancelled: self.fates.cancel(job)
            default: self.fates.accept([job])
            }
        } catch {
            self.fates.accept([job])
        }
    }

    private func accept(_ jobs: [Int], _ body: () async throws(PenstockError) -> Void) async {
        do throws(PenstockError) {
            try await body()
            self.fates.accept(jobs)
        } catch {
            self.fates.accept(jobs.prefix(error.acceptedCount))
        }
    }

    private func read() async {
        for await _ in self.pool.results where self.simulation.oneIn(5) { await self.simulation.pause() }
    }

    /// Only the policy that is set may have dropped or refused anything.
    private func judgeReasons(_ ledger: Ledger) {
        let policy = self.configuration.overflow
        let isRight =
            (policy == .dropNewest || ledger.sheds.newest == 0)
            && (policy == .dropLowest || ledger.sheds.lowest == 0)
            && (policy == .dropOldest || ledger.sheds.oldest == 0)
            && (self.configuration.shedding != nil || ledger.sheds.overload == 0)
            && ledger.rejections.nested == 0
        self.simulation.expect(isRight, "the policy is \(policy): \(ledger.sheds)")
    }

    /// In no stretch of time have more begun than the burst and what the rate gives in it.
    private func judgeRate() {
        guard let limit = self.configuration.rateLimit else { return }
        let begun = self.begun.withLock { $0 }
        for (index, first) in begun.enumerated() {
            for later in index..<begun.count {
                // The clock moves between the moment when a job is let and the one when it is seen to begin.
                let time = begun[later] - first + 400_000
                let most = limit.burst + 1 + Int(time) * limit.jobs / Int(limit.interval.wholeNanoseconds)
                let count = later - index + 1
                self.simulation.expect(count <= most, "\(count) began in \(time) ns, at most \(most) may")
            }
        }
    }
}
