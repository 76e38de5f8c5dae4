//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension WorkerPool {
    /// One producer's own way into the pool: it reserves up to 64 places at once and stages jobs there.
    ///
    /// It reserves no more than a quarter of the capacity. Jobs with a size are not staged, nor those of a pool that looks at
    /// how long each has waited, by ``WorkerPoolConfiguration/queueTimeMax`` or ``WorkerPoolConfiguration/shedding``: each
    /// goes into the queue.
    ///
    /// A staged job is accepted and queued: idle workers take it at once, busy ones when the queue is empty or after 50
    /// microseconds, and a drain takes it as any other. Jobs of one sender are taken in the order in which they were sent;
    /// several workers may still begin them in another. Places that a sender holds and does not use are taken back when somebody else
    /// needs them.
    ///
    /// A sender belongs to one task; letting go of it gives its places back.
    public struct Sender: ~Copyable, Sendable {
        @usableFromInline let core: PoolCore<Job, Output>
        @usableFromInline let stage: SenderStage<Job>

        init(_ core: PoolCore<Job, Output>) {
            self.core = core
            self.stage = SenderStage()
            core.queue.withLock { $0.register(self.stage) }
        }

        deinit {
            var effects = PoolEffects<Job>()
            let now = self.core.time.now()
            let state = self.core.queue.lock()
            state.pointee.retire(self.stage, now: now, effects: &effects)
            self.core.queue.unlock()
            self.core.perform(effects)
        }

        /// Sends a job, and waits while the queue is full.
        ///
        /// A sender that waits is served once there are places for about half a millisecond's work, and no more than a
        /// quarter of the capacity: while jobs are short, a wake-up for each place would cost more than the jobs.
        ///
        /// - Throws: As ``WorkerPool/submit(_:)``; the job is then not in the queue.
        @inlinable
        @inline(__always)
        public mutating func send(_ job: Job) async throws(PenstockError) {
            if self.stage(job) { return }
            try await self.sendSlow(job)
        }

        /// Sends a job if there is a place; never waits.
        ///
        /// - Returns: Whether it was accepted, and why not.
        @inlinable
        @discardableResult
        public mutating func trySend(_ job: Job) -> SubmitAttempt {
            if self.stage(job) { return SubmitAttempt(.accepted) }
            return SubmitAttempt(self.refill(job, countsRejection: true))
        }

        /// Sends jobs in order, straight into the queue, as many at a time as there are places.
        ///
        /// - Throws: As ``WorkerPool/submit(contentsOf:)``.
        @inlinable
        public mutating func send(contentsOf jobs: some Collection<Job>) async throws(PenstockError) {
            self.flush()
            try await self.core.submit(contentsOf: jobs, isSender: true)
        }

        /// Passes staged jobs on to the queue now.
        @inlinable
        public mutating func flush() { self.passOn() }

        // MARK: - Private

        /// Stages a job if a promised place is left.
        @inlinable
        @inline(__always)
        func stage(_ job: Job) -> Bool {
            guard self.stage.stage(job, self.core.time) else { return false }
            if self.core.hungry.isSet { self.passOn() }
            return true
        }

        @inlinable
        @inline(never)
        func passOn() {
            var effects = PoolEffects<Job>()
            let state = self.core.queue.lock()
            state.pointee.flush(self.stage, effects: &effects)
            self.core.queue.unlock()
            self.core.perform(effects)
        }

        @inlinable
        @inline(never)
        func refill(_ job: Job, countsRejection: Bool) -> Admission {
            let now = self.core.time.now()
            var effects = PoolEffects<Job>()
            let state = self.core.queue.lock()
            let admission = state.pointee.refill(self.stage, with: job, now: now, effects: &effects)
            if countsRejection {
                switch admission {
                case .accepted: break
                case .full: state.pointee.reject(job, as: .full)
                case .closed: state.pointee.reject(job, as: .closed)
                case .tooLarge: state.pointee.reject(job, as: .tooLarge)
                }
            }
            self.core.queue.unlock()
            self.core.perform(effects)
            return admission
        }

        @inlinable
        @inline(never)
        func sendSlow(_ job: Job) async throws(PenstockError) {
            if case .accepted = self.refill(job, countsRejection: false) { return }
            try await self.core.submitSlow(job, remaining: .max, acceptedCount: 0)
        }
    }
}
