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
    /// Adds all series of a pool.
    ///
    /// - Parameter workerTimes: Where its workers' time went, if others than the pool know that better.
    mutating func add(_ pool: PoolSnapshot, named name: String, workerTimes: WorkerTimes? = nil) {
        self.add(pool.ledger, named: name)
        self.add(.jobDuration, [name], pool.runTimes)
        self.add(.queueWait, [name], pool.waitTimes)
        self.add(.downstreamWait, [name], pool.downstreamTimes)
        self.add(.jobsStuck, [name], pool.stuckJobs.count)
        self.add(.jobRetries, [name], pool.retries)
        self.add(.poolPaused, [name], pool.isPaused ? 1 : 0)
        self.add(.poolSteals, [name], pool.steals)
        self.add(.poolThreads, [name], pool.threads)
        self.add(.queueDepth, [name], pool.depth)
        self.add(.queueCapacity, [name], pool.capacity)
        self.add(.queueUtilization, [name], pool.utilization)
        self.add(.queueOldestAge, [name], pool.oldestAge)
        self.add(.producersHeld, [name], pool.producersHeld)
        for activity in WorkerState.Activity.allCases {
            let count = pool.workerStates.count { $0.activity == activity }
            self.add(.workers, [name, activity.rawValue], count)
        }
        self.add(workerTimes ?? pool.workerTimes, named: name)
    }

    // MARK: - Private

    private mutating func add(_ times: WorkerTimes, named name: String) {
        self.add(.workerTime, [name, "busy"], times.busy)
        self.add(.workerTime, [name, "blocked"], times.blocked)
        self.add(.workerTime, [name, "idle"], times.idle)
    }

    private mutating func add(_ ledger: Ledger, named name: String) {
        self.add(.jobsOffered, [name], ledger.offered)
        self.add(.jobsAccepted, [name], ledger.accepted)
        self.add(.jobsWaiting, [name], ledger.waiting)
        self.add(.jobsInFlight, [name], ledger.inFlight)
        self.add(.poolBalanced, [name], ledger.isBalanced ? 1 : 0)
        let outcomes = [
            ("done", ledger.done), ("failed", ledger.failed), ("cancelled", ledger.cancelled),
            ("expired", ledger.expired), ("shed", ledger.shed), ("returned", ledger.returned),
            ("abandoned", ledger.abandoned),
        ]
        for (outcome, count) in outcomes { self.add(.jobsProcessed, [name, outcome], count) }
        let rejections = [
            ("full", ledger.rejections.full), ("closed", ledger.rejections.closed),
            ("cancelled", ledger.rejections.cancelled), ("too_large", ledger.rejections.tooLarge),
            ("nested", ledger.rejections.nested), ("blocking_in_task", ledger.rejections.blockingInTask),
        ]
        for (reason, count) in rejections { self.add(.jobsRejected, [name, reason], count) }
        let sheds = [
            ("newest", ledger.sheds.newest), ("oldest", ledger.sheds.oldest), ("lowest", ledger.sheds.lowest),
            ("overload", ledger.sheds.overload),
        ]
        for (reason, count) in sheds { self.add(.jobsShed, [name, reason], count) }
    }
}
