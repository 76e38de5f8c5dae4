//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a pool does about too much load: it sheds what has waited too long, and holds what exceeds its rate.
extension PoolStateMachine {
    /// Sheds and holds before a worker takes.
    ///
    /// - Returns: When the worker is to come again because nothing may begin before; nil when something may.
    @usableFromInline
    mutating func control(
        _ worker: UnsafeMutablePointer<WorkerRecord<Job>>,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> UInt64? {
        self.shedOverload(now: now, effects: &effects)
        self.takeMax = .max
        let wanted = self.takeCount(worker)
        guard wanted > 0, let granted = self.rate?.grant(wanted, at: now) else { return nil }
        self.takeMax = granted
        return granted > 0 ? nil : self.rate?.nextGrant(at: now)
    }

    /// How many jobs a worker takes: its share of those that are there.
    @inlinable
    @inline(__always)
    func takeCount(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) -> Int {
        let share = (self.ready + self.limits.parallelism - 1) / self.limits.parallelism
        return min(worker.pointee.takeSize, share)
    }

    /// Gives back what a worker might have begun and did not.
    @usableFromInline
    mutating func endControl(taken: Int) {
        if self.takeMax != .max { self.rate?.giveBack(self.takeMax - taken) }
        self.takeMax = .max
    }

    // MARK: - Private

    private mutating func shedOverload(now: UInt64, effects: inout PoolEffects<Job>) {
        guard self.shedding != nil else { return }
        guard let bound = self.observe(now), bound != .max else { return }
        // The last job is spared: the worker would have nothing to do. No more than some at once: the lock is held.
        var left = 256
        while left > 0, self.ready > 1, let slot = self.slotToShed(waitingSince: now - min(now, bound)) {
            let count = self.drop(slot, .overload, effects: &effects)
            self.counts.shed += count
            self.counts.sheds.overload += count
            left -= 1
        }
        if !self.submitters.isEmpty { self.admitSubmitters(now: now, effects: &effects) }
    }

    private mutating func observe(_ now: UInt64) -> UInt64? {
        guard let oldest = self.table?.pointee.oldestArrival else {
            self.shedding?.drained()
            return nil
        }
        return self.shedding?.observe(oldestWait: now - min(now, oldest), at: now)
    }

    /// The job to shed of those that came before an instant: the one that is least wanted, or else the oldest.
    private func slotToShed(waitingSince instant: UInt64) -> Int? {
        guard let table = self.table else { return nil }
        let least = table.pointee.leastWanted(oldest: true)
        if table.pointee.tags[least].arrival < instant { return least }
        let oldest = Int(table.pointee.oldest)
        return table.pointee.tags[oldest].arrival < instant ? oldest : nil
    }
}
