//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension MetricSamples {
    /// Adds all series of a pool of resources.
    mutating func add(_ pool: ResourcePoolSnapshot, overdue: Int, named name: String) {
        self.add(.leases, [name], pool.leased)
        self.add(.leasesOverdue, [name], overdue)
        self.add(.leaseOldestAge, [name], pool.oldestLease ?? .zero)
        self.add(.leaseWaiters, [name], pool.waiting)
        self.add(.leaseRequests, [name], pool.requests)
        let outcomes = [
            ("served", pool.served), ("timed_out", pool.timedOut), ("cancelled", pool.cancelled),
            ("refused", pool.refused), ("failed", pool.failed),
        ]
        for (outcome, count) in outcomes { self.add(.leaseOutcomes, [name, outcome], count) }
        self.add(.leasesReturned, [name], pool.returned)
        self.add(.leaseWait, [name], pool.waitTimes)
        self.add(.leaseDuration, [name], pool.leaseTimes)
        let states = [
            ("idle", pool.idle), ("leased", pool.leased), ("checking", pool.checking), ("creating", pool.creating),
            ("destroying", pool.destroying), ("adrift", pool.adrift + pool.creationsAdrift),
        ]
        for (state, count) in states { self.add(.resources, [name, state], count) }
        self.add(.resourcesMax, [name], pool.maximum)
        self.add(.resourcesCreated, [name], pool.created)
        self.add(.resourcesDestroyed, [name], pool.destroyed)
        self.add(.resourceCreations, [name], pool.creations)
        self.add(.resourceCreationsFailed, [name], pool.creationsFailed)
        self.add(.resourceChecksFailed, [name], pool.checksFailed)
        self.add(.resourcesBalanced, [name], pool.isBalanced ? 1 : 0)
    }
}
