//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Decides whether a queue has become a standing one, and what is to be shed then, as a plain value.
///
/// Kathleen Nichols and Van Jacobson, "Controlling Queue Delay" (ACM Queue, 2012; RFC 8289): a queue is bad when the
/// smallest wait over an interval exceeds the target, and this begins as theirs does. Network packets are then dropped one
/// by one, ever quicker, to make their sender slow down. Nobody slows down for a job that is shed, so servers drop all that
/// is older than a short bound instead: Ben Maurer, "Fail at Scale" (ACM Queue, 2015), and folly's `Codel.cpp`, which
/// drops at twice the target, because it ends when the smallest wait is within the target again.
///
/// Here it drops at the target itself and ends at half of it: an overloaded queue in order of arrival hovers at the bound,
/// and so the bound is the wait of nearly all jobs that run. As in RFC 8289 the last queued job is spared: its worker
/// would have nothing to do.
struct CoDelController: Sendable {
    private enum State {
        /// The wait is within the target. Can transition to: `above`.
        case calm
        /// The wait has exceeded the target each time since an instant. Can transition to: `calm`, `shedding`.
        case above(since: UInt64)
        /// The queue is a standing one. Can transition to: `calm`.
        case shedding
    }

    private let target: UInt64
    private let interval: UInt64
    private var state = State.calm

    init(_ shedding: LoadShedding) {
        self.target = shedding.target.wholeNanoseconds
        self.interval = shedding.interval.wholeNanoseconds
        precondition(self.target > 0, "A target wait is more than zero.")
        precondition(self.interval >= self.target, "The interval of load shedding is at least its target.")
    }

    /// Whether jobs are to be shed.
    var isOverloaded: Bool {
        switch self.state {
        case .calm, .above: false
        case .shedding: true
        }
    }

    /// Looks at the queue before a worker takes from it.
    ///
    /// - Parameters:
    ///   - oldestWait: How long the job has waited that waits longest.
    ///   - now: The time.
    /// - Returns: The wait beyond which queued jobs are to be shed, but for the last one; `UInt64.max` for none.
    mutating func observe(oldestWait: UInt64, at now: UInt64) -> UInt64 {
        switch self.state {
        case .calm:
            if oldestWait > self.target { self.state = .above(since: now) }
        case .above(let since):
            if oldestWait <= self.target {
                self.state = .calm
            } else if now >= since, now - since >= self.interval {
                self.state = .shedding
            }
        case .shedding:
            if oldestWait <= self.target / 2 { self.state = .calm }
        }
        return self.isOverloaded ? self.target : .max
    }

    /// Hears that nothing is queued any more: there is no overload, whatever was before.
    mutating func drained() { self.state = .calm }
}
