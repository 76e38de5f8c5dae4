//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension WorkerPool {
    /// Gives jobs to the pool as a group, and returns when every one of them has ended.
    ///
    /// ```swift
    /// let receipts = try await pool.withGroup { group in
    ///     for order in orders { try await group.submit(order) }
    /// }
    /// let results = try await pool.withGroup(onFailure: .goOn) { group in … }      // what became of each
    /// ```
    ///
    /// Results of a group's jobs go to the group only, not to the pool's results, as those of ``call(_:)`` do. An overflow
    /// policy or a drain that ends a job before it began has failed it, with `shed`, `expired` or `returned`. A job costs
    /// what a ``call(_:)`` costs.
    ///
    /// Cancelling the surrounding task is ``JobGroup/cancelAll()``: queued jobs leave the queue at once, running ones have
    /// their task cancelled. Even then the group waits until they have ended; one that ignores its cancellation holds it,
    /// at most until a drain of the pool gives it up.
    ///
    /// In a job of the same pool it is a nested submission: its submits are refused, with `nestedSubmission`, or run the job
    /// in place, as ``WorkerPoolConfiguration/nestedSubmission`` says.
    ///
    /// - Parameters:
    ///   - policy: Whether the first failure cancels the rest of the group.
    ///   - body: Submits the group's jobs. It is not cancelled when one fails, but its next submit throws that error.
    /// - Returns: The outputs, or what became of each job, in the order in which the jobs were submitted. An empty group
    ///   ends at once.
    /// - Throws: What the body throws; it cancels the rest, and is thrown once all have ended. Under
    ///   ``GroupFailurePolicy/cancelRest`` also the error of the job that has failed first, or `cancelled` when the group was
    ///   cancelled before one did.
    @discardableResult
    public func withGroup<Outcome>(
        onFailure policy: GroupFailurePolicy<Output, Outcome>,
        _ body: (JobGroup<Job, Output>) async throws -> Void
    ) async throws -> Outcome {
        let group = JobGroup(self.core, cancelsRest: policy.cancelsRest)
        let failure = await withTaskCancellationHandler { () async -> (any Error)? in
            var failure: (any Error)?
            do {
                try await body(group)
            } catch {
                group.stop(error)
                failure = error
            }
            await group.waitUntilEnded()
            return failure
        } onCancel: {
            group.cancelAll()
        }
        if let failure { throw failure }
        let (results, reason) = group.outcome()
        return try policy.conclude(results, reason)
    }

    /// Gives jobs to the pool as a group whose first failure cancels the rest; see ``withGroup(onFailure:_:)``.
    ///
    /// - Parameter body: Submits the group's jobs.
    /// - Returns: The outputs, in the order in which the jobs were submitted.
    /// - Throws: As ``withGroup(onFailure:_:)``.
    @discardableResult
    public func withGroup(_ body: (JobGroup<Job, Output>) async throws -> Void) async throws -> [Output] {
        try await self.withGroup(onFailure: .cancelRest, body)
    }

    /// Gives jobs to the pool as one group, and waits for all their outputs.
    ///
    /// No more jobs wait for a worker at any time than the queue has places. Cancelling it cancels the jobs.
    ///
    /// - Parameter jobs: The jobs; each is submitted when its turn comes.
    /// - Returns: The outputs, in the order of the jobs.
    /// - Throws: The error of the job that has failed first, after the rest was cancelled and has ended; otherwise as
    ///   ``withGroup(onFailure:_:)``.
    public func call(contentsOf jobs: some Sequence<Job>) async throws -> [Output] {
        try await self.withGroup { group in
            for job in jobs { try await group.submit(job) }
        }
    }
}
