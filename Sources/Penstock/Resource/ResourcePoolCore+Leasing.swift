//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Synchronization

/// How leases are taken and given back.
extension ResourcePoolCore {
    /// What an attempt to lease without waiting has brought.
    @usableFromInline
    enum Attempt {
        case leased(slot: Int, Resource)
        case wait(since: UInt64)
        case closed
    }

    /// Leases an idle resource, if there is one.
    @inlinable
    @inline(__always)
    func tryLease(_ place: LeasePlace) -> Attempt {
        let now = self.time.now()
        var effects = ResourceEffects()
        let attempt: Attempt
        let state = self.guarded.lock()
        switch state.pointee.machine.lease(place, now: now, effects: &effects) {
        case .granted(let slot): attempt = .leased(slot: slot, state.pointee.resource(slot))
        case .wait: attempt = .wait(since: now)
        case .closed: attempt = .closed
        }
        self.guarded.unlock()
        if !effects.isEmpty { self.perform(effects) }
        return attempt
    }

    /// Ends a lease.
    @inlinable
    func release(_ slot: Int, fate: LeaseFate) {
        let now = self.time.now()
        var effects = ResourceEffects()
        let state = self.guarded.lock()
        state.pointee.machine.release(slot, fate: fate, now: now, effects: &effects)
        self.guarded.unlock()
        if !effects.isEmpty { self.perform(effects) }
    }

    @usableFromInline
    @inline(never)
    func closedError() -> PenstockError { .closedPool(ofResources: self.configuration.name) }

    /// Waits in line for a resource.
    @usableFromInline
    @inline(never)
    func leaseSlow(
        _ place: LeasePlace,
        since: UInt64,
        timeout: Duration?
    ) async throws(PenstockError) -> (slot: Int, resource: Resource) {
        let waiter = self.guarded.withLock { $0.machine.waiters.take() }
        waiter.element = .asked(place, since: since)
        let deadline = since.advanced(by: timeout ?? self.configuration.waitTimeMax)
        let outcome = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await self.time.sleep(until: deadline)) != nil else { return }
                self.expire(waiter)
            }
            let outcome = await self.wait(waiter)
            group.cancelAll()
            return outcome
        }
        let name = self.configuration.name
        let ticket = waiter.element
        let resource: Resource? = self.guarded.withLock { state in
            state.machine.waiters.give(waiter)
            guard case .granted(let slot)? = ticket else { return nil }
            return state.resource(slot)
        }
        switch outcome {
        case .served, .retry: break
        case .closed: throw .closedPool(ofResources: name)
        case .cancelled: throw .cancelledLease(name)
        }
        switch ticket {
        case .granted(let slot):
            guard let resource else { preconditionFailure("A leased slot has its resource.") }
            return (slot, resource)
        case .timedOut(let error): throw .lateLease(name, error)
        case .failed(let error): throw .failedCreation(name, error)
        case .full: throw .fullLine(name)
        case .asked, nil: preconditionFailure("A wait that was served has been given something.")
        }
    }

    // MARK: - Private

    private func expire(_ waiter: Waiter<LeaseTicket>) {
        var effects = ResourceEffects()
        self.guarded.withLock { $0.machine.expire(waiter, effects: &effects) }
        self.perform(effects)
    }

    /// Suspends until the waiter is given something, closed or cancelled.
    private func wait(_ waiter: Waiter<LeaseTicket>) async -> WaitOutcome {
        // See `Waiter.isLetGo`.
        defer { _ = waiter.isLetGo.load(ordering: .acquiring) }
        return await withTaskCancellationHandler {
            await withTaskContinuation { (continuation: TaskContinuation<WaitOutcome>) in
                let now = self.time.now()
                var effects = ResourceEffects()
                let state = self.guarded.lock()
                waiter.caller = .task(continuation)
                let ended = state.pointee.machine.suspend(waiter, now: now, effects: &effects)
                self.guarded.unlock()
                self.perform(effects)
                if let ended { continuation.resume(returning: ended) }
            }
        } onCancel: {
            var effects = ResourceEffects()
            self.guarded.withLock { $0.machine.cancel(waiter, effects: &effects) }
            self.perform(effects)
        }
    }
}

extension ResourcePoolCore.State {
    /// The resource of a leased slot.
    @inlinable
    @inline(__always)
    func resource(_ slot: Int) -> Resource {
        guard let resource = self.resources[slot] else { preconditionFailure("A leased slot has its resource.") }
        return resource
    }
}
