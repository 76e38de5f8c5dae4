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

/// Producers of every kind, workers, a reader that may not read, jobs that fail, sleep or never end, and a drain at any
/// moment: every accepted job has one end, and the report tells it.
struct PoolScenario: Sendable {
    private struct Failure: Error {}

    private struct Records {
        var accepted: Set<Int> = []
        var begun: [Int] = []
        var ended: Set<Int> = []
        var results = 0
        var stuck: [CheckedContinuation<Void, Never>] = []
        var isOpen = false
    }

    private enum Results: CaseIterable { case discard, channel, unreadChannel, sink }

    private let simulation: Simulation
    private let records: Locked<Records>
    private let pool: WorkerPool<Int, Int>
    private let results: Results
    private let canStick: Bool
    private let producers: Int
    private let workers: Int

    init(simulation: Simulation) {
        let records = Locked(Records())
        self.simulation = simulation
        self.records = records
        self.results = Results.allCases[simulation.random(in: 0...(Results.allCases.count - 1))]
        self.producers = simulation.random(in: 1...3)
        self.workers = simulation.random(in: 1...4)
        let capacity = simulation.oneIn(4) ? 64 : simulation.random(in: 1...8)
        var configuration = simulation.configuration(workers: self.workers, capacity: capacity)
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        configuration.drainDeadline = .milliseconds(simulation.random(in: 0...50))
        configuration.drainGrace = .milliseconds(simulation.random(in: 0...5))
        let hasStuckJobs = simulation.oneIn(3)
        self.canStick = hasStuckJobs || self.results == .unreadChannel
        let isBatch = simulation.oneIn(4)
        let policy: ResultsPolicy<Int>
        switch self.results {
        case .discard: policy = .discard
        case .channel, .unreadChannel: policy = .channel(capacity: simulation.random(in: 1...3))
        case .sink: policy = .sink { _ in records.withLock { $0.results += 1 } }
        }
        let handler: @Sendable (Int) async throws -> Int = {
            try await Self.handle($0, simulation, records, sticks: hasStuckJobs)
        }
        if isBatch {
            self.pool = WorkerPool(
                configuration,
                results: policy,
                batchHandler: { jobs, outcomes in
                    // A batch begins whole.
                    for index in jobs.indices { records.withLock { $0.begun.append(jobs[index]) } }
                    for index in jobs.indices {
                        do {
                            outcomes.append(try await handler(jobs[index]))
                        } catch {
                            outcomes.append(failure: error)
                        }
                    }
                }
            )
        } else {
            self.pool = WorkerPool(configuration, results: policy) { job in
                records.withLock { $0.begun.append(job) }
                return try await handler(job)
            }
        }
        simulation.watch(self.pool)
    }

    func run() async throws {
        let report = try await withThrowingTaskGroup(of: DrainReport<Int, Int>?.self) { group in
            if self.simulation.oneIn(4) { await self.simulation.pause() }
            group.addTask { try await self.runCancelledSometimes() }
            if self.results == .channel { group.addTask { await self.read() } }
            // Producers that nobody will ever serve are freed by a drain only.
            if self.canStick || self.simulation.oneIn(2) { group.addTask { await self.drainSometime() } }
            await withTaskGroup(of: Void.self) { producers in
                for index in 0..<self.producers { producers.addTask { await self.produce(index) } }
            }
            let report = await self.pool.drain()
            self.judge(report)
            self.release()
            for try await other in group {
                guard let other else { continue }
                self.simulation.expect(other.ledger == report.ledger, "two drains, two reports")
            }
            return report
        }
        self.judgeResults(report)
    }

    // MARK: - Jobs

