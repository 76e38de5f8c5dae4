//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a resource pool has and owes: a plain value, without a lock, a clock, a task or a resource.
///
/// It knows resources by their slots; the class beside it keeps them. What is to be created, checked and destroyed it
/// writes down as orders, which the pool's manager takes with ``turn(now:effects:)`` and carries out. After each call
/// holds: nobody waits beside a resource that may be leased, nor beside a slot in which one may be created.
@usableFromInline
struct ResourcePoolStateMachine: ~Copyable {
    /// How far the pool is in its life.
    enum Phase {
        /// Made, but not run: leases wait. Can transition to: `running`, `finished`.
        case new
        /// Can transition to: `draining`.
        case running
        /// Leases are refused; resources are destroyed as they come back, until the deadline, and closures may go on
        /// until the end. Can transition to: `draining` with an earlier deadline or end, `finished`.
        case draining(deadline: UInt64, end: UInt64)
        /// Nothing more is started, but for the destruction of what comes back late. Final.
        case finished
    }

    /// Where the manager is, the one task that carries out orders.
    enum Manager {
        /// Not started. Can transition to: `called`.
        case absent
        /// At work, and with nothing new to do. Can transition to: `called`, `parked`.
        case busy
        /// To take a turn: on its way, or at work and to look again before it parks. Can transition to: `busy`, `ended`.
        case called
        /// Waiting to be called. Can transition to: `called`.
        case parked(TaskContinuation<Void>)
        /// Final.
        case ended
    }

    /// Whether creations succeed.
    enum Supply {
        /// The last one has, or there was none. Can transition to: `failing`.
        case sound
        /// None may begin before an instant. Can transition to: `failing`, `sound`.
        case failing(count: Int, at: UInt64, until: UInt64, any Error)
    }

    let limits: ResourcePoolLimits
    var phase = Phase.new
    var manager = Manager.absent
    var supply = Supply.sound
    var slots: [ResourceSlot]
    /// The slots that are free.
    var free: [Int]
    /// The slots whose resources are idle, the newest last.
    var idle: [Int] = []
    var creating = 0
    var checking = 0
    var destroying = 0
    /// Closures without a slot, by the numbers of their resources.
    var strays: [UInt64: ResourceStray] = [:]
    var orders: [ResourceOrder] = []
    var line = WaiterLine<LeaseTicket>()
    var waiters = WaiterPool<LeaseTicket>()
    var counts = ResourceCounts()
    /// The instant for which the manager's alarm is set; `.max` for none.
    var alarm = UInt64.max
    private var nextSerial: UInt64 = 0
    private var generator: JitterGenerator

    init(limits: ResourcePoolLimits, seed: UInt64) {
        self.limits = limits
        self.slots = Array(repeating: .free, count: limits.maximum)
        self.free = Array((0..<limits.maximum).reversed())
        self.idle.reserveCapacity(limits.maximum)
        self.generator = JitterGenerator(seed: seed)
    }

    /// Starts, unless the pool has been run or has ended before it ran.
    mutating func start(now: UInt64, effects: inout ResourceEffects) -> Bool {
        switch self.phase {
        case .new: break
        case .running, .draining, .finished: return false
        }
        self.phase = .running
        self.manager = .called
        self.replenish(now: now, effects: &effects)
        return true
    }

    var hasStarted: Bool {
        switch self.manager {
        case .absent: false
        case .busy, .called, .parked, .ended: true
        }
    }

    var isFinished: Bool {
        switch self.phase {
        case .new, .running, .draining: false
        case .finished: true
        }
    }

    /// Calls the manager.
    mutating func callManager(_ effects: inout ResourceEffects) {
        switch self.manager {
        case .busy: self.manager = .called
        case .parked(let continuation):
            effects.manager = continuation
            self.manager = .called
        case .absent, .called, .ended: break
        }
    }

    /// Parks the manager. False: it has been called, and is to look again.
    mutating func park(_ continuation: TaskContinuation<Void>) -> Bool {
        switch self.manager {
        case .busy:
            self.manager = .parked(continuation)
            return true
        case .called: return false
        case .absent, .parked, .ended: preconditionFailure("Only the pool's manager parks, and once at a time.")
        }
    }

    /// Sees to it that the manager looks at an instant at the latest.
    @inline(__always)
    mutating func setAlarm(_ instant: UInt64, effects: inout ResourceEffects) {
        guard instant < self.alarm else { return }
        self.alarm = instant
        self.callManager(&effects)
    }

    // MARK: - Slots

    /// Gives a resource to the longest waiting lease, or lets it be idle.
    mutating func put(_ life: ResourceLife, in slot: Int, now: UInt64, effects: inout ResourceEffects) {
        if let waiter = self.line.removeFirst(outcome: .served) {
            guard case .asked(let place, let since)? = waiter.element else {
                preconditionFailure("A waiting lease says where and since when it waits.")
            }
            self.grant(slot, life, place: place, askedAt: since, now: now, effects: &effects)
            waiter.element = .granted(slot: slot)
            effects.wakeups.append(waiter)
            return
        }
        self.slots[slot] = .idle(life, since: now)
        self.idle.append(slot)
        self.setAlarm(self.dueTime(ofIdle: life, since: now), effects: &effects)
    }

