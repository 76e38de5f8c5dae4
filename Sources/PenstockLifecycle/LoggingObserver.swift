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

/// Tells a `Logger` what goes wrong in pools: failures at `debug`, since there may be one a job; what an operator should see
/// at `warning`.
///
/// ```swift
/// configuration.observer = LoggingObserver(logger)
/// ```
public struct LoggingObserver: PipelineObserver {
    private let logger: Logger

    /// Creates an observer.
    ///
    /// - Parameter logger: What it tells.
    public init(_ logger: Logger) {
        self.logger = logger
    }

    /// Logs at `debug`.
    public func jobFailed(_ error: any Error, pool: String) {
        self.logger.debug("A job has failed.", metadata: [LogKey.pool: "\(pool)", LogKey.error: "\(error)"])
    }

    /// Logs at `debug`.
    public func jobDropped(_ reason: DropReason, pool: String) {
        self.logger.debug(
            "A job was dropped before it had begun.",
            metadata: [LogKey.pool: "\(pool)", LogKey.reason: "\(reason)"]
        )
    }

    /// Logs at `warning`.
    public func jobIsStuck(_ job: StuckJob, pool: String) {
        self.logger.warning("A job does not end.", metadata: [LogKey.pool: "\(pool)", LogKey.job: "\(job)"])
    }

    /// Logs at `info`.
    public func poolDrained(_ ledger: Ledger, pool: String) {
        self.logger.info("A pool has drained.", metadata: LogKey.metadata(of: ledger, pool: pool))
    }

    /// Logs at `warning`.
    public func creationFailed(_ error: any Error, pool: String) {
        self.logger.warning(
            "The creation of a resource has failed.",
            metadata: [LogKey.pool: "\(pool)", LogKey.error: "\(error)"]
        )
    }

    /// Logs at `warning`.
    public func leaseIsOverdue(_ lease: LeaseReport, pool: String) {
        self.logger.warning("A lease is overdue.", metadata: [LogKey.pool: "\(pool)", LogKey.lease: "\(lease)"])
    }
}
