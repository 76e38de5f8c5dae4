//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// When a pool has too much to do, and sheds jobs that have waited too long.
///
/// A queue that fills and drains again absorbs a burst. One in which even the luckiest job waits longer than the target,
/// for a whole interval, only adds to the latency of every job: then the pool sheds what has waited longer than the
/// target, until the wait has fallen to half of it. Those that run are then quick, and the workers stay busy: the last
/// queued job is never shed.
///
/// The length of the queue does not count, only time, so that one setting fits quick and slow jobs.
public struct LoadShedding: Sendable, Hashable {
    /// How long a job may wait in the queue of a pool that has too much to do.
    ///
    /// More than a job takes to run, or what is shed is the price of a single busy worker.
    ///
    /// Default: 5 ms.
    public var target: Duration
    /// For how long the wait must have exceeded the target before anything is shed: how long a burst may last.
    ///
    /// Jobs that come in this time when an overload begins wait up to as long.
    ///
    /// Default: 100 ms.
    public var interval: Duration

    /// Creates the limits.
    ///
    /// - Parameters:
    ///   - target: How long a job may wait in the queue of a pool that has too much to do, more than zero.
    ///   - interval: For how long the wait must have exceeded the target, at least as long as that.
    public init(target: Duration = .milliseconds(5), interval: Duration = .milliseconds(100)) {
        self.target = target
        self.interval = interval
    }
}
