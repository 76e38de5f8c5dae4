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
    @usableFromInline var worker: UnsafeContinuation<Void, Never>?
    /// More of them: only when a pool closes.
    @usableFromInline var others: [UnsafeContinuation<Void, Never>] = []

    /// Every accepted job has its end now.
    @usableFromInline var hasFinished = false

    @inlinable
    init() {}

    /// Wakes everybody. Never under a lock.
    @inlinable
    @inline(__always)
    consuming func perform() {
        let worker = self.worker
        let others = self.others
        self.submitters.resume()
        if let worker { worker.resume() }
        for other in others { other.resume() }
    }
}
