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
    /// More of them, when a pool closes. Nil and no empty array otherwise: that would be retained and released for nothing.
    @usableFromInline var others: [UnsafeContinuation<Void, Never>]?

    /// Every accepted job has its end now.
    @usableFromInline var hasFinished = false

    @inlinable
    init() {}

    /// Wakes everybody. Never under a lock.
    @inlinable
    @inline(__always)
    consuming func perform() {
        if self.others != nil { self.wakeOthers() }
        let worker = self.worker
        self.submitters.resume()
        if let worker { worker.resume() }
    }

    @usableFromInline
    @inline(never)
    borrowing func wakeOthers() {
        for other in self.others ?? [] { other.resume() }
    }
}
