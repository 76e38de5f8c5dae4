//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How leases begin and end.
extension ResourcePoolStateMachine {
    /// What is to be done after an attempt to lease.
    @usableFromInline
    enum LeaseAction: Sendable {
        /// The resource in this slot is leased.
        case granted(slot: Int)
        /// There is none: stand in line.
        case wait
        /// The pool takes no more leases.
        case closed
    }

    /// Leases an idle resource, if there is one that need not be checked. Counts what need not wait.
    @usableFromInline
    mutating func lease(_ place: LeasePlace, now: UInt64, effects: inout ResourceEffects) -> LeaseAction {
        switch self.phase {
        case .new, .running: break
        case .draining, .finished:
            self.counts.requests += 1
            self.counts.refused += 1
            return .closed
        }
        guard self.line.isEmpty, let (slot, life) = self.takeIdle(now: now, effects: &effects) else { return .wait }
        self.counts.requests += 1
        self.grant(slot, life, place: place, askedAt: now, now: now, effects: &effects)
        return .granted(slot: slot)
    }

    /// Puts a lease in line, unless what it waits for is there by now. Returns how it ended, if it does not wait.
    mutating func suspend(
        _ waiter: Waiter<LeaseTicket>,
        now: UInt64,
        effects: inout ResourceEffects
    ) -> WaitOutcome? {
        self.counts.requests += 1
        if let outcome = waiter.outcome {
            // It was cancelled, or its time passed, before it came.
            switch outcome {
            case .cancelled: self.counts.cancelled += 1
            case .served, .retry: self.counts.timedOut += 1
            case .closed: self.counts.refused += 1
            }
            return outcome
        }
        switch self.phase {
        case .new, .running: break
        case .draining, .finished:
            self.counts.refused += 1
            return .closed
        }
        guard case .asked(let place, let since)? = waiter.element else {
            preconditionFailure("A lease that comes to wait says where and since when it waits.")
        }
        if self.line.isEmpty, let (slot, life) = self.takeIdle(now: now, effects: &effects) {
            self.grant(slot, life, place: place, askedAt: since, now: now, effects: &effects)
            waiter.element = .granted(slot: slot)
            return .served
        }
        guard self.line.count < self.limits.waitersMax else {
            self.counts.refused += 1
            waiter.element = .full
            return .served
        }
        self.line.append(waiter)
        self.replenish(now: now, effects: &effects)
        return nil
    }

    /// Ends a wait because its task was cancelled.
    mutating func cancel(_ waiter: Waiter<LeaseTicket>, effects: inout ResourceEffects) {
        guard self.line.cancel(waiter) else { return }
        self.counts.cancelled += 1
        effects.wakeups.append(waiter)
    }

    /// Ends a wait because its time has passed.
    mutating func expire(_ waiter: Waiter<LeaseTicket>, effects: inout ResourceEffects) {
        var error: (any Error)?
        if case .failing(_, _, _, let last) = self.supply { error = last }
        switch waiter.state {
        case .new:
            waiter.state = .ended(.served)
            waiter.element = .timedOut(error)
        case .waiting:
            self.line.remove(waiter, outcome: .served)
            waiter.element = .timedOut(error)
            self.counts.timedOut += 1
            effects.wakeups.append(waiter)
        case .ended: break
        }
    }

    /// Ends a lease.
    @usableFromInline
    mutating func release(_ slot: Int, fate: LeaseFate, now: UInt64, effects: inout ResourceEffects) {
        guard case .leased(var life, _, let since, _) = self.slots[slot] else {
            preconditionFailure("A lease ends once.")
        }
        self.counts.returned += 1
        self.counts.leaseTimes.record(now.since(since))
        switch self.phase {
        case .new, .running: break
        case .draining:
            self.destroy(life.serial, in: slot, now: now, effects: &effects)
            return
        case .finished:
            self.slots[slot] = .destroying(serial: life.serial, since: now)
            self.destroying += 1
            effects.late = ResourceOrder(kind: .destroy, slot: slot, serial: life.serial)
            return
        }
        switch fate {
        case _ where now >= life.expiresAt, .broken:
            self.destroy(life.serial, in: slot, now: now, effects: &effects)
            self.replenish(now: now, effects: &effects)
        case .suspect where self.limits.hasCheck:
            self.check(life, in: slot, now: now, effects: &effects)
        case .kept, .suspect:
            life.provenAt = now
            self.put(life, in: slot, now: now, effects: &effects)
        }
    }

    // MARK: - Private

    /// Takes the idle resource whose turn it is among those that need no check; what is too old it retires on the way.
    private mutating func takeIdle(now: UInt64, effects: inout ResourceEffects) -> (Int, ResourceLife)? {
        var skipped = 0
        var hasRetired = false
        // The minimum may be in need of another one.
        defer { if hasRetired { self.replenish(now: now, effects: &effects) } }
        while skipped < self.idle.count {
            let index =
                switch self.limits.reuse.kind {
                case .newestFirst: self.idle.count - 1 - skipped
                case .oldestFirst: skipped
                }
            let slot = self.idle[index]
            guard case .idle(let life, _) = self.slots[slot] else { preconditionFailure("An idle slot is idle.") }
            if now >= life.expiresAt {
                self.idle.remove(at: index)
                self.destroy(life.serial, in: slot, now: now, effects: &effects)
                hasRetired = true
            } else if now.since(life.provenAt) >= self.limits.checkAfterIdle {
                skipped += 1
            } else {
                self.idle.remove(at: index)
                return (slot, life)
            }
        }
        return nil
    }
}
