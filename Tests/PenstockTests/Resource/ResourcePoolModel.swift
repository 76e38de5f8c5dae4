//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

/// Plays random calls on a resource pool's state machine and knows for each resource and request where it must be.
struct ResourcePoolModel: ~Copyable {
    /// What the user's closures are doing, by the numbers of their resources.
    private struct Closure {
        let order: ResourceOrder
        var isCancelled = false
    }

    private var machine: ResourcePoolStateMachine
    private let limits: ResourcePoolLimits
    private var random: SeededGenerator
    private var closures: [UInt64: Closure] = [:]
    /// Who waits, in order: the request's number.
    private var line: [(request: Int, waiter: Waiter<LeaseTicket>)] = []
    private var leases: Set<Int> = []
    /// Resources that were created and not destroyed, by a count of the model's own.
    private var alive = 0
    private var requests = 0
    private var ended = 0
    private var now: UInt64 = 1
    private var last = ""
    private var hasBegunDrain = false
    private(set) var isFinished = false
    private(set) var problem: String?

    init(limits: ResourcePoolLimits, seed: UInt64) {
        self.limits = limits
        self.machine = ResourcePoolStateMachine(limits: limits, seed: seed)
        self.random = SeededGenerator(seed: seed)
    }

    mutating func play(steps: Int) {
        for step in 0..<steps where self.problem == nil {
            self.now += UInt64(self.random.below(30))
            self.step(mayDrain: step > steps * 3 / 4)
            self.check("step \(step), \(self.last)")
        }
        self.end()
    }

    // MARK: - Private

    private mutating func step(mayDrain: Bool) {
        var effects = ResourceEffects()
        let kind = self.random.below(mayDrain ? 13 : 12)
        self.last = "call \(kind)"
        switch kind {
        case 0, 1, 2: self.lease(&effects)
        case 3, 4: self.release(&effects)
        case 5: self.cancelOrExpire(&effects)
        case 6, 7, 8: self.endClosure(&effects)
        case 9, 10: self.turn(&effects)
        case 11:
            if !self.machine.hasStarted { _ = self.machine.start(now: self.now, effects: &effects) }
        default:
            self.hasBegunDrain = true
            let deadline = self.now + UInt64(self.random.below(100))
            _ = self.machine.beginDrain(deadline: deadline, end: deadline + 100, effects: &effects)
        }
        self.settle(effects)
    }

    private mutating func lease(_ effects: inout ResourceEffects) {
        let place = LeasePlace(file: "model", line: self.requests)
        self.requests += 1
        let hadLine = !self.line.isEmpty
        switch self.machine.lease(place, now: self.now, effects: &effects) {
        case .granted(let slot):
            if hadLine { self.problem = "a lease went ahead of the line" }
            self.hold(slot)
        case .closed: self.ended += 1
        case .wait:
            let waiter = Waiter<LeaseTicket>()
            waiter.element = .asked(place, since: self.now)
            if self.random.oneIn(10) { self.machine.cancel(waiter, effects: &effects) }
            if self.random.oneIn(10) { self.machine.expire(waiter, effects: &effects) }
            let outcome = self.machine.suspend(waiter, now: self.now, effects: &effects)
            if outcome == nil {
                self.line.append((self.requests, waiter))
            } else if case .granted(let slot)? = waiter.element {
                self.hold(slot)
            } else {
                self.ended += 1
            }
        }
    }

    private mutating func hold(_ slot: Int) {
        if !self.leases.insert(slot).inserted { self.problem = "slot \(slot) is leased twice" }
        guard case .leased(let life, _, _, _) = self.machine.slots[slot] else {
            self.problem = "slot \(slot) is given out and not leased"
            return
        }
        if self.now >= life.expiresAt, !self.hasBegunDrain { self.problem = "an expired resource is leased" }
        if self.now.since(life.provenAt) >= self.limits.checkAfterIdle { self.problem = "an unproved one is leased" }
    }

    private mutating func release(_ effects: inout ResourceEffects) {
        guard let slot = self.leases.sorted().randomElement(using: &self.random) else { return }
        self.leases.remove(slot)
        let fate: LeaseFate = [.kept, .kept, .suspect, .broken][self.random.below(4)]
        self.machine.release(slot, fate: fate, now: self.now, effects: &effects)
    }

    private mutating func cancelOrExpire(_ effects: inout ResourceEffects) {
        guard !self.line.isEmpty else { return }
        let index = self.random.below(self.line.count)
        if self.random.oneIn(2) {
            self.machine.cancel(self.line[index].waiter, effects: &effects)
        } else {
            self.machine.expire(self.line[index].waiter, effects: &effects)
        }
        if self.line[index].waiter.outcome == nil { self.problem = "a wait was not ended" }
    }

