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

    /// A pool has drained.
    ///
    /// - Parameters:
    ///   - ledger: Its last ledger.
    ///   - pool: The pool's name.
    func poolDrained(_ ledger: Ledger, pool: String)
}

extension PipelineObserver {
    /// Does nothing.
    public func jobFailed(_ error: any Error, pool: String) {}
    /// Does nothing.
    public func poolDrained(_ ledger: Ledger, pool: String) {}
}

/// Looks away: the default.
public struct SilentObserver: PipelineObserver {
    /// Creates one.
    public init() {}
}
