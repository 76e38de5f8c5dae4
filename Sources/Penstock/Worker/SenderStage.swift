//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The jobs that one producer has accepted places for and not passed to the queue yet.
///
/// Staged jobs are accepted and queued: they count in the depth, takers may empty a stage, and drain does. The places
/// were promised by the queue before, so emptying a stage never waits.
///
/// Locks are taken in one order: the queue's, then a stage's.
//
// SAFETY: the state is behind its lock.
@usableFromInline
final class SenderStage<Job>: @unchecked Sendable {
    /// The most jobs a stage holds.
    @usableFromInline static var capacityMax: Int { 64 }

    @usableFromInline
    struct State: ~Copyable {
        @usableFromInline let jobs: UnsafeMutablePointer<Job>
        /// How many jobs are staged.
        @usableFromInline var count = 0
        /// Promised places that are still free.
        @usableFromInline var room = 0
        /// When the oldest staged job came.
        @usableFromInline var since: UInt64 = 0
        /// Offered here and not told to the queue yet; likewise accepted.
        @usableFromInline var offered = 0
        @usableFromInline var accepted = 0

        @usableFromInline
        init() { self.jobs = .allocate(capacity: SenderStage.capacityMax) }

        deinit {
            self.jobs.deinitialize(count: self.count)
            self.jobs.deallocate()
        }
    }

    @usableFromInline let guarded = FutexLocked(State())

    @usableFromInline
    init() {}

    deinit { self.guarded.destroy() }
}
