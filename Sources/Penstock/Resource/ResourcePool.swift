//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Keeps resources that are dear to make, connections above all, and leases them to one user at a time.
///
/// There are at most ``ResourcePoolConfiguration/maximum`` of them. Who finds none idle waits in line, first come, first
/// served; a resource that comes back, or is new, goes to who has waited longest. Each resource and each request is
/// somewhere at any time, and the ``ResourcePoolSnapshot`` balances. See <doc:ResourcePools>.
///
/// ```swift
/// let connections = ResourcePool(configuration) { try await Connection(to: host) }
/// group.addTask { try await connections.run() }
/// try await connections.with { connection in try await connection.insert(rows) }
/// ```
///
/// Make the pool, let ``run()`` run, and drain: a pool that is let go without a drain keeps its resources.
public final class ResourcePool<Resource: Sendable>: Sendable {
    @usableFromInline let core: ResourcePoolCore<Resource>

    /// Creates a pool; it makes nothing before it runs.
    ///
    /// Each closure is cancelled when it takes longer than it may. One that goes on nevertheless has lost its slot: what
    /// it still brings is destroyed, and counted.
    ///
    /// - Parameters:
    ///   - configuration: Sizes and limits; wrong ones trap.
    ///   - create: Makes a resource.
    ///   - check: Says whether a resource still works; nil when they need no check.
    ///   - destroy: Ends a resource; nil when it is enough to let go of it. No lease has the resource any more.
    public init(
        _ configuration: ResourcePoolConfiguration = ResourcePoolConfiguration(),
        create: @escaping @Sendable () async throws -> Resource,
        check: (@Sendable (Resource) async -> Bool)? = nil,
        destroy: (@Sendable (Resource) async -> Void)? = nil
    ) {
        self.core = ResourcePoolCore(configuration, create: create, check: check, destroy: destroy)
    }

    /// The pool's name.
    public var name: String { self.core.configuration.name }

    /// The pool now: where every resource and every request is. It balances.
    public func snapshot() -> ResourcePoolSnapshot {
        let now = self.core.time.now()
        return self.core.guarded.withLock { $0.machine.snapshot(pool: self.name, now: now) }
    }

    /// The leases that have lasted at least a time, the oldest first, each with the place where it was taken.
    public func leases(olderThan age: Duration) -> [LeaseReport] {
        let now = self.core.time.now()
        return self.core.guarded.withLock { $0.machine.leases(olderThan: age.wholeNanoseconds, now: now) }
    }

    /// How long a lease may last before it is overdue; nil for as long as it likes.
    package var leaseTimeMax: Duration? { self.core.configuration.leaseTimeMax }

    /// The pool's tasks that have not ended, the oldest first: one that manages it, and those of closures.
    public var tasks: [LiveTask] { self.core.live.current }

    /// What is wrong with the pool: always nil.
    package var problem: String? { self.core.guarded.withLock { $0.machine.problem } }

    // MARK: - Life

    /// Creates, checks, retires and destroys resources, until the pool has drained.
    ///
    /// Cancelling it means `drain(deadline: .zero)` with the configured grace; it still returns the report. When it
    /// returns, nothing that it started is alive but the closures that the report names.
    ///
    /// - Returns: The report of the drain. Called once the pool has drained without having run, it starts nothing.
    /// - Throws: `alreadyRunning` when the pool runs already, or has run.
    public func run() async throws(PenstockError) -> ResourceDrainReport {
        try self.core.start()
        return await self.core.waitForReport(onCancel: self.core.configuration.drainGrace)
    }

    /// Begins what ``run()`` does, and returns: for an owner that ends it with ``drain(deadline:grace:)``, and so waits for it.
    package func start() throws(PenstockError) { try self.core.start() }

    /// Ends the pool, and returns by the deadline plus the grace whatever the closures and those who lease do.
    ///
    /// From now on no resource is leased, and every waiting lease ends with `closed`. Resources are destroyed as they
    /// come back. Those that are not back by the deadline are in the report, and are destroyed when they come. Closures
    /// that have not ended after the grace are cancelled and no longer waited for.
    ///
    /// Calling it again, from anywhere, can only bring the end nearer, and returns the same report. Cancelling it means
    /// that the deadline is now.
    ///
    /// - Parameters:
    ///   - deadline: How long leases may take to come back; nil for the configured time.
    ///   - grace: How long closures may then take to end; nil for the configured time.
    /// - Returns: The pool at its end, and what has not come back.
    public func drain(deadline: Duration? = nil, grace: Duration? = nil) async -> ResourceDrainReport {
        let configuration = self.core.configuration
        let grace = grace ?? configuration.drainGrace
        self.core.beginDrain(deadline: deadline ?? configuration.drainDeadline, grace: grace)
        return await self.core.waitForReport(onCancel: grace)
    }
}
