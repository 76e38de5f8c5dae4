//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// What lives in all that a registry watches: for the watch for leaks.
///
/// Numbers of it are in each scrape, as `penstock_live_objects`. When one grows, this says which: each lease with the place
/// where it was taken, each task with the place where it was started, each job that does not end with its worker.
public struct LiveObjects: Sendable {
    /// A pool of workers.
    public struct Pool: Sendable {
        /// The pool's name.
        public let name: String
        /// What each worker does.
        public let workers: [WorkerState]
        /// Threads of the pool's own.
        public let threads: Int
        /// Jobs taken by a worker and not ended.
        public let jobsInFlight: Int
        /// Jobs that were still running when a drain had to end.
        public let abandonedJobs: Int
        /// Jobs that run for longer than the pool finds right.
        public let stuckJobs: [StuckJob]
    }

    /// The leases of a pool of resources.
    public struct Leases: Sendable {
        /// The pool's name.
        public let pool: String
        /// How many there are.
        public let count: Int
        /// The oldest of them, the oldest first; at most ``LiveObjects/leasesMax``.
        public let oldest: [LeaseReport]
    }

    /// The tasks of a pool, a pipeline or a server.
    public struct Tasks: Sendable {
        /// Whose they are.
        public let owner: String
        /// How many there are.
        public let count: Int
        /// The oldest of them, the oldest first; at most ``LiveObjects/tasksMax``.
        public let oldest: [LiveTask]
    }

    /// Of each owner, at most so many tasks are told.
    public static let tasksMax = 100
    /// Of each pool, at most so many leases are told.
    public static let leasesMax = 100

    /// The pools of workers, those of pipelines among them.
    public internal(set) var pools: [Pool] = []
    /// The pools of resources.
    public internal(set) var leases: [Leases] = []
    /// The tasks of pools, pipelines and servers.
    public internal(set) var tasks: [Tasks] = []

    init() {}

    mutating func add(_ pool: PoolSnapshot, named name: String) {
        self.pools.append(
            Pool(
                name: name,
                workers: pool.workerStates,
                threads: pool.threads,
                jobsInFlight: pool.ledger.inFlight,
                abandonedJobs: pool.ledger.abandoned,
                stuckJobs: pool.stuckJobs
            )
        )
    }

    mutating func add(tasks: [LiveTask], of owner: String) {
        self.tasks.append(Tasks(owner: owner, count: tasks.count, oldest: Array(tasks.prefix(Self.tasksMax))))
    }

    mutating func add(leases: [LeaseReport], named name: String) {
        let oldest = Array(leases.prefix(Self.leasesMax))
        self.leases.append(Leases(pool: name, count: leases.count, oldest: oldest))
    }

    static func += (left: inout LiveObjects, right: LiveObjects) {
        left.pools += right.pools
        left.leases += right.leases
        left.tasks += right.tasks
    }
}

extension MetricsRegistry {
    /// What lives in all that is watched, with the place where each lease was taken and each task was started.
    public func liveObjects() -> LiveObjects {
        self.watched().reduce(into: LiveObjects()) { $0 += $1() }
    }

    /// Shows at each scrape how many workers, threads, tasks, jobs and leases live in all that is watched.
    ///
    /// - Returns: What ends it: ``end(_:)``.
    @discardableResult
    public func watchLiveObjects() -> MetricsWatch {
        // The registry keeps its collectors: one that kept the registry would keep it for ever.
        self.collect { [weak self] samples in
            guard let live = self?.liveObjects() else { return }
            let kinds = [
                ("workers", live.pools.reduce(0) { $0 + $1.workers.count }),
                ("threads", live.pools.reduce(0) { $0 + $1.threads }),
                ("tasks", live.tasks.reduce(0) { $0 + $1.count }),
                ("jobs", live.pools.reduce(0) { $0 + $1.jobsInFlight }),
                ("abandoned_jobs", live.pools.reduce(0) { $0 + $1.abandonedJobs }),
                ("leases", live.leases.reduce(0) { $0 + $1.count }),
            ]
            for (kind, count) in kinds { samples.add(.liveObjects, [kind], count) }
        }
    }
}
