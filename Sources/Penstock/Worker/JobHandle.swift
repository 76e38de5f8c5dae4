//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Follows one job from its acceptance to its end, for somebody who waits for its outcome or may cancel it.
///
/// Everything is under the lock of the pool's queue. A worker that begins the job and a caller that cancels it meet
/// there: either the job does not begin, or its task is cancelled.
//
// SAFETY: every stored property is read and written under the queue's lock. A task is cancelled outside of it, only
// between `taskBegins` and `taskEnds`: the second waits for a canceller that is still at it.
@usableFromInline
class JobHandle: @unchecked Sendable {
    /// How far the job is, as far as cancelling goes.
    enum Run {
        /// Queued, or in a worker's batch. Can transition to: `begun`, `revoked`.
        case waiting
        /// It must not begin. Final.
        case revoked
        /// A worker runs it, and its task is not known. Can transition to: `running`, `condemned`,
        /// `waiting`.
        case begun
        /// It is to be cancelled as soon as its task is known, or was. Final.
        case condemned
        /// Its task runs. Can transition to: `cancelling`, `begun`.
        case running(UnsafeCurrentTask)
        /// Its task is being cancelled at this moment; the task that wants to end waits for that. Can transition to:
        /// `condemned`.
        case cancelling(TaskContinuation<Void>?)
    }

    /// What is left to do for one who cancels.
    enum Cancelling {
        /// Nothing: it has ended, or will be cancelled by itself.
        case nothing
        /// The job will not begin: whoever waits for it can be told.
        case revoked
        /// This task is to be cancelled, and then `hasCancelled` called.
        case cancel(UnsafeCurrentTask)
    }

    /// Its slot in the queue; -1 while it has none.
    @usableFromInline var slot: Int32 = -1
    private var run = Run.waiting

    @usableFromInline
    init() {}

    /// Hears that the job has ended without an output: it was dropped, returned or abandoned. True: ``wake()`` is to be
    /// called, outside the lock.
    @usableFromInline
    func fail(_ error: any Error) -> Bool { false }

    /// Resumes whoever waits for the outcome that was set last.
    @usableFromInline
    func wake() {}

    /// Begins the job; false when it was cancelled before.
    @usableFromInline
    func begin() -> Bool {
        switch self.run {
        case .revoked: return false
        case .waiting, .begun, .condemned, .running, .cancelling:
            self.run = .begun
            return true
        }
    }

    /// Whether somebody has cancelled the job.
    var isCancelled: Bool {
        switch self.run {
        case .revoked, .condemned, .cancelling: true
        case .waiting, .begun, .running: false
        }
    }

    /// Cancels the job, whether it runs or not.
    func cancel() -> Cancelling {
        switch self.run {
        case .waiting:
            self.run = .revoked
            return .revoked
        case .begun:
            self.run = .condemned
            return .nothing
        case .running(let task):
            self.run = .cancelling(nil)
            return .cancel(task)
        case .revoked, .condemned, .cancelling: return .nothing
        }
    }

    /// Whoever had to cancel the job's task has done so. Gives the end that waits for it.
    func hasCancelled() -> TaskContinuation<Void>? {
        guard case .cancelling(let waiter) = self.run else { return nil }
        self.run = .condemned
        return waiter
    }

    /// The job's task is known from now on. True: it is to be cancelled at once.
    func taskBegins(_ task: UnsafeCurrentTask) -> Bool {
        switch self.run {
        case .condemned: return true
        case .begun:
            self.run = .running(task)
            return false
        case .waiting, .revoked, .running, .cancelling: return false
        }
    }

    /// The job's task must not be cancelled any more. False: somebody is at it, and resumes the continuation.
    @usableFromInline
    func taskEnds(_ continuation: TaskContinuation<Void>) -> Bool {
        switch self.run {
        case .cancelling:
            self.run = .cancelling(continuation)
            return false
        case .running:
            self.run = .begun
            return true
        case .waiting, .revoked, .begun, .condemned: return true
        }
    }

    /// The job waits for another attempt; false when it was cancelled, and must not begin again.
    @usableFromInline
    func waitAgain() -> Bool {
        switch self.run {
        case .begun, .running, .waiting:
            self.run = .waiting
            return true
        case .condemned, .cancelling, .revoked: return false
        }
    }
}
