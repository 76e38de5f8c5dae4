//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import Synchronization

/// Jobs through a running pool of one worker. Its producer goes on until the queue is full; then the worker works.
extension Kernel {
    /// How many jobs are given at once where many are.
    private static let batch = 64

    static let poolSubmit = Kernel(
        name: "pool-submit",
        operation: "a job given with `submit`, taken and run by a synchronous handler"
    ) { count, executor in
        let sum = Sum()
        let pool = WorkerPool(configuration(executor)) { (job: KernelJob) in sum.add(job.sum) }
        return try await run(pool, count, sum) {
            for number in 0..<count { try await pool.submit(KernelJob(number)) }
        }
    }

    static let poolSend = Kernel(
        name: "pool-send",
        operation: "a job given with a sender's `send`, taken and run by a synchronous handler"
    ) { count, executor in
        let sum = Sum()
        let pool = WorkerPool(configuration(executor)) { (job: KernelJob) in sum.add(job.sum) }
        return try await run(pool, count, sum) {
            var sender = pool.sender()
            for number in 0..<count { try await sender.send(KernelJob(number)) }
        }
    }

    static let poolPriority = Kernel(
        name: "pool-priority",
        operation: "a job as of `pool-send`, of one of three classes under the discipline `priority`"
    ) { count, executor in
        let sum = Sum()
        let discipline = Discipline<KernelJob>.priority { Int($0.number % 3) }
        let pool = WorkerPool(configuration(executor), discipline: discipline) { (job: KernelJob) in sum.add(job.sum) }
        return try await run(pool, count, sum) {
            var sender = pool.sender()
            for number in 0..<count { try await sender.send(KernelJob(number)) }
        }
    }

    static let poolKeyed = Kernel(
        name: "pool-keyed",
        operation: "a job as of `pool-send`, of one of a hundred keys under the discipline `keyed`"
    ) { count, executor in
        let sum = Sum()
        let discipline = Discipline<KernelJob>.keyed { Int($0.number % 100) }
        let pool = WorkerPool(configuration(executor), discipline: discipline) { (job: KernelJob) in sum.add(job.sum) }
        return try await run(pool, count, sum) {
            var sender = pool.sender()
            for number in 0..<count { try await sender.send(KernelJob(number)) }
        }
    }

    static let poolCall = Kernel(
        name: "pool-call",
        operation: "a job given with `call`, taken, run in its task, and its output returned"
    ) { count, executor in
        let sum = Sum()
        let pool = WorkerPool(configuration(executor)) { (job: KernelJob) in job.sum }
        return try await run(pool, count, sum) {
            for number in 0..<count { sum.add(try await pool.call(KernelJob(number))) }
        }
    }

    static let poolBatch = Kernel(
        name: "pool-batch",
        operation: "one of 64 jobs given with `send(contentsOf:)`, taken and run by a batch handler"
    ) { count, executor in
        let sum = Sum()
        let pool = WorkerPool<KernelJob, Void>(
            configuration(executor),
            batchHandler: { jobs, outcomes in
                var added: UInt64 = 0
                for index in jobs.indices {
                    added &+= jobs[index].sum
                    outcomes.append(())
                }
                sum.add(added)
            }
        )
        return try await run(pool, count, sum) {
            var sender = pool.sender()
            try await inBatches(count) { try await sender.send(contentsOf: $0) }
        }
    }

    static let poolResults = Kernel(
        name: "pool-results",
        operation: "a job as of `pool-send`, and its result read from the results channel, up to 64 at once"
    ) { count, executor in
        let sum = Sum()
        let results = ResultsPolicy<UInt64>.channel(capacity: 1024)
        let pool = WorkerPool(configuration(executor), results: results) { (job: KernelJob) in job.sum }
        return try await run(pool, count, sum) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await read(pool.results, count, sum) }
                var sender = pool.sender()
                for number in 0..<count { try await sender.send(KernelJob(number)) }
                try await group.waitForAll()
            }
        }
    }

    /// The state machine is internal to `Penstock`, so the step is taken through a pool whose batches have one job
    /// each: the job itself and its way in, 64 at a time, are the smaller part.
    static let ledgerPublish = Kernel(
        name: "ledger-publish",
        operation: "a batch of one job, reported to the ledger by its worker, which then takes the next"
    ) { count, executor in
        let sum = Sum()
        // Little time passes: a worker whose turn is over yields, which is not what is counted here.
        var configuration = configuration(executor, capacity: 256, step: 16)
        configuration.batchMax = 1
        let pool = WorkerPool(configuration) { (job: KernelJob) in sum.add(job.sum) }
        return try await run(pool, count, sum) {
            try await inBatches(count) { try await pool.submit(contentsOf: $0) }
        }
    }

    // MARK: - Private

    /// - Parameter step: How much later it is at each look at the clock. With half a microsecond a batch of 64 takes
    ///   about one, as in life: the pool decides by it how many jobs a worker takes, and for how many a sender waits.
    private static func configuration(
        _ executor: HandDrivenExecutor,
        capacity: Int = 1024,
        step: UInt64 = 500
    ) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(name: "kernel", workers: 1, capacity: capacity)
        configuration.executor = executor
        configuration.timerExecutor = executor
        configuration.time = SteppingClock(step: step).time
        // The same instructions on every machine: what a worker waits for depends on it.
        configuration.processors = 2
        return configuration
    }

    /// Runs a pool while a body gives jobs to it, drains it, and returns the sum of what was done, if it is right.
    private static func run<Output>(
        _ pool: WorkerPool<KernelJob, Output>,
        _ count: Int,
        _ sum: Sum,
        _ body: () async throws -> Void
    ) async throws -> UInt64 {
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await pool.run() }
            // Its worker starts, finds nothing and parks.
            await Task.yield()
            try await body()
            let report = await pool.drain()
            try await group.waitForAll()
            return report
        }
        guard report.ledger.isBalanced, report.ledger.done == count else {
            throw KernelFailure("the ledger does not account for \(count) jobs: \(report.ledger)")
        }
        return try check(sum.value, count)
    }

    /// Gives jobs to a body, so many at a time.
    private static func inBatches(_ count: Int, _ body: ([KernelJob]) async throws -> Void) async throws {
        var jobs: [KernelJob] = []
        for start in stride(from: 0, to: count, by: batch) {
            jobs.removeAll(keepingCapacity: true)
            for number in start..<min(start + batch, count) { jobs.append(KernelJob(number)) }
            try await body(jobs)
        }
    }

    private static func read(_ results: Channel<Result<UInt64, any Error>>, _ count: Int, _ sum: Sum) async throws {
        var received: [Result<UInt64, any Error>] = []
        var left = count
        while left > 0 {
            received.removeAll(keepingCapacity: true)
            let taken = try await results.receive(upTo: batch, appendingTo: &received)
            guard taken > 0 else { throw KernelFailure("\(left) results are missing") }
            left -= taken
            var added: UInt64 = 0
            for result in received { added &+= try result.get() }
            sum.add(added)
        }
    }
}

/// What handlers add up.
private final class Sum: Sendable {
    private let total = Atomic<UInt64>(0)

    var value: UInt64 { self.total.load(ordering: .relaxed) }

    @inline(__always)
    func add(_ number: UInt64) { self.total.wrappingAdd(number, ordering: .relaxed) }
}
