//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How jobs of groups get into the queue, and out of it.
extension PoolCore {
    /// Offers a group's job, and does what the overflow policy says while the queue is full.
    func submit(_ job: Job, for member: GroupMember<Job, Output>) async throws(PenstockError) {
        let name = self.configuration.name
        while true {
            guard let admission = self.admit(job, for: member) else {
                self.reject(job, as: .cancelled)
                throw .cancelledSubmit(name)
            }
            switch try self.step(after: admission, job) {
            case .end: return
            case .wait: break
            case .runInline:
                if await self.runInline(job, handle: member) { return }
                continue
            }
            switch await self.waitInLine(job, for: member) {
            case .served: return
            case .retry: continue
            // Both were counted when the wait ended.
            case .closed: throw .closedPool(name)
            case .cancelled: throw .cancelledSubmit(name)
            }
        }
    }

    /// Cancels a group's job, wherever it is: in the hands of its submit, queued, or running.
    func cancel(_ member: GroupMember<Job, Output>) {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        if let waiter = member.waiter, let first = state.pointee.cancelSubmitter(waiter, now: now) {
            _ = member.cancel()
            self.queue.unlock()
            resumeLinked(first)
            return self.wakeWorker()
        }
        let wasQueued = state.pointee.cancelQueued(member, now: now, effects: &effects)
        let cancelling = wasQueued ? .nothing : member.cancel()
        let isAccepted = member.isAccepted
        self.queue.unlock()
        self.perform(effects)
        // A submit that still has the job in its hands finds that it was cancelled, and says so itself.
        if case .revoked = cancelling, !isAccepted { return }
        self.finish(cancelling, member)
    }

    // MARK: - Private

    /// Offers a job once; nil when it was cancelled before.
    private func admit(_ job: Job, for member: GroupMember<Job, Output>) -> Admission? {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        var admission: Admission?
        let state = self.queue.lock()
        if !member.isCancelled {
            admission = state.pointee.admit(job, handle: member, now: now, effects: &effects)
            if case .accepted = admission { member.isAccepted = true }
        }
        self.queue.unlock()
        self.perform(effects)
        return admission
    }

    private func waitInLine(_ job: Job, for member: GroupMember<Job, Output>) async -> WaitOutcome {
        let waiter = self.queue.withLock { $0.waiters.take() }
        waiter.element = job
        waiter.companion = member
        let time = self.time
        let outcome = await self.queue.wait(waiter) { state in
            if member.isCancelled {
                state.reject(job, as: .cancelled)
                return .ended(.cancelled, wake: nil)
            }
            let enlisting = state.suspendSubmitter(waiter, now: time.now())
            if case .waits = enlisting { member.waiter = waiter }
            return enlisting
        } cancel: {
            $0.cancelSubmitter(waiter, now: time.now())
        } afterCancel: {
            self.wakeWorker()
        }
        self.queue.withLock { state in
            member.waiter = nil
            if case .served = outcome { member.isAccepted = true }
            state.waiters.give(waiter)
        }
        return outcome
    }
}
