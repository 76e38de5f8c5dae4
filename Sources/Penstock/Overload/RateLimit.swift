//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How many jobs a pool begins in a time, at most.
///
/// Jobs above the rate are held in the queue, not dropped. In any stretch of time, wherever it starts, workers take no more
/// than the burst and what the rate gives in that time. A worker that takes several at once, as it does while jobs are short,
/// begins them one after another: where each beginning has to keep the rate, set ``WorkerPoolConfiguration/batchMax`` to 1.
///
/// ```swift
/// RateLimit(100, per: .seconds(1))
/// ```
public struct RateLimit: Sendable, Hashable {
    /// How many jobs may begin in each ``interval``, at least 1.
    public var jobs: Int
    /// The time in which so many may begin, more than zero.
    public var interval: Duration
    /// How many jobs may begin at once after a rest, at least 1.
    public var burst: Int

    /// Creates a limit.
    ///
    /// - Parameters:
    ///   - jobs: How many jobs may begin in each interval, at least 1.
    ///   - interval: The time in which so many may begin, more than zero.
    ///   - burst: How many may begin at once after a rest, at least 1; nil for as many as the rate gives in 10 ms, at
    ///     least 1. A worker that comes late finds no more than that, so with less the pool would fall short of a high
    ///     rate; at low rates it is 1, and jobs begin evenly.
    public init(_ jobs: Int, per interval: Duration = .seconds(1), burst: Int? = nil) {
        self.jobs = jobs
        self.interval = interval
        self.burst = burst ?? Self.defaultBurst(jobs: jobs, nanoseconds: interval.wholeNanoseconds)
    }

    private static func defaultBurst(jobs: Int, nanoseconds: UInt64) -> Int {
        let inTime = UInt128(max(jobs, 1)) * 10_000_000 / UInt128(max(nanoseconds, 1))
        return max(1, Int(clamping: inTime))
    }
}
