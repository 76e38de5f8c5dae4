//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What becomes of a slot when one of the user's closures has ended, in time or late.
extension ResourcePoolStateMachine {
    /// Whether a resource that a closure has left is the pool's, or nobody's and to be destroyed.
    enum Late: Sendable, Equatable {
        case no, yes
    }

    /// A creation has succeeded. Late: its slot was given back, and the resource is to be destroyed.
    mutating func creationSucceeded(
        _ slot: Int,
        _ serial: UInt64,
        now: UInt64,
        effects: inout ResourceEffects
    ) -> Late {
        self.counts.created += 1
        guard case .creating(serial, _) = self.slots[slot] else {
            self.strays[serial] = .destroying(since: now)
            return .yes
        }
        self.creating -= 1
        switch self.phase {
        case .running:
            self.supply = .sound
            let life = self.newLife(serial, now: now)
            self.put(life, in: slot, now: now, effects: &effects)
            self.replenish(now: now, effects: &effects)
        case .new, .draining, .finished:
            self.destroy(serial, in: slot, now: now, effects: &effects)
        }
        return .no
    }

    /// A creation has failed, perhaps late.
    mutating func creationFailed(
        _ slot: Int,
        _ serial: UInt64,
        _ error: any Error,
        now: UInt64,
        effects: inout ResourceEffects
    ) {
        self.counts.creationsFailed += 1
        if case .creating(serial, let since) = self.slots[slot] {
            self.creating -= 1
            self.vacate(slot)
            if case .running = self.phase { self.noteFailure(error, began: since, now: now, effects: &effects) }
        } else {
            self.strays[serial] = nil
        }
        self.hasVacated(now: now, effects: &effects)
    }

    /// A check has ended. Late: its slot was given back, and the resource is to be destroyed.
    mutating func checkEnded(
        _ slot: Int,
        _ serial: UInt64,
        isHealthy: Bool,
        now: UInt64,
        effects: inout ResourceEffects
    ) -> Late {
        guard case .checking(var life, _) = self.slots[slot], life.serial == serial else {
            self.strays[serial] = .destroying(since: now)
            return .yes
        }
        self.checking -= 1
        switch self.phase {
        case .running where isHealthy && now < life.expiresAt:
            life.provenAt = now
            self.put(life, in: slot, now: now, effects: &effects)
            // The interval of the others goes on.
            self.callManager(&effects)
        case .running, .new, .draining, .finished:
            if !isHealthy { self.counts.checksFailed += 1 }
            self.destroy(serial, in: slot, now: now, effects: &effects)
            self.replenish(now: now, effects: &effects)
        }
        return .no
    }

    /// A destruction has ended, perhaps late.
    mutating func destructionEnded(_ slot: Int, _ serial: UInt64, now: UInt64, effects: inout ResourceEffects) {
        self.counts.destroyed += 1
        if case .destroying(serial, _) = self.slots[slot] {
            self.destroying -= 1
            self.vacate(slot)
        } else {
            self.strays[serial] = nil
        }
        self.hasVacated(now: now, effects: &effects)
    }

    // MARK: - Private

    /// A slot or a stray is gone: there may be place for a creation, or a drain may be at its end.
    private mutating func hasVacated(now: UInt64, effects: inout ResourceEffects) {
        switch self.phase {
        case .running: self.replenish(now: now, effects: &effects)
        case .draining: self.callManager(&effects)
        case .new, .finished: break
        }
    }
}
