//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Looks on while a pool works.
///
/// It is called outside all locks by whoever works at that moment, a worker above all: be quick. Every method has an implementation that does nothing.
public protocol PipelineObserver: Sendable {
    /// A job has failed.
    ///
    /// - Parameters:
    ///   - error: What its handler threw, or a batch handler said of it.
    ///   - pool: The pool's name.
    func jobFailed(_ error: any Error, pool: String)

    /// An accepted job has ended without having begun.
    ///
    /// - Parameters:
    ///   - reason: Why.
    ///   - pool: The pool's name.
    func jobDropped(_ reason: DropReason, pool: String)

    /// A job runs for longer than its pool finds right. It is said once of each.
    ///
    /// - Parameters:
    ///   - job: Which one, on which worker, and for how long it has run.
    ///   - pool: The pool's name.
    func jobIsStuck(_ job: StuckJob, pool: String)

    /// A pool has drained.
    ///
    /// - Parameters:
    ///   - ledger: Its last ledger.
    ///   - pool: The pool's name.
    func poolDrained(_ ledger: Ledger, pool: String)

    /// The creation of a resource has failed, or takes too long.
    ///
    /// - Parameters:
    ///   - error: What the creation threw; `timedOut` when it takes too long.
    ///   - pool: The pool's name.
    func creationFailed(_ error: any Error, pool: String)

    /// A lease has lasted longer than its pool finds right. It is said once of each.
    ///
    /// - Parameters:
    ///   - lease: Where it was taken, and how long it has lasted.
    ///   - pool: The pool's name.
    func leaseIsOverdue(_ lease: LeaseReport, pool: String)
}

extension PipelineObserver {
    /// Does nothing.
    public func jobFailed(_ error: any Error, pool: String) {}
    /// Does nothing.
    public func jobDropped(_ reason: DropReason, pool: String) {}
    /// Does nothing.
    public func jobIsStuck(_ job: StuckJob, pool: String) {}
    /// Does nothing.
    public func poolDrained(_ ledger: Ledger, pool: String) {}
    /// Does nothing.
    public func creationFailed(_ error: any Error, pool: String) {}
    /// Does nothing.
    public func leaseIsOverdue(_ lease: LeaseReport, pool: String) {}
}

/// Looks away: the default.
public struct SilentObserver: PipelineObserver {
    /// Creates one.
    public init() {}
}
