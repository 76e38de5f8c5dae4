//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One `call`: hands the outcome of a job to the task that waits for it.
//
// SAFETY: as its superclass; a state of `served` belongs to who made it one.
@usableFromInline
final class JobCall<Output: Sendable>: OutcomeHandle<Output>, @unchecked Sendable {
    @usableFromInline
    enum State {
        /// The job has not ended and nobody waits yet. Can transition to: `waiting`, `resolved`.
        case pending
        /// The caller waits. Can transition to: `served`.
        case waiting(TaskContinuation<Result<Output, any Error>>)
        /// The caller is about to be resumed. Can transition to: `taken`.
        case served(TaskContinuation<Result<Output, any Error>>, Result<Output, any Error>)
        /// The job has ended, and the caller has not come yet. Can transition to: `taken`.
        case resolved(Result<Output, any Error>)
        /// The caller has the outcome. Final.
        case taken
    }

    @usableFromInline var state = State.pending

    @inlinable
    override init() { super.init() }

    @inlinable
    override func resolve(_ result: Result<Output, any Error>) -> Bool {
        switch self.state {
        case .pending:
            self.state = .resolved(result)
            return false
        case .waiting(let continuation):
            self.state = .served(continuation, result)
            return true
        case .served, .resolved, .taken: return false
        }
    }

    @inlinable
    override func wake() {
        guard case .served(let continuation, let result) = self.state else { return }
        self.state = .taken
        continuation.resume(returning: result)
    }

    /// Lets the caller wait; its outcome, if there is one already.
    @inlinable
    func wait(_ continuation: TaskContinuation<Result<Output, any Error>>) -> Result<Output, any Error>? {
        switch self.state {
        case .pending:
            self.state = .waiting(continuation)
            return nil
        case .resolved(let result):
            self.state = .taken
            return result
        case .waiting, .served, .taken: preconditionFailure("A call has one caller.")
        }
    }
}
