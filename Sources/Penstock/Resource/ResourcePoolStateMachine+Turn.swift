//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What the manager does each time it is called: limits that have passed, orders, the end.
extension ResourcePoolStateMachine {
    /// What the manager is to do.
    struct Turn: Sendable {
        /// Closures to call.
        var orders: [ResourceOrder] = []
        /// The numbers of resources whose closures are to be cancelled.
        var cancels: [UInt64] = []
        /// Leases that have become too old since the last turn.
        var overdue: [LeaseReport] = []
        /// Creations that take too long, to be told to the observer.
        var hung: [PenstockError] = []
        /// When to look again, at the latest; `.max` for not at all.
        var alarm = UInt64.max
        /// The pool has ended, and so does the manager.
        var isFinished = false
    }

    /// Applies every limit whose time has come, and hands over the orders.
    mutating func turn(now: UInt64, effects: inout ResourceEffects) -> Turn {
        var turn = Turn()
        // Whatever calls the manager from here on is dealt with in this very turn.
        self.alarm = 0
        self.applyLimits(now: now, turn: &turn, effects: &effects)
        switch self.phase {
        case .running:
            self.retire(now: now, effects: &effects)
            self.checkInBackground(now: now, effects: &effects)
            self.replenish(now: now, effects: &effects)
        case .draining(let deadline, let end):
            self.advanceDrain(deadline: deadline, end: end, now: now, turn: &turn, effects: &effects)
        case .new, .finished: break
        }
        turn.orders = self.orders
        self.orders = []
        turn.isFinished = self.isFinished
        self.manager = turn.isFinished ? .ended : .busy
        self.alarm = self.nextAlarm(now: now)
        turn.alarm = self.alarm
        return turn
    }

    /// Ends the pool by an instant. True: it had not run, and has ended at once.
    mutating func beginDrain(deadline: UInt64, end: UInt64, effects: inout ResourceEffects) -> Bool {
        switch self.phase {
        case .new: self.phase = .finished
        case .running:
            self.phase = .draining(deadline: deadline, end: end)
            self.forgetCreations()
        case .draining(let earlier, let earlierEnd):
            self.phase = .draining(deadline: min(deadline, earlier), end: min(end, earlierEnd))
        case .finished: return false
        }
        while let waiter = self.line.removeFirst(outcome: .closed) {
            self.counts.refused += 1
            effects.wakeups.append(waiter)
        }
        self.callManager(&effects)
        return self.isFinished
    }

    /// When something is to be done with an idle resource at the latest, as things are.
    @inline(__always)
    func dueTime(ofIdle life: ResourceLife, since: UInt64) -> UInt64 {
        var due = life.expiresAt
        if self.alive > self.limits.minimum { due = min(due, since.later(by: self.limits.idleTimeMax)) }
        if self.checking == 0 { due = min(due, life.provenAt.later(by: self.limits.checkInterval)) }
        return due
    }

    /// When the next limit of a slot comes.
    var nextLimit: UInt64 {
        var next = UInt64.max
        for slot in self.slots {
            switch slot {
            case .free: break
            case .idle(let life, let since): next = min(next, self.dueTime(ofIdle: life, since: since))
            case .creating(_, let since): next = min(next, since.later(by: self.limits.creationTimeMax))
            case .checking(_, let since): next = min(next, since.later(by: self.limits.checkTimeMax))
            case .destroying(_, let since): next = min(next, since.later(by: self.limits.destructionTimeMax))
            case .leased(_, _, let since, let isReported):
                if !isReported { next = min(next, since.later(by: self.limits.leaseTimeMax)) }
            }
        }
        return next
    }

    // MARK: - Private

    /// Takes back the orders of creations that have not begun; they count as failed.
    private mutating func forgetCreations() {
        for order in self.orders where order.kind == .create {
            self.counts.creationsFailed += 1
            self.creating -= 1
            self.vacate(order.slot)
        }
        self.orders.removeAll { $0.kind == .create }
    }

