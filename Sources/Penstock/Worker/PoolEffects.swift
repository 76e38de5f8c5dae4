//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What is to be done once the queue's lock is given back.
@usableFromInline
struct PoolEffects<Job>: ~Copyable {
    /// Producers whose wait has ended.
    @usableFromInline var submitters = Wakeups<Job>()
    /// A parked worker to wake.
    @usableFromInline var worker: TaskContinuation<Void>?
    /// What is seldom to be done. Behind one reference, so that the usual effects cost nothing to make and to end.
    @usableFromInline var rare: RareEffects<Job>?

    @inlinable
    init() {}

    /// Notes one more worker, or the watch, to wake.
    mutating func wake(_ continuation: TaskContinuation<Void>) {
        self.makeRare().continuations.append(continuation)
    }

    /// Notes a job that has ended without having begun.
    @usableFromInline
    mutating func drop(_ job: Job, _ handle: Unmanaged<JobHandle>?, _ reason: DropReason) {
        self.makeRare().dropped.append(DroppedJob(job: job, handle: handle, reason: reason))
    }

    /// Notes somebody who waits for a job that is handed back or was given up.
    mutating func fail(_ handle: Unmanaged<JobHandle>?, _ code: PenstockError.Code) {
        guard let handle else { return }
        self.makeRare().failed.append(FailedHandle(handle: handle, code: code))
    }

    /// Notes that every accepted job has its end now.
    mutating func finish() { self.makeRare().hasFinished = true }

    /// Wakes everybody. Never under a lock.
    @inlinable
    @inline(__always)
    consuming func perform() {
        let worker = self.worker
        self.submitters.resume()
        if let worker { worker.resume() }
    }

    // MARK: - Private

    private mutating func makeRare() -> RareEffects<Job> {
        if let rare = self.rare { return rare }
        let rare = RareEffects<Job>()
        self.rare = rare
        return rare
    }
}

/// What is seldom to be done once the queue's lock is given back.
@usableFromInline
final class RareEffects<Job> {
    /// Workers to wake beside the first one, and the watch.
    var continuations: [TaskContinuation<Void>] = []
    /// Jobs that have ended without having begun.
    var dropped: [DroppedJob<Job>] = []
    /// Who waits for jobs that have ended without an output, and why.
    var failed: [FailedHandle] = []
    /// Every accepted job has its end now.
    var hasFinished = false
}

/// Somebody who waits for a job that ends without an output; retained once, for the one who tells it.
struct FailedHandle {
    let handle: Unmanaged<JobHandle>
    let code: PenstockError.Code
}
