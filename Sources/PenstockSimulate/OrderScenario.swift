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

/// Producers of every kind and callers of a pool whose results come in order; a reader that may stop; jobs that fail, are
/// tried again, sleep, expire, are shed or never end; and a drain at any moment.
///
/// Each producer's results come in its order, each once, and no more are under way than there are places.
struct OrderScenario: Sendable {
    private struct Failure: Error { var job: Int }

    private struct Records {
        var begun: Set<Int> = []
        var ended: Set<Int> = []
        var dropped: Set<Int> = []
        var read: [Int] = []
        var isOpen = false
        var stuck: [CheckedContinuation<Void, Never>] = []
    }

    private let simulation: Simulation
    private let records: Locked<Records>
    private let pool: WorkerPool<Int, Int>
    private let places: Int
    private let canStick: Bool
    private let readMax: Int
    private let retries: Bool

    init(simulation: Simulation) {
        let records = Locked(Records())
        self.simulation = simulation
        self.records = records
        self.places = simulation.random(in: 1...4)
        let hasStuckJobs = simulation.oneIn(4)
        self.readMax = simulation.oneIn(4) ? simulation.random(in: 0...10) : .max
        self.canStick = hasStuckJobs || self.readMax != .max
        var configuration = simulation.configuration(
            workers: simulation.random(in: 1...4),
            capacity: simulation.random(in: 1...8)
        )
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        configuration.drainDeadline = .milliseconds(simulation.random(in: 0...50))
        configuration.drainGrace = .milliseconds(simulation.random(in: 0...5))
        configuration.overflow = [.wait, .wait, .dropOldest, .dropNewest][simulation.random(in: 0...3)]
        if simulation.oneIn(4) { configuration.queueTimeMax = .microseconds(simulation.random(in: 1...200)) }
        let policy = ResultsPolicy<Int>.channel(capacity: self.places, ordered: true)
        let onDrop: @Sendable (Int, DropReason) -> Void = { job, _ in
            records.withLock { _ = $0.dropped.insert(job) }
        }
        let handler: @Sendable (Int) async throws -> Int = {
            try await Self.handle($0, simulation, records, sticks: hasStuckJobs)
        }
        if simulation.oneIn(4) {
            self.pool = WorkerPool(
                configuration,
                results: policy,
                onDrop: onDrop,
                batchHandler: { jobs, outcomes in
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
            if simulation.oneIn(3) {
                configuration.retry = RetryPolicy(attemptsMax: simulation.random(in: 2...4))
                configuration.retry?.backoffInitial = .microseconds(simulation.random(in: 1...50))
            }
            self.pool = WorkerPool(configuration, results: policy, onDrop: onDrop, handler: handler)
        }
        self.retries = configuration.retry != nil
        simulation.watch(self.pool, retries: self.retries)
        simulation.watch(self.pool.results)
    }

    func run() async throws {
        let report = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = try await self.pool.run() }
            tasks.addTask { await self.read() }
            if self.canStick || self.simulation.oneIn(2) { tasks.addTask { await self.drainSometime() } }
            await withTaskGroup(of: Void.self) { producers in
                for index in 0..<self.simulation.random(in: 1...3) { producers.addTask { await self.produce(index) } }
            }
            let report = await self.pool.drain()
            self.release()
            try await tasks.waitForAll()
            return report
        }
        self.judge(report)
    }

    // MARK: - Jobs

