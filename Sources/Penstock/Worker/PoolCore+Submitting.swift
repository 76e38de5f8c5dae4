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
    /// Offers a job once; counts it as rejected when it is not accepted and `countsRejection` says so.
    @inlinable
    @inline(__always)
    func admit(_ job: Job, handle: JobHandle? = nil, countsRejection: Bool) -> Admission {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let admission = state.pointee.admit(job, handle: handle, now: now, effects: &effects)
        if countsRejection {
            switch admission {
            case .accepted: break
            case .full: state.pointee.reject(job, as: .full)
            case .closed: state.pointee.reject(job, as: .closed)
            case .tooLarge: state.pointee.reject(job, as: .tooLarge)
            }
        }
        self.queue.unlock()
        self.perform(effects)
        return admission
    }

    /// Offers a job, and does what the overflow policy says while the queue is full.
    @inlinable
    func submit(_ job: Job) async throws(PenstockError) {
        if case .accepted = self.admit(job, countsRejection: false) { return }
        try await self.submitSlow(job, remaining: 1, acceptedCount: 0)
    }

    @inlinable
    @inline(never)
    func submitSlow(
        _ job: Job,
        handle: JobHandle? = nil,
        remaining: Int,
        acceptedCount: Int
    ) async throws(PenstockError) {
        let name = self.configuration.name
        while true {
            let admission = self.admit(job, handle: handle, countsRejection: false)
            switch try self.step(after: admission, job, acceptedCount: acceptedCount) {
            case .end: return
            case .wait: break
            case .runInline:
                if await self.runInline(job, handle: handle) { return }
                continue
            }
            switch await self.waitInLine(job, handle: handle, remaining: remaining) {
            case .served: return
            case .retry: continue
            // Both were counted when the wait ended.
            case .closed: throw .closedPool(name, acceptedCount: acceptedCount)
            case .cancelled: throw .cancelledSubmit(name, acceptedCount: acceptedCount)
            }
        }
    }

    /// What a submitter does next.
    @usableFromInline
    enum SubmitStep {
        /// Nothing: the job is in the queue.
        case end
        /// Wait for a place.
        case wait
        /// Run the job itself.
        case runInline
    }

    /// What a submitter does next whose job was offered; counts the job and throws when it is refused for good.
    @usableFromInline
    func step(
        after admission: Admission,
        _ job: Job,
        acceptedCount: Int = 0
    ) throws(PenstockError) -> SubmitStep {
        let name = self.configuration.name
        switch admission {
        case .accepted: return .end
        case .closed:
            self.reject(job, as: .closed)
            throw .closedPool(name, acceptedCount: acceptedCount)
        case .tooLarge:
            self.reject(job, as: .tooLarge)
            throw .tooLargeJob(name, acceptedCount: acceptedCount)
        case .full: break
        }
        switch self.fullAction {
        case .wait: return .wait
        case .runInline: return .runInline
        case .refuse(let rejection):
            self.reject(job, as: rejection)
            throw .refusedJob(rejection, name, acceptedCount: acceptedCount)
        }
    }

    /// What becomes of a job that finds the queue full.
    private enum FullAction {
        case wait, runInline
        case refuse(Rejection)
    }

    private var fullAction: FullAction {
        switch self.limits.overflow.kind {
        case .reject: return .refuse(.full)
        case .callerRuns: return .runInline
        // These make a place; one that still finds none waits for its own tenant's.
        case .wait, .dropNewest, .dropOldest, .dropLowest: break
        }
        guard self.isNested else {
            guard self.limits.waitersMax != .max, self.queue.withLock({ $0.isLineFull }) else { return .wait }
            return .refuse(.full)
        }
        return self.limits.runsNestedInline ? .runInline : .refuse(.nested)
    }

    @inlinable
    func waitInLine(_ job: Job, handle: JobHandle?, remaining: Int) async -> WaitOutcome {
        let waiter = self.queue.withLock { $0.waiters.take() }
        waiter.element = job
        waiter.companion = handle
        waiter.remaining = remaining
        let time = self.time
        let outcome = await self.queue.wait(waiter) {
            $0.suspendSubmitter(waiter, now: time.now())
        } cancel: {
            $0.cancelSubmitter(waiter, now: time.now())
        } afterCancel: {
            self.wakeWorker()
        }
        self.queue.withLock { $0.waiters.give(waiter) }
        return outcome
    }

    /// Wakes a worker for jobs that a producer has held up which is gone now.
    @usableFromInline
    func wakeWorker() {
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        state.pointee.wakeWorker(&effects)
        self.queue.unlock()
        self.perform(effects)
    }

    /// Offers many jobs, as many at a time as there are places.
    @inlinable
    func submit(contentsOf jobs: some Collection<Job>, isSender: Bool = false) async throws(PenstockError) {
        let count = jobs.count
        var accepted = 0
        var rest = jobs[...]
        while let next = rest.first {
            guard let more = self.admit(contentsOf: rest) else {
                self.reject(contentsOf: rest, as: .closed)
                throw .closedPool(self.configuration.name, acceptedCount: accepted)
            }
            if more == 0 {
                let remaining = isSender ? .max : count - accepted
                do throws(PenstockError) {
                    try await self.submitSlow(next, remaining: remaining, acceptedCount: accepted)
                } catch {
                    self.reject(contentsOf: rest.dropFirst(), as: Rejection(error.code))
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
        self.perform(effects)
        if let admitted { return admitted }
        // Not contiguous: a piece at a time.
        return self.admit(contentsOf: Array(jobs.prefix(64)))
    }

    @inlinable
    func reject(contentsOf jobs: some Collection<Job>, as rejection: Rejection) {
        self.queue.withLock { state in
            for job in jobs { state.reject(job, as: rejection) }
        }
    }

    @usableFromInline
    func reject(_ job: Job, as rejection: Rejection) {
        self.queue.withLock { $0.reject(job, as: rejection) }
    }
}
