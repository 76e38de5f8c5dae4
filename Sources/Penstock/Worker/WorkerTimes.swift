//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where the time of a pool's workers has gone.
///
/// The three add up to the time that workers have lived: two workers for ten seconds make twenty.
public struct WorkerTimes: Sendable, Equatable {
    /// With jobs: handlers, and what the pool itself does around them.
    public var busy = Duration.zero
    /// With results that whoever reads them has no place for: a results channel that is full, a sink's closure, or what a
    /// handler has said to wait for with ``withDownstreamWait(_:)``.
    public var blocked = Duration.zero
    /// Without a job.
    public var idle = Duration.zero

    /// Creates times of zero.
    public init() {}

    /// All of it.
    public var total: Duration { self.busy + self.blocked + self.idle }
}

/// What one worker of a pool does.
public struct WorkerState: Sendable, Equatable {
    /// One of three: what the time of a worker is divided by.
    public enum Activity: String, Sendable, CaseIterable {
        /// It runs jobs.
        case busy
        /// It waits for whoever reads results.
        case blocked
        /// It has no job.
        case idle
    }

    /// Its name, as `pool/worker-2`.
    public let name: String
    /// What it does.
    public let activity: Activity
    /// For how long it has done so: since it took its batch, began to wait, or had its last job.
    public let elapsed: Duration
    /// How many jobs it has taken that have not ended, as the ledger counts.
    public let jobs: Int
}