    /// Ends one of the closures in progress, cancelled or not, in time or late.
    private mutating func endClosure(_ effects: inout ResourceEffects) {
        guard let serial = self.closures.keys.sorted().randomElement(using: &self.random) else { return }
        guard let closure = self.closures.removeValue(forKey: serial) else { return }
        let (slot, now) = (closure.order.slot, self.now)
        var late = ResourcePoolStateMachine.Late.no
        switch closure.order.kind {
        case .create:
            if self.random.oneIn(3) {
                self.machine.creationFailed(slot, serial, JobFailure(), now: now, effects: &effects)
            } else {
                self.alive += 1
                late = self.machine.creationSucceeded(slot, serial, now: now, effects: &effects)
            }
        case .check:
            let isHealthy = !self.random.oneIn(4)
            late = self.machine.checkEnded(slot, serial, isHealthy: isHealthy, now: now, effects: &effects)
        case .destroy:
            self.alive -= 1
            self.machine.destructionEnded(slot, serial, now: now, effects: &effects)
        }
        if late == .yes {
            if !closure.isCancelled { self.problem = "a slot was given back, and its closure not cancelled" }
            self.begin(ResourceOrder(kind: .destroy, slot: slot, serial: serial))
        }
    }

    private mutating func turn(_ effects: inout ResourceEffects) {
        guard self.machine.hasStarted, !self.isFinished else { return }
        let turn = self.machine.turn(now: self.now, effects: &effects)
        for order in turn.orders { self.begin(order) }
        for serial in turn.cancels { self.closures[serial]?.isCancelled = true }
        if turn.alarm <= self.now, !turn.isFinished { self.problem = "an alarm for the past: a turn without end" }
        self.isFinished = turn.isFinished
    }

    private mutating func begin(_ order: ResourceOrder) {
        if self.closures[order.serial] != nil { self.problem = "resource \(order.serial) has two closures at once" }
        self.closures[order.serial] = Closure(order: order)
    }

    /// Takes note of all that was woken: whoever was given a resource must have been the first in line.
    private mutating func settle(_ effects: consuming ResourceEffects) {
        if let late = effects.late { self.begin(late) }
        while let index = self.line.firstIndex(where: { $0.waiter.outcome != nil }) {
            let waiter = self.line.remove(at: index).waiter
            guard case .granted(let slot)? = waiter.element else {
                self.ended += 1
                continue
            }
            if index > 0 { self.problem = "one behind in line was served first" }
            self.hold(slot)
        }
    }

    private mutating func check(_ what: String) {
        if let problem = self.problem ?? self.machine.problem {
            self.problem = "\(what): \(problem)"
            return
        }
        let snapshot = self.machine.snapshot(pool: "model", now: self.now)
        let isSame =
            snapshot.waiting == self.line.count && snapshot.leased == self.leases.count
            && snapshot.requests == self.requests && snapshot.created - snapshot.destroyed == self.alive
        if !isSame {
            let mine = "\(self.line.count) wait, \(self.leases.count) leased, \(self.requests), \(self.alive) alive"
            self.problem = "\(what): \(snapshot) but the model has \(mine)"
        }
    }

    /// Drains, ends every closure and lease, and looks whether nothing is left.
    private mutating func end() {
        guard self.problem == nil else { return }
        var effects = ResourceEffects()
        _ = self.machine.beginDrain(deadline: self.now, end: self.now + 50, effects: &effects)
        self.settle(effects)
        for _ in 0..<20 where self.problem == nil {
            self.now += 20
            var effects = ResourceEffects()
            self.turn(&effects)
            if self.random.oneIn(3) { self.release(&effects) }
            self.settle(effects)
            self.check("end")
        }
        if self.machine.hasStarted, !self.isFinished { self.problem = self.problem ?? "the drain has not ended" }
        while self.problem == nil, !self.leases.isEmpty || !self.closures.isEmpty {
            var effects = ResourceEffects()
            self.release(&effects)
            self.endClosure(&effects)
            self.settle(effects)
            self.check("after the end")
        }
        let snapshot = self.machine.snapshot(pool: "model", now: self.now)
        if snapshot.created != snapshot.destroyed || snapshot.slotsTaken + snapshot.adrift + snapshot.waiting > 0 {
            self.problem = self.problem ?? "something is left: \(snapshot)"
        }
    }
}
