//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Runs a pool for as long as a closure: leaving it drains.
///
/// ```swift
/// let report = try await withWorkerPool(workers: 8, capacity: 10_000) { (order: Order) in
///     try await enrich(order)
/// } body: { pool in
///     for try await order in orders { try await pool.submit(order) }
/// }
/// ```
///
/// Cancelling the surrounding task drains with a deadline of now.
///
/// - Parameters:
///   - workers: How many workers there are, 1 to 10,000; nil for as many as processors.
///   - capacity: The most jobs that wait for a worker, 1 to 1,000,000,000.
///   - results: What becomes of outputs and errors.
///   - handler: Runs a job. An error fails the job only.
///   - body: Submits jobs. When it returns, or throws, the pool drains within the default times.
/// - Returns: The report of the drain.
/// - Throws: What the body throws, after the drain.
@inlinable
public func withWorkerPool<Job: Sendable, Output: Sendable>(
    workers: Int? = nil,
    capacity: Int = 10_000,
    results: ResultsPolicy<Output> = .discard,
    handler: @escaping @Sendable (Job) async throws -> Output,
    body: (WorkerPool<Job, Output>) async throws -> Void
) async throws -> DrainReport<Job, Output> {
    let configuration = WorkerPoolConfiguration(workers: workers, capacity: capacity)
    return try await withRunningPool(WorkerPool(configuration, results: results, handler: handler), body: body)
}

/// Runs a pool whose handler does not suspend for as long as a closure: leaving it drains.
///
/// - Parameters:
///   - workers: How many workers there are, 1 to 10,000; nil for as many as processors.
///   - capacity: The most jobs that wait for a worker, 1 to 1,000,000,000.
///   - results: What becomes of outputs and errors.
///   - handler: Runs a job, on the pool's own threads. An error fails the job only.
///   - body: Submits jobs. When it returns, or throws, the pool drains within the default times.
/// - Returns: The report of the drain.
/// - Throws: What the body throws, after the drain.
@inlinable
public func withWorkerPool<Job: Sendable, Output: Sendable>(
    workers: Int? = nil,
    capacity: Int = 10_000,
    results: ResultsPolicy<Output> = .discard,
    handler: @escaping @Sendable (Job) throws -> Output,
    body: (WorkerPool<Job, Output>) async throws -> Void
) async throws -> DrainReport<Job, Output> {
    let configuration = WorkerPoolConfiguration(workers: workers, capacity: capacity)
    return try await withRunningPool(WorkerPool(configuration, results: results, handler: handler), body: body)
}

@inlinable
func withRunningPool<Job: Sendable, Output: Sendable>(
    _ pool: WorkerPool<Job, Output>,
    body: (WorkerPool<Job, Output>) async throws -> Void
) async throws -> DrainReport<Job, Output> {
    try pool.start()
    let outcome: Result<Void, any Error>
    do {
        try await withTaskCancellationHandler {
            try await body(pool)
        } onCancel: {
            pool.core.beginDrain(deadline: .zero, grace: pool.core.configuration.drainGrace)
        }
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    let report = await pool.drain()
    try outcome.get()
    return report
}
