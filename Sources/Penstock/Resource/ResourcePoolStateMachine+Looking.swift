//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What can be seen of a pool.
extension ResourcePoolStateMachine {
    func snapshot(pool: String, now: UInt64) -> ResourcePoolSnapshot {
        var snapshot = ResourcePoolSnapshot(pool: pool, maximum: self.limits.maximum)
        var oldest: UInt64?
        for slot in self.slots {
            switch slot {
            case .free: continue
            case .creating: snapshot.creating += 1
            case .idle: snapshot.idle += 1
            case .checking: snapshot.checking += 1
            case .destroying: snapshot.destroying += 1
            case .leased(_, _, let since, _):
                snapshot.leased += 1
                oldest = min(oldest ?? since, since)
            }
            snapshot.slotsTaken += 1
        }
        for stray in self.strays.values {
            switch stray {
            case .creating: snapshot.creationsAdrift += 1
            case .checking, .destroying: snapshot.adrift += 1
            }
        }
        snapshot.oldestLease = oldest.map { .nanoseconds(since: $0, now: now) }
        self.addCounts(to: &snapshot)
        return snapshot
    }

    /// The leases of at least an age, the oldest first.
    func leases(olderThan age: UInt64, now: UInt64) -> [LeaseReport] {
        self.slots.compactMap { slot -> LeaseReport? in
            guard case .leased(_, let place, let since, _) = slot, now.since(since) >= age else { return nil }
            return LeaseReport(place: place.location, age: .nanoseconds(since: since, now: now))
        }
        .sorted { $0.age > $1.age }
    }

    func report(pool: String, now: UInt64) -> ResourceDrainReport {
        ResourceDrainReport(
            snapshot: self.snapshot(pool: pool, now: now),
            leases: self.leases(olderThan: 0, now: now),
            abandoned: self.strays.sorted { $0.key < $1.key }.map { $0.value.abandoned(now: now) }
        )
    }

    /// What is wrong, if something is: for tests, after any call.
    ///
    /// Nobody may wait beside a resource or a free slot unless enough is on its way, or an alarm is set for it; and the
    /// counts that are kept must be those that can be counted.
    var problem: String? {
        let now = self.snapshot(pool: "checked", now: 0)
        if !now.isBalanced { return "\(now)" }
        if now.creating != self.creating || now.checking != self.checking { return "a slot's count is wrong: \(now)" }
        if now.idle != self.idle.count { return "\(now.idle) slots are idle, \(self.idle.count) are listed" }
        if now.slotsTaken + self.free.count != self.limits.maximum { return "a slot is lost: \(now)" }
        guard case .running = self.phase else { return nil }
        switch self.manager {
        case .busy, .parked:
            if !self.orders.isEmpty { return "orders wait, and the manager is not called" }
            if self.alarm > self.nextLimit { return "no alarm is set for a slot's limit: \(now)" }
        case .absent, .called, .ended: break
        }
        if self.isShort, !self.idle.isEmpty { return "\(self.line.count) wait beside an idle resource: \(now)" }
        guard self.wantsCreation, !self.free.isEmpty, self.strays.count < self.limits.straysMax else { return nil }
        switch self.supply {
        case .sound:
            return self.creating < self.limits.creationsMax ? "nothing is created, though it is wanted: \(now)" : nil
        case .failing(_, _, let until, _):
            return self.creating == 0 && self.alarm > until ? "no alarm is set for the back-off's end: \(now)" : nil
        }
    }

    // MARK: - Private

    private func addCounts(to snapshot: inout ResourcePoolSnapshot) {
        snapshot.creations = self.counts.creations
        snapshot.created = self.counts.created
        snapshot.creationsFailed = self.counts.creationsFailed
        snapshot.checksFailed = self.counts.checksFailed
        snapshot.destroyed = self.counts.destroyed
        snapshot.requests = self.counts.requests
        snapshot.served = self.counts.served
        snapshot.timedOut = self.counts.timedOut
        snapshot.cancelled = self.counts.cancelled
        snapshot.refused = self.counts.refused
        snapshot.failed = self.counts.failed
        snapshot.waiting = self.line.count
        snapshot.returned = self.counts.returned
        snapshot.waitTimes = self.counts.waitTimes
        snapshot.leaseTimes = self.counts.leaseTimes
    }
}