    private static func handle(
        _ job: Int,
        _ simulation: Simulation,
        _ records: Locked<Records>,
        sticks: Bool
    ) async throws -> Int {
        defer { _ = records.withLock { $0.ended.insert(job) } }
        if simulation.oneIn(3) { await simulation.pause() }
        if simulation.oneIn(8) { try await simulation.time.sleep(for: .milliseconds(simulation.random(in: 0...30))) }
        if sticks, simulation.oneIn(10) {
            await withCheckedContinuation { continuation in
                let isOpen = records.withLock { records in
                    if !records.isOpen { records.stuck.append(continuation) }
                    return records.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }
        if simulation.oneIn(7) { throw Failure() }
        return job
    }

    /// Lets the jobs go that would never end.
    private func release() {
        let stuck = self.records.withLock { records in
            records.isOpen = true
            defer { records.stuck = [] }
            return records.stuck
        }
        for continuation in stuck { continuation.resume() }
    }

    // MARK: - Producers

    private func produce(_ index: Int) async {
        let count = self.simulation.random(in: 0...15)
        let jobs = (0..<count).map { index * 1_000 + $0 }
        guard self.simulation.oneIn(3) else { return await self.submit(jobs) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.submit(jobs) }
            for _ in 0..<self.simulation.random(in: 0...10) { await self.simulation.pause() }
            group.cancelAll()
        }
    }

    private func submit(_ jobs: [Int]) async {
        switch self.simulation.random(in: 0...3) {
        case 0:
            var sender = self.pool.sender()
            for job in jobs {
                await self.accept([job]) { () async throws(PenstockError) in try await sender.send(job) }
                if self.simulation.oneIn(4) { await self.simulation.pause() }
            }
        case 1:
            await self.accept(jobs) { () async throws(PenstockError) in try await self.pool.submit(contentsOf: jobs) }
        case 2:
            for job in jobs where self.pool.trySubmit(job).isAccepted { self.accepted([job]) }
        default:
            for job in jobs {
                await self.accept([job]) { () async throws(PenstockError) in
                    guard self.simulation.oneIn(4) else { return try await self.pool.submit(job) }
                    try await self.pool.submit(job, timeout: .milliseconds(self.simulation.random(in: 0...3)))
                }
            }
        }
    }

    private func accept(_ jobs: [Int], _ body: () async throws(PenstockError) -> Void) async {
        do throws(PenstockError) {
            try await body()
            self.accepted(jobs)
        } catch {
            self.accepted(jobs.prefix(error.acceptedCount))
        }
    }

    private func accepted(_ jobs: some Sequence<Int>) {
        self.records.withLock { $0.accepted.formUnion(jobs) }
    }

    // MARK: - Control

    private func runCancelledSometimes() async throws -> DrainReport<Int, Int>? {
        guard self.simulation.oneIn(6) else { return try await self.pool.run() }
        return try await withThrowingTaskGroup(of: DrainReport<Int, Int>.self) { group in
            group.addTask { try await self.pool.run() }
            for _ in 0..<self.simulation.random(in: 0...20) { await self.simulation.pause() }
            group.cancelAll()
            return try await group.next()
        }
    }

    private func drainSometime() async -> DrainReport<Int, Int>? {
        for _ in 0..<self.simulation.random(in: 0...30) { await self.simulation.pause() }
        return await self.pool.drain(
            deadline: .milliseconds(self.simulation.random(in: 0...5)),
            grace: .milliseconds(self.simulation.random(in: 0...2))
        )
    }

    private func read() async -> DrainReport<Int, Int>? {
        for await _ in self.pool.results {
            self.records.withLock { $0.results += 1 }
            if self.simulation.oneIn(5) { await self.simulation.pause() }
        }
        return nil
    }

    // MARK: - Judging

    private func judge(_ report: DrainReport<Int, Int>) {
        let records = self.records.withLock { $0 }
        let ledger = report.ledger
        let returned = Set(report.returned)
        let abandoned = Set(report.abandoned.map(\.job))
        let expect = self.simulation.expect
        expect(ledger.isBalanced, "the last ledger does not balance: \(ledger)")
        expect(ledger.queued + ledger.inFlight + ledger.waiting == 0, "something is left: \(ledger)")
        expect(ledger.accepted == records.accepted.count, "accepted \(records.accepted.count): \(ledger)")
        expect(ledger.returned == report.returned.count, "returned \(report.returned.count): \(ledger)")
        expect(ledger.abandoned == report.abandoned.count, "abandoned \(report.abandoned.count): \(ledger)")
        expect(Set(records.begun).count == records.begun.count, "a job began twice")
        expect(returned.isDisjoint(with: records.begun), "a returned job had begun")
        expect(abandoned.isSubset(of: records.begun), "an abandoned job had not begun")
        expect(
            returned.union(records.begun) == records.accepted,
            "accepted \(records.accepted.count), begun \(records.begun.count), returned \(returned.count)"
        )
        if self.workers == 1, self.producers == 1 {
            expect(records.begun == records.begun.sorted(), "one producer, one worker, out of order: \(records.begun)")
        }
    }

    private func judgeResults(_ report: DrainReport<Int, Int>) {
        var read = self.records.withLock { $0.results }
        let ended = report.ledger.done + report.ledger.failed + report.ledger.cancelled
        switch self.results {
        case .discard: return
        case .sink:
            self.simulation.expect(read >= ended, "\(ended) ended, the sink saw \(read)")
        case .channel, .unreadChannel:
            while self.pool.results.tryReceive() != nil { read += 1 }
            self.simulation.expect(
                read + report.undelivered.count == ended,
                "\(ended) ended, \(read) read, \(report.undelivered.count) in the report"
            )
        }
    }
}
