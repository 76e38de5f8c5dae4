//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What became of a job that was offered without waiting.
public struct SubmitAttempt: Sendable, Hashable {
    /// Why the job was not accepted: `full`, `closed` or `tooLarge`; nil when it was.
    public let rejection: PenstockError.Code?

    /// Whether the job is in the queue.
    public var isAccepted: Bool { self.rejection == nil }

    @usableFromInline
    init(_ admission: Admission) {
        switch admission {
        case .accepted: self.rejection = nil
        case .full: self.rejection = .full
        case .closed: self.rejection = .closed
        case .tooLarge: self.rejection = .tooLarge
        }
    }
}

extension WorkerPool {
    /// Gives a job to the pool, and waits while the queue is full.
    ///
    /// Those who wait are served in the order in which they came. A submit that throws has not enqueued its job; one
    /// that need not wait does not look at cancellation.
    ///
    /// - Throws: `closed` when the pool drains, `cancelled` when the task is cancelled while it waits, `tooLarge` when the
    ///   job could never fit.
    @inlinable
    public func submit(_ job: Job) async throws(PenstockError) {
        try await self.core.submit(job)
    }

    /// Gives a job to the pool, and waits at most some time while the queue is full.
    ///
    /// The wait costs child tasks, the submit that need not wait nothing.
    ///
    /// - Throws: `timedOut` when there was no place in time, and all that ``submit(_:)`` throws.
    public func submit(_ job: Job, timeout: Duration) async throws(PenstockError) {
        if case .accepted = self.core.admit(job, countsRejection: false) { return }
        let core = self.core
        let result = await withTimeout(timeout, time: core.time) {
            await Result.catching { () async throws(PenstockError) in
                try await core.submitSlow(job, remaining: 1, acceptedCount: 0)
            }
        }
        switch (result.value, result.hasTimedOut) {
        case (.success, _): return
        case (.failure(let error), true) where error.code == .cancelled:
            throw PenstockError(.timedOut, "The pool \(self.name) had no place for the job within \(timeout).")
        case (.failure(let error), _): throw error
        }
    }

    /// Gives a job to the pool if there is a place; from anywhere, never waits.
    ///
    /// - Returns: Whether it was accepted, and why not.
    @inlinable
    @discardableResult
    public func trySubmit(_ job: Job) -> SubmitAttempt {
        SubmitAttempt(self.core.admit(job, countsRejection: true))
    }

    /// Gives jobs to the pool in order, as many at a time as there are places.
    ///
    /// - Throws: As ``submit(_:)``; the error's `acceptedCount` says how many were enqueued.
    @inlinable
    public func submit(contentsOf jobs: some Collection<Job>) async throws(PenstockError) {
        try await self.core.submit(contentsOf: jobs)
    }

    /// Makes a sender for one producer, who then sends much faster than by single submits.
    public func sender() -> Sender { Sender(self.core) }
}