    /// Marks a slot as leased.
    @inline(__always)
    mutating func grant(
        _ slot: Int,
        _ life: ResourceLife,
        place: LeasePlace,
        askedAt: UInt64,
        now: UInt64,
        effects: inout ResourceEffects
    ) {
        self.slots[slot] = .leased(life, place: place, since: now, isReported: false)
        self.counts.served += 1
        self.counts.waitTimes.record(now.since(askedAt))
        self.setAlarm(now.later(by: self.limits.leaseTimeMax), effects: &effects)
    }

    mutating func check(_ life: ResourceLife, in slot: Int, now: UInt64, effects: inout ResourceEffects) {
        self.slots[slot] = .checking(life, since: now)
        self.checking += 1
        self.order(.check, slot, life.serial, effects: &effects)
    }

    mutating func destroy(_ serial: UInt64, in slot: Int, now: UInt64, effects: inout ResourceEffects) {
        self.slots[slot] = .destroying(serial: serial, since: now)
        self.destroying += 1
        self.order(.destroy, slot, serial, effects: &effects)
    }

    mutating func vacate(_ slot: Int) {
        self.slots[slot] = .free
        self.free.append(slot)
    }

    /// A life that begins now.
    mutating func newLife(_ serial: UInt64, now: UInt64) -> ResourceLife {
        let age = self.limits.ageMax
        let expiresAt = age == .max ? age : now.later(by: age - self.generator.upTo(min(age, self.limits.ageSpread)))
        return ResourceLife(serial: serial, expiresAt: expiresAt, provenAt: now)
    }

    // MARK: - Supply

    /// Orders the checks and creations that those who wait, and the minimum, are in need of.
    mutating func replenish(now: UInt64, effects: inout ResourceEffects) {
        switch self.phase {
        case .running: break
        case .new, .draining, .finished: return
        }
        while self.isShort, let slot = self.idle.popLast() {
            guard case .idle(let life, _) = self.slots[slot] else { preconditionFailure("An idle slot is idle.") }
            if now >= life.expiresAt {
                self.destroy(life.serial, in: slot, now: now, effects: &effects)
            } else {
                self.check(life, in: slot, now: now, effects: &effects)
            }
        }
        while self.wantsCreation, self.mayCreate(now: now), let slot = self.free.popLast() {
            self.nextSerial += 1
            self.slots[slot] = .creating(serial: self.nextSerial, since: now)
            self.creating += 1
            self.counts.creations += 1
            self.order(.create, slot, self.nextSerial, effects: &effects)
        }
        if let until = self.backoffEnd(now: now) { self.setAlarm(until, effects: &effects) }
    }

    /// Whether more wait than there are resources on their way.
    var isShort: Bool { self.line.count > self.creating + self.checking }

    /// Resources in being that are not on their way out.
    var alive: Int { self.limits.maximum - self.free.count - self.destroying }

    var wantsCreation: Bool { self.isShort || self.alive < self.limits.minimum }

    /// When a creation that is wanted now may begin, if a failure is all that delays it.
    func backoffEnd(now: UInt64) -> UInt64? {
        guard case .failing(_, _, let until, _) = self.supply, now < until, self.wantsCreation else { return nil }
        return until
    }

    /// Notes a failed creation: when the next one may begin, and whose wait is over.
    ///
    /// - Parameter began: When the creation began. One that began before the last failure tells nothing new.
    mutating func noteFailure(_ error: any Error, began: UInt64, now: UInt64, effects: inout ResourceEffects) {
        let failures: Int
        switch self.supply {
        case .failing(let count, let at, let until, _) where began < at:
            failures = count
            self.supply = .failing(count: count, at: at, until: until, error)
        case .failing(let count, _, _, _):
            failures = count + 1
            self.backOff(failures: failures, error, now: now)
        case .sound:
            failures = 1
            self.backOff(failures: failures, error, now: now)
        }
        guard failures >= self.limits.failuresMax, self.alive == self.creating else { return }
        while let waiter = self.line.removeFirst(outcome: .served) {
            waiter.element = .failed(error)
            self.counts.failed += 1
            effects.wakeups.append(waiter)
        }
    }

    // MARK: - Private

    /// Full jitter: any wait up to the ceiling is as likely, so that pools that failed together do not come together.
    private mutating func backOff(failures: Int, _ error: any Error, now: UInt64) {
        let delay = self.generator.upTo(self.limits.backoffCeiling(failures: failures))
        self.supply = .failing(count: failures, at: now, until: now.later(by: delay), error)
    }

    private func mayCreate(now: UInt64) -> Bool {
        guard self.strays.count < self.limits.straysMax else { return false }
        switch self.supply {
        case .sound: return self.creating < self.limits.creationsMax
        // One at a time shows whether creations succeed again; many would only be in the way of who recovers.
        case .failing(_, _, let until, _): return self.creating == 0 && now >= until
        }
    }

    private mutating func order(
        _ kind: ResourceOrder.Kind,
        _ slot: Int,
        _ serial: UInt64,
        effects: inout ResourceEffects
    ) {
        self.orders.append(ResourceOrder(kind: kind, slot: slot, serial: serial))
        self.callManager(&effects)
    }
}
