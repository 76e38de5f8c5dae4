//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Says how many jobs may begin now under a ``RateLimit``: a token bucket, as a plain value.
///
/// Credit grows with time and each job takes its price. A nanosecond is worth as many units of credit as the limit has
/// jobs, and a job costs as many as its interval has nanoseconds: so all is whole numbers and nothing is lost to rounding,
/// however long it runs. With 128 bits none of it can overflow: time has 64, and the limit's numbers 63 each.
struct RateLimiter: Sendable {
    /// What a nanosecond brings.
    private let gain: UInt128
    /// What a job costs.
    private let price: UInt128
    /// The most credit there can be: what a burst costs.
    private let creditMax: UInt128
    private var credit: UInt128
    /// Up to when time was turned into credit.
    private var counted: UInt64 = 0

    /// Creates a limiter with its burst to spend.
    init(_ limit: RateLimit) {
        precondition(limit.jobs >= 1, "A rate is at least one job in its interval, not \(limit.jobs).")
        precondition(limit.burst >= 1, "A burst is at least 1, not \(limit.burst).")
        let nanoseconds = limit.interval.wholeNanoseconds
        precondition(nanoseconds >= 1, "A rate's interval is at least a nanosecond, not \(limit.interval).")
        self.gain = UInt128(limit.jobs)
        self.price = UInt128(nanoseconds)
        self.creditMax = UInt128(limit.burst) * self.price
        self.credit = self.creditMax
    }

    /// Lets jobs begin.
    ///
    /// - Parameters:
    ///   - wanted: How many there are, at least 0.
    ///   - now: The time. One that lies before an earlier call's counts as that.
    /// - Returns: How many may begin now, from 0 to `wanted`. They are taken to begin.
    mutating func grant(_ wanted: Int, at now: UInt64) -> Int {
        if now > self.counted {
            self.credit = min(self.creditMax, self.credit + UInt128(now - self.counted) * self.gain)
            self.counted = now
        }
        let granted = min(wanted, Int(clamping: self.credit / self.price))
        self.credit -= UInt128(granted) * self.price
        return granted
    }

    /// Takes back grants of jobs that were not begun after all.
    mutating func giveBack(_ jobs: Int) {
        self.credit = min(self.creditMax, self.credit + UInt128(max(jobs, 0)) * self.price)
    }

    /// The first instant, not before `now`, at which at least one job may begin; `UInt64.max` if the clock has none.
    func nextGrant(at now: UInt64) -> UInt64 {
        guard self.credit < self.price else { return now }
        let rest = (self.price - self.credit + self.gain - 1) / self.gain
        let (instant, overflow) = self.counted.addingReportingOverflow(UInt64(clamping: rest))
        return overflow ? .max : max(now, instant)
    }
}
