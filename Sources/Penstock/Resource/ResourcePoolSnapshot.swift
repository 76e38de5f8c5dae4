//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A resource pool at one instant: where every resource and every request for one is.
///
/// These equations hold in every snapshot, and ``isBalanced`` says so:
///
///     created   = destroyed + idle + leased + checking + destroying + adrift
///     creations = created + creationsFailed + creating + creationsAdrift
///     requests  = served + timedOut + cancelled + refused + failed + waiting
///     served    = returned + leased
///
/// What has happened is counted when it happens; where resources are now is counted by looking at each slot. So the two
/// sides of an equation can differ when the code is wrong.
public struct ResourcePoolSnapshot: Sendable, Equatable {
    /// The pool's name.
    public internal(set) var pool: String
    /// The most resources in being.
    public internal(set) var maximum: Int

    /// Creations that were begun.
    public internal(set) var creations = 0
    /// Creations that have succeeded.
    public internal(set) var created = 0
    /// Creations that have failed.
    public internal(set) var creationsFailed = 0
    /// Checks that said no, or took too long.
    public internal(set) var checksFailed = 0
    /// Destructions that have ended.
    public internal(set) var destroyed = 0

    /// Slots in which a resource is being created.
    public internal(set) var creating = 0
    /// Slots whose resource waits for a lease.
    public internal(set) var idle = 0
    /// Slots whose resource is leased.
    public internal(set) var leased = 0
    /// Slots whose resource is being checked.
    public internal(set) var checking = 0
    /// Slots whose resource is being destroyed.
    public internal(set) var destroying = 0
    /// Creations that took too long and have not ended yet; their slots were given back.
    public internal(set) var creationsAdrift = 0
    /// Resources whose slots were given back: in the hands of checks and destructions that took too long, or come late
    /// and being destroyed.
    public internal(set) var adrift = 0

    /// Leases that were asked for.
    public internal(set) var requests = 0
    /// Requests that got a resource.
    public internal(set) var served = 0
    /// Requests whose time passed.
    public internal(set) var timedOut = 0
    /// Requests whose task was cancelled while they waited.
    public internal(set) var cancelled = 0
    /// Requests that came when too many waited, or to a pool that drains.
    public internal(set) var refused = 0
    /// Requests that failed because no resource could be made.
    public internal(set) var failed = 0
    /// Requests that wait.
    public internal(set) var waiting = 0
    /// Leases that have ended.
    public internal(set) var returned = 0

    /// How long the oldest lease has lasted; nil when nothing is leased.
    public internal(set) var oldestLease: Duration?
    /// How long served requests waited, most of them not at all.
    public internal(set) var waitTimes = LatencyHistogram()
    /// How long ended leases lasted.
    public internal(set) var leaseTimes = LatencyHistogram()

    /// Slots that are taken: at most ``maximum``.
    public internal(set) var slotsTaken = 0

    init(pool: String, maximum: Int) {
        self.pool = pool
        self.maximum = maximum
    }

    /// Whether all equations hold, and no more slots are taken than there may be.
    public var isBalanced: Bool {
        self.created
            == self.destroyed + self.idle + self.leased + self.checking + self.destroying + self.adrift
            && self.creations == self.created + self.creationsFailed + self.creating + self.creationsAdrift
            && self.requests
                == self.served + self.timedOut + self.cancelled + self.refused + self.failed + self.waiting
            && self.served == self.returned + self.leased
            && self.slotsTaken <= self.maximum
    }
}

extension ResourcePoolSnapshot: CustomStringConvertible {
    /// The equations with their numbers.
    public var description: String {
        """
        pool \(self.pool): created \(self.created) = destroyed \(self.destroyed) + idle \(self.idle) \
        + leased \(self.leased) + checking \(self.checking) + destroying \(self.destroying) + adrift \(self.adrift); \
        creations \(self.creations) = created \(self.created) + failed \(self.creationsFailed) \
        + in progress \(self.creating) + adrift \(self.creationsAdrift); \
        requests \(self.requests) = served \(self.served) + timed out \(self.timedOut) \
        + cancelled \(self.cancelled) + refused \(self.refused) + failed \(self.failed) + waiting \(self.waiting); \
        served \(self.served) = returned \(self.returned) + leased \(self.leased); \
        \(self.isBalanced ? "balanced" : "NOT BALANCED")
        """
    }
}