    private mutating func applyLimits(now: UInt64, turn: inout Turn, effects: inout ResourceEffects) {
        for slot in self.slots.indices {
            switch self.slots[slot] {
            case .free, .idle: break
            case .creating(let serial, let since):
                guard now.since(since) >= self.limits.creationTimeMax else { break }
                self.creating -= 1
                self.vacate(slot)
                self.strays[serial] = .creating(since: since)
                turn.cancels.append(serial)
                guard case .running = self.phase else { break }
                let error = PenstockError.hungCreation()
                turn.hung.append(error)
                self.noteFailure(error, began: since, now: now, effects: &effects)
            case .checking(let life, let since):
                guard now.since(since) >= self.limits.checkTimeMax else { break }
                self.checking -= 1
                self.counts.checksFailed += 1
                self.vacate(slot)
                self.strays[life.serial] = .checking(since: since)
                turn.cancels.append(life.serial)
            case .leased(let life, let place, let since, let isReported):
                guard !isReported, now.since(since) >= self.limits.leaseTimeMax else { break }
                self.slots[slot] = .leased(life, place: place, since: since, isReported: true)
                turn.overdue.append(LeaseReport(place: place.location, age: .nanoseconds(since: since, now: now)))
            case .destroying(let serial, let since):
                guard now.since(since) >= self.limits.destructionTimeMax else { break }
                self.destroying -= 1
                self.vacate(slot)
                self.strays[serial] = .destroying(since: since)
                turn.cancels.append(serial)
            }
        }
    }

    /// Retires what is too old, and what has been idle for too long beyond the minimum.
    private mutating func retire(now: UInt64, effects: inout ResourceEffects) {
        var index = 0
        while index < self.idle.count {
            let slot = self.idle[index]
            guard case .idle(let life, let since) = self.slots[slot] else {
                preconditionFailure("An idle slot is idle.")
            }
            let isSurplus = self.alive > self.limits.minimum && now.since(since) >= self.limits.idleTimeMax
            if isSurplus || now >= life.expiresAt {
                self.idle.remove(at: index)
                self.destroy(life.serial, in: slot, now: now, effects: &effects)
            } else {
                index += 1
            }
        }
    }

    /// Checks the idle resource that has not been proved for the longest, if its time has come: one at a time, so that a
    /// check that hangs has one resource and not all.
    private mutating func checkInBackground(now: UInt64, effects: inout ResourceEffects) {
        guard self.limits.checkInterval < .max, self.checking == 0 else { return }
        var oldest: (index: Int, life: ResourceLife)?
        for (index, slot) in self.idle.enumerated() {
            guard case .idle(let life, _) = self.slots[slot] else { continue }
            if life.provenAt < oldest?.life.provenAt ?? .max { oldest = (index, life) }
        }
        guard let (index, life) = oldest, now.since(life.provenAt) >= self.limits.checkInterval else { return }
        let slot = self.idle.remove(at: index)
        self.check(life, in: slot, now: now, effects: &effects)
    }

    private mutating func advanceDrain(
        deadline: UInt64,
        end: UInt64,
        now: UInt64,
        turn: inout Turn,
        effects: inout ResourceEffects
    ) {
        for slot in self.idle {
            guard case .idle(let life, _) = self.slots[slot] else { preconditionFailure("An idle slot is idle.") }
            self.destroy(life.serial, in: slot, now: now, effects: &effects)
        }
        self.idle.removeAll(keepingCapacity: true)
        // Nobody has a use any more for what they bring.
        for slot in self.slots {
            switch slot {
            case .creating(let serial, _): turn.cancels.append(serial)
            case .checking(let life, _): turn.cancels.append(life.serial)
            case .free, .idle, .leased, .destroying: break
            }
        }
        if now >= end { self.abandonClosures(&turn) }
        let hasClosures = self.creating + self.checking + self.destroying + self.strays.count > 0
        let hasLeases = self.free.count < self.limits.maximum
        if now >= end || !hasClosures && (!hasLeases || now >= deadline) { self.phase = .finished }
    }

    /// Gives back the slots of all closures that have not ended.
    private mutating func abandonClosures(_ turn: inout Turn) {
        for slot in self.slots.indices {
            switch self.slots[slot] {
            case .free, .idle, .leased: continue
            case .creating(let serial, let since):
                self.creating -= 1
                self.strays[serial] = .creating(since: since)
            case .checking(let life, let since):
                self.checking -= 1
                self.strays[life.serial] = .checking(since: since)
            case .destroying(let serial, let since):
                self.destroying -= 1
                self.strays[serial] = .destroying(since: since)
            }
            self.vacate(slot)
        }
        turn.cancels += self.strays.keys.sorted()
    }

    /// When the next limit comes.
    private func nextAlarm(now: UInt64) -> UInt64 {
        let next = self.nextLimit
        switch self.phase {
        case .draining(let deadline, let end): return min(next, now < deadline ? deadline : end, end)
        case .running: return min(next, self.backoffEnd(now: now) ?? .max)
        case .new, .finished: return next
        }
    }
}
