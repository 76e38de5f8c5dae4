//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Logging
public import Penstock
public import ServiceLifecycle

/// A worker pool as a `Service`: it runs in a `ServiceGroup`, and a graceful shutdown drains it.
///
/// ```swift
/// let pool = WorkerPool(configuration) { (order: Order) in try await enrich(order) }
/// let group = ServiceGroup(
///     services: [WorkerPoolService(pool, logger: logger), server],
///     gracefulShutdownSignals: [.sigterm],
///     logger: logger
/// )
/// try await group.run()
/// ```
///
/// A group shuts services down in the reverse order of its list: put the pool before who submits to it.
///
/// It always ends. A shutdown takes at most the drain's deadline and grace, a cancellation the grace, also when a handler
/// ignores both for ever: its job is abandoned, and told. So a group needs no `maximumGracefulShutdownDuration` for it, and
/// one that is set must be longer than both together, or the group cancels the drain.
///
/// A shutdown that was asked for before the group has begun to run drains too: jobs that were submitted by then are run.
public struct WorkerPoolService<Job: Sendable, Output: Sendable>: Service {
    private let pool: WorkerPool<Job, Output>
    private let deadline: Duration?
    private let grace: Duration?
    private let logger: Logger?
    private let onReport: (@Sendable (DrainReport<Job, Output>) async -> Void)?

    /// Creates a service; the pool does not run yet.
    ///
    /// - Parameters:
    ///   - pool: The pool. Nobody else runs it.
    ///   - deadline: How long queued jobs may run after a graceful shutdown has begun; nil for the pool's own time.
    ///   - grace: How long running jobs may then take; nil for the pool's own time.
    ///   - logger: Hears how the pool has ended: at `info`, or at `warning` when jobs came back or were abandoned.
    ///   - onReport: Gets the report, with each job that never started. The group waits for it.
    public init(
        _ pool: WorkerPool<Job, Output>,
        deadline: Duration? = nil,
        grace: Duration? = nil,
        logger: Logger? = nil,
        onReport: (@Sendable (DrainReport<Job, Output>) async -> Void)? = nil
    ) {
        self.pool = pool
        self.deadline = deadline
        self.grace = grace
        self.logger = logger
        self.onReport = onReport
    }

    /// Runs the pool until it has drained: by a graceful shutdown, by somebody who drains it, or because this task is
    /// cancelled, which means `drain(deadline: .zero)`.
    ///
    /// - Throws: `alreadyRunning` when the pool runs already, or has run.
    public func run() async throws {
        let (pool, deadline, grace) = (self.pool, self.deadline, self.grace)
        let report = try await withGracefulShutdownHandler {
            try await pool.run()
        } onGracefulShutdown: {
            pool.beginDrain(deadline: deadline, grace: grace)
        }
        self.log(report)
        await self.onReport?(report)
    }

    // MARK: - Private

    private func log(_ report: DrainReport<Job, Output>) {
        guard let logger = self.logger else { return }
        let isLossless = report.returned.isEmpty && report.abandoned.isEmpty && report.undelivered.isEmpty
        logger.log(
            level: isLossless ? .info : .warning,
            isLossless ? "The pool has drained." : "The pool has drained; not all jobs have run to their end.",
            metadata: LogKey.metadata(of: report.ledger, pool: report.pool)
        )
    }
}
