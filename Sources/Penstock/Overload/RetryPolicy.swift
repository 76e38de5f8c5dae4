//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Whether, how often and when a job that failed is tried again.
///
/// Between the attempts lies a random wait, and all of a pool's retries together have a budget: when everything fails,
/// retries add a tenth to the load and not a multiple of it.
public struct RetryPolicy: Sendable {
    /// How often a job is tried in all, at least 1; 1 is never to retry.
    ///
    /// Default: 3.
    public var attemptsMax = 3
    /// The longest wait after the first failure; it doubles with each further one.
    ///
    /// Each wait is a random one from zero up to that (full jitter), so that jobs that failed together do not come back
    /// together.
    ///
    /// Default: 100 ms.
    public var backoffInitial = Duration.milliseconds(100)
    /// The longest wait after any number of failures.
    ///
    /// Default: 10 s.
    public var backoffMax = Duration.seconds(10)
    /// How many retries each first attempt brings, from 0 to 1,000, to a millionth.
    ///
    /// In any stretch of time there are no more retries than this share of the first attempts, and ``budgetBurst``. A job
    /// that failed when there are none left has failed for good.
    ///
    /// Default: 0.1, for at most 10 % more load in the long run.
    public var budget = 0.1
    /// How many retries there may be on top of the share, at least 1; also the most that are saved up.
    ///
    /// Without it a pool with few jobs could retry none, and after a long time without failures an outage would meet all
    /// the retries that were saved.
    ///
    /// Default: 100, so that a take of 64 jobs that all fail, on a connection that broke, may be tried again.
    public var budgetBurst = 100
    /// Whether an error is worth another attempt.
    ///
    /// Default: each is but `CancellationError`.
    public var isRetryable: @Sendable (any Error) -> Bool = { !($0 is CancellationError) }

    /// Creates a policy with the values that are most often set, and defaults for the others.
    ///
    /// - Parameters:
    ///   - attemptsMax: How often a job is tried in all, at least 1.
    ///   - isRetryable: Whether an error is worth another attempt.
    public init(
        attemptsMax: Int = 3,
        isRetryable: @escaping @Sendable (any Error) -> Bool = { !($0 is CancellationError) }
    ) {
        self.attemptsMax = attemptsMax
        self.isRetryable = isRetryable
    }

    /// How long to wait before the next attempt, in nanoseconds.
    ///
    /// Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): of the ways to spread attempts, full
    /// jitter makes the fewest calls.
    ///
    /// - Parameters:
    ///   - attempt: Which attempt has failed, from 1.
    ///   - generator: Where chance comes from.
    /// - Returns: From zero to the longest wait after so many failures, each as likely.
    func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> UInt64 {
        precondition(attempt >= 1, "Attempts count from 1, not from \(attempt).")
        let initial = self.backoffInitial.wholeNanoseconds
        let doublings = attempt - 1
        let longest = initial == 0 || doublings < initial.leadingZeroBitCount ? initial << doublings : .max
        return UInt64.random(in: 0...min(longest, self.backoffMax.wholeNanoseconds), using: &generator)
    }
}