    private static func handle(
        _ job: Int,
        _ simulation: Simulation,
        _ records: Locked<Records>,
        sticks: Bool
    ) async throws -> Int {
        records.withLock { _ = $0.begun.insert(job) }
        defer { records.withLock { _ = $0.ended.insert(job) } }
        if simulation.oneIn(3) { await simulation.pause() }
        if simulation.oneIn(8) { try await simulation.time.sleep(for: .microseconds(simulation.random(in: 0...300))) }
        if sticks, simulation.oneIn(10) {
            await withCheckedContinuation { continuation in
                let isOpen = records.withLock { records in
                    if !records.isOpen { records.stuck.append(continuation) }
                    return records.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }
        if simulation.oneIn(5) { throw Failure(job: job) }
        return job
    }

    private func release() {
        let stuck = self.records.withLock { records in
            records.isOpen = true
            defer { records.stuck = [] }
            return records.stuck
        }
        for continuation in stuck { continuation.resume() }
    }

    // MARK: - Producers and the reader

    private func produce(_ index: Int) async {
        let jobs = (0..<self.simulation.random(in: 0...20)).map { index * 1_000 + $0 }
        switch self.simulation.random(in: 0...3) {
        case 0:
            var sender = self.pool.sender()
            for job in jobs { try? await sender.send(job) }
        case 1: try? await self.pool.submit(contentsOf: jobs)
        default:
            for job in jobs {
                // Jobs that somebody waits for have no place in the order. Their numbers tell them apart.
                if self.simulation.oneIn(4) {
                    _ = try? await self.pool.call(job + 500)
                } else {
                    try? await self.pool.submit(job)
                }
                if self.simulation.oneIn(4) { await self.simulation.pause() }
            }
        }
    }

    private func read() async {
        while self.records.withLock({ $0.read.count }) < self.readMax,
            let result = try? await self.pool.results.receive()
        {
            self.records.withLock { $0.read.append(Self.number(result)) }
            self.judgePlaces()
            if self.simulation.oneIn(5) { await self.simulation.pause() }
        }
    }

    private func drainSometime() async {
        for _ in 0..<self.simulation.random(in: 0...40) { await self.simulation.pause() }
        _ = await self.pool.drain(
            deadline: .milliseconds(self.simulation.random(in: 0...5)),
            grace: .milliseconds(self.simulation.random(in: 0...2))
        )
    }

    // MARK: - Judging

    /// No more jobs have begun than there are places for. Those that end without a result, after an attempt or in a drain,
    /// cannot be told from here.
    private func judgePlaces() {
        guard !self.retries, !self.canStick else { return }
        let begun = self.records.withLock { $0.begun.count { Self.hasPlace($0) } - $0.read.count }
        let under = begun - self.pool.results.depth
        self.simulation.expect(under <= self.places, "\(under) results are under way, there are \(self.places) places")
    }

    private static func number(_ result: Result<Int, any Error>) -> Int {
        switch result {
        case .success(let job): job
        case .failure(let failure as Failure): failure.job
        // A job that was cancelled does not say which it is.
        case .failure: -1
        }
    }

    private static func hasPlace(_ job: Int) -> Bool { job % 1_000 < 500 }

    private func judge(_ report: DrainReport<Int, Int>) {
        let records = self.records.withLock { $0 }
        let expect = self.simulation.expect
        expect(report.ledger.isBalanced, "\(report)")
        expect(report.ledger.queued + report.ledger.inFlight == 0, "something is left: \(report)")
        var left: [Int] = []
        while let result = self.pool.results.tryReceive() { left.append(Self.number(result)) }
        let results = records.read + left + report.undelivered.map { Self.number($0) }
        let abandoned = Set(report.abandoned.map(\.job))
        let expected = records.begun.filter { Self.hasPlace($0) && !abandoned.contains($0) }
        // A job that waits for another attempt may expire, or be handed back, and then has no result.
        let due = expected.subtracting(report.returned).subtracting(records.dropped)
        expect(results.count == due.count, "\(due.count) results were due, there were \(results.count): \(results)")
        let named = results.filter { $0 >= 0 }
        expect(Set(named).count == named.count, "a result came twice: \(named)")
        expect(due.isSuperset(of: named), "a result of a job that has none: \(named), due \(due)")
        for producer in 0..<3 {
            let own = named.filter { $0 / 1_000 == producer }
            expect(own == own.sorted(), "out of order: \(own)")
        }
    }
}
