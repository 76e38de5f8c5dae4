//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How producers get jobs into the queue: lock, decide, unlock, wake.
extension PoolCore {
    /// Offers a job once; counts it as rejected when it is not accepted and `counts` says so.
    @inlinable
    @inline(__always)
    func admit(_ job: Job, countsRejection: Bool) -> Admission {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let admission = state.pointee.admit(job, now: now, effects: &effects)
        if countsRejection {
            switch admission {
            case .accepted: break
            case .full, .closed, .tooLarge: state.pointee.reject(job)
            }
        }
        self.queue.unlock()
        effects.perform()
        return admission
    }

    /// Offers a job, and waits while the queue is full.
    @inlinable
    func submit(_ job: Job) async throws(PenstockError) {
        if case .accepted = self.admit(job, countsRejection: false) { return }
        try await self.submitSlow(job, remaining: 1, acceptedCount: 0)
    }

    @inlinable
    @inline(never)
    func submitSlow(_ job: Job, remaining: Int, acceptedCount: Int) async throws(PenstockError) {
        let name = self.configuration.name
        while true {
            switch self.admit(job, countsRejection: false) {
            case .accepted: return
            case .closed:
                self.reject(job)
                throw .closedPool(name, acceptedCount: acceptedCount)
            case .tooLarge:
                self.reject(job)
                throw .tooLargeJob(name, acceptedCount: acceptedCount)
            case .full: break
            }
            switch await self.waitInLine(job, remaining: remaining) {
            case .served: return
            case .retry: continue
            // Both were counted when the wait ended.
            case .closed: throw .closedPool(name, acceptedCount: acceptedCount)
            case .cancelled: throw .cancelledSubmit(name, acceptedCount: acceptedCount)
            }
        }
    }

    @inlinable
    func waitInLine(_ job: Job, remaining: Int) async -> WaitOutcome {
        let waiter = self.queue.withLock { $0.waiters.take() }
        waiter.element = job
        waiter.remaining = remaining
        let time = self.time
        let outcome = await self.queue.wait(waiter) {
            $0.suspendSubmitter(waiter)
        } cancel: {
            $0.cancelSubmitter(waiter, now: time.now())
        }
        self.queue.withLock { $0.waiters.give(waiter) }
        return outcome
    }

    /// Offers many jobs, as many at a time as there are places.
    @inlinable
    func submit(contentsOf jobs: some Collection<Job>, isSender: Bool = false) async throws(PenstockError) {
        let count = jobs.count
        var accepted = 0
        var rest = jobs[...]
        while let next = rest.first {
            guard let more = self.admit(contentsOf: rest) else {
                self.reject(contentsOf: rest)
                throw .closedPool(self.configuration.name, acceptedCount: accepted)
            }
            if more == 0 {
                let remaining = isSender ? .max : count - accepted
                do throws(PenstockError) {
                    try await self.submitSlow(next, remaining: remaining, acceptedCount: accepted)
                } catch {
                    self.reject(contentsOf: rest.dropFirst())
                    throw error
                }
            }
            accepted += max(more, 1)
            rest = rest.dropFirst(max(more, 1))
        }
    }

    @inlinable
    func admit(contentsOf jobs: some Collection<Job>) -> Int? {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let admitted = jobs.withContiguousStorageIfAvailable { buffer -> Int? in
            guard let base = buffer.baseAddress else { return 0 }
            let state = self.queue.lock()
            defer { self.queue.unlock() }
            return state.pointee.admit(copying: base, count: buffer.count, now: now, effects: &effects)
        }
        effects.perform()
        if let admitted { return admitted }
        // Not contiguous: a piece at a time.
        return self.admit(contentsOf: Array(jobs.prefix(64)))
    }

    @inlinable
    func reject(contentsOf jobs: some Collection<Job>) {
        self.queue.withLock { state in
            for job in jobs { state.reject(job) }
        }
    }

    @usableFromInline
    func reject(_ job: Job) {
        self.queue.withLock { $0.reject(job) }
    }
}
