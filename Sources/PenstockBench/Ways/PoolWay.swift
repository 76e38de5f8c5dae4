//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockMetrics

/// Jobs through a pool.
struct PoolWay<Work: BenchWork> {
    let options: BenchOptions
    let work: Work
    let start: UInt64

    func run() async throws -> (Tally, PoolAccount) {
        let work = self.work
        let configuration = self.options.pool
        let discipline = self.options.discipline?.discipline ?? .fifo
        switch self.options.implementation {
        case .pool:
            let pool = self.pool(configuration, discipline)
            return try await self.run(pool, reader: self.read) { SenderLane(sender: pool.sender()) }
        case .submit:
            let pool = self.pool(configuration, discipline)
            return try await self.run(pool, reader: self.read) { SubmitLane(pool: pool) }
        case .poolBatch:
            let pool = WorkerPool<BenchJob, Work.Output>(
                configuration,
                results: .channel(capacity: self.options.buffer),
                discipline: discipline,
                batchHandler: { jobs, outcomes in
                    for index in jobs.indices { outcomes.append(work.run(jobs[index])) }
                }
            )
            let size = self.options.batch
            return try await self.run(pool, reader: self.read) { BatchLane(sender: pool.sender(), size: size) }
        case .inline:
            let shelf = TallyShelf { work.tally() }
            let pool = WorkerPool<BenchJob, Void>(
                configuration,
                discipline: discipline,
                batchHandler: { jobs, outcomes in
                    let tally = shelf.take()
                    for index in jobs.indices {
                        tally.count(work.run(jobs[index]))
                        outcomes.append(())
                    }
                    shelf.put(tally)
                }
            )
            let (_, account) = try await self.run(pool, reader: { _ in work.tally() }) {
                SenderLane(sender: pool.sender())
            }
            return (shelf.sum(), account)
        case .direct, .taskPerEvent, .taskGroup, .asyncStream, .dispatch:
            preconditionFailure("\(self.options.implementation) does not run in a pool.")
        }
    }

    // MARK: - Private

    /// A pool that runs one job at a time.
    private func pool(
        _ configuration: WorkerPoolConfiguration,
        _ discipline: Discipline<BenchJob>
    ) -> WorkerPool<BenchJob, Work.Output> {
        WorkerPool(
            configuration,
            results: .channel(capacity: self.options.buffer),
            discipline: discipline,
            handler: { [work] job in work.run(job) }
        )
    }

    /// Producers, workers and the reader share the pool's threads, but for producers that block theirs.
    private func run<Output: Sendable, Lane: BenchLane & ~Copyable>(
        _ pool: WorkerPool<BenchJob, Output>,
        reader: @escaping @Sendable (WorkerPool<BenchJob, Output>) async throws -> Tally,
        lane: @escaping @Sendable () -> Lane
    ) async throws -> (Tally, PoolAccount) {
        try await withTaskExecutorPreference(pool.executor) {
            // Ends with the scope.
            async let _ = self.scrape(pool)
            async let report = pool.run()
            async let tally = reader(pool)
            try await Producer.runAll(self.options, start: self.start, on: pool.executor, lane: lane)
            let threads = pool.snapshot().threads
            // As long as it takes: what does not end is for the caller's time limit.
            _ = await pool.drain(deadline: .seconds(3600))
            return (try await tally, PoolAccount(try await report, threads: threads))
        }
    }

    /// Scrapes the pool once a second, as Prometheus would have it done, if that is asked for.
    private func scrape<Output: Sendable>(_ pool: WorkerPool<BenchJob, Output>) async {
        guard self.options.isScraped else { return }
        let registry = MetricsRegistry()
        registry.watch(pool)
        registry.watchProcess()
        registry.watchLiveObjects()
        repeat {
            _ = MetricsFormat.openMetrics.bytes(registry.snapshot())
        } while (try? await TimeSource.system.sleep(for: .seconds(1))) != nil
    }

    private func read(_ pool: WorkerPool<BenchJob, Work.Output>) async throws -> Tally {
        var tally = self.work.tally()
        let isOpen = self.options.rate != nil
        var count = 1
        while count > 0 {
            count = try await pool.results.receive(upTo: 256) { result in
                // No job throws; one that did would be missed among those that are done.
                guard case .success(let output) = result else { return }
                tally.count(output, now: isOpen ? TimeSource.system.now() : 0)
            }
        }
        return tally
    }
}

/// One job a call, staged.
struct SenderLane<Output: Sendable>: BenchLane, ~Copyable {
    var sender: WorkerPool<BenchJob, Output>.Sender

    mutating func send(_ burst: Burst) async throws {
        for number in burst.numbers { try await self.sender.send(burst.job(number)) }
        self.sender.flush()
    }
}

/// One job a call, straight into the queue.
struct SubmitLane<Output: Sendable>: BenchLane, ~Copyable {
    let pool: WorkerPool<BenchJob, Output>

    mutating func send(_ burst: Burst) async throws {
        for number in burst.numbers { try await self.pool.submit(burst.job(number)) }
    }
}

/// Many jobs a call.
struct BatchLane<Output: Sendable>: BenchLane, ~Copyable {
    var sender: WorkerPool<BenchJob, Output>.Sender
    let size: Int
    private var batch: [BenchJob] = []

    init(sender: consuming WorkerPool<BenchJob, Output>.Sender, size: Int) {
        self.sender = sender
        self.size = size
        self.batch.reserveCapacity(size)
    }

    mutating func send(_ burst: Burst) async throws {
        var rest = burst.numbers
        while !rest.isEmpty {
            for number in rest.prefix(self.size) { self.batch.append(burst.job(number)) }
            rest = rest.dropFirst(self.size)
            try await self.sender.send(contentsOf: self.batch)
            self.batch.removeAll(keepingCapacity: true)
        }
    }
}
