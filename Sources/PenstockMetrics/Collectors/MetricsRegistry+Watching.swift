//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock
public import PenstockEvents

extension MetricsRegistry {
    /// Shows a pool at each scrape, and keeps it alive until the watch ends.
    ///
    /// A second one with the same name gets a number: `pool-2`.
    ///
    /// - Returns: What ends the watch: ``end(_:)``.
    @discardableResult
    public func watch<Job, Output>(_ pool: WorkerPool<Job, Output>) -> MetricsWatch {
        self.watchPool(named: pool.name) { pool.snapshot() }
    }

    /// Shows a pool that only its snapshots are at hand of.
    ///
    /// - Parameters:
    ///   - name: The pool's name.
    ///   - snapshot: The pool now, or nil when it has none to give.
    /// - Returns: What ends the watch: ``end(_:)``.
    @discardableResult
    public func watchPool(
        named name: String,
        snapshot: @escaping @Sendable () -> PoolSnapshot?
    ) -> MetricsWatch {
        self.watch(name) { name in
            var live = LiveObjects()
            if let pool = snapshot() {
                live.add(pool, named: name)
                live.add(tasks: pool.tasks, of: name)
            }
            return live
        } collect: { name, samples in
            if let pool = snapshot() { samples.add(pool, named: name) }
        }
    }

    /// Shows a pipeline and its pool at each scrape, and keeps it alive until the watch ends.
    ///
    /// A second one with the same name gets a number: `flights-2`.
    ///
    /// - Returns: What ends the watch: ``end(_:)``.
    @discardableResult
    public func watch(_ pipeline: Pipeline) -> MetricsWatch {
        self.watchPipeline(named: pipeline.description.name) { pipeline.snapshot() }
    }

    /// Shows a pipeline that only its snapshots are at hand of.
    ///
    /// - Parameters:
    ///   - name: The pipeline's name, which is that of its pool too.
    ///   - snapshot: The pipeline now, or nil when there is none.
    /// - Returns: What ends the watch: ``end(_:)``.
    @discardableResult
    public func watchPipeline(
        named name: String,
        snapshot: @escaping @Sendable () -> PipelineSnapshot?
    ) -> MetricsWatch {
        self.watch(name) { name in
            var live = LiveObjects()
            if let pipeline = snapshot() {
                if let pool = pipeline.pool { live.add(pool, named: name) }
                live.add(tasks: pipeline.tasks, of: name)
            }
            return live
        } collect: { name, samples in
            if let pipeline = snapshot() { samples.add(pipeline, named: name) }
        }
    }

    /// Counts tasks of what is no pool and no pipeline among what lives.
    ///
    /// - Returns: What ends the watch: ``end(_:)``.
    @discardableResult
    package func watchTasks(named name: String, _ tasks: @escaping @Sendable () -> [LiveTask]) -> MetricsWatch {
        self.watch(name) { name in
            var live = LiveObjects()
            live.add(tasks: tasks(), of: name)
            return live
        } collect: { _, _ in
        }
    }

    /// Shows a pool of resources at each scrape, and keeps it alive until the watch ends.
    ///
    /// A second one with the same name gets a number: `connections-2`.
    ///
    /// - Returns: What ends the watch: ``end(_:)``.
    @discardableResult
    public func watch<Resource>(_ pool: ResourcePool<Resource>) -> MetricsWatch {
        self.watch(pool.name) { name in
            var live = LiveObjects()
            live.add(leases: pool.leases(olderThan: .zero), named: name)
            live.add(tasks: pool.tasks, of: name)
            return live
        } collect: { name, samples in
            let overdue = pool.leaseTimeMax.map { pool.leases(olderThan: $0).count } ?? 0
            samples.add(pool.snapshot(), overdue: overdue, named: name)
        }
    }
}
