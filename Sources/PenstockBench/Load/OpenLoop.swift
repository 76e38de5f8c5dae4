//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock
import Penstock

/// Offers jobs when they are due, however fast they are done, and never waits for one.
///
/// It sleeps for a tick, and then offers all that has become due: a thread that woke for each job could not offer as
/// many as an overload needs. So a job comes up to a tick late. That is part of its latency, which counts from when it was
/// due, and the same at every rate.
struct OpenLoop: Sendable {
    /// The longest sleep, in nanoseconds.
    static let tick: UInt64 = 250_000

    /// When it begins and ends, on the system's clock.
    let start: UInt64
    let end: UInt64

    /// Offers the jobs of a schedule; blocks its thread.
    ///
    /// - Parameters:
    ///   - arrivals: When jobs are due.
    ///   - tick: Called after each tick, with the time.
    ///   - offer: Offers the job that was due at a time, of a lane.
    func run(_ arrivals: some Arrivals, tick: (UInt64) -> Void = { _ in }, offer: (UInt64, Int) -> Void) {
        var schedule = arrivals
        cpenstock_sharpen_timers()
        var now = self.start
        while schedule.next < self.end {
            // On a grid: being late once does not move all that comes after.
            let ticks = (now - self.start) / Self.tick + 1
            ThreadSleep.until(min(self.start + ticks * Self.tick, self.end))
            now = max(now, TimeSource.system.now())
            while schedule.next <= now, schedule.next < self.end {
                offer(schedule.next, schedule.lane)
                schedule.advance()
            }
            tick(now)
        }
        ThreadSleep.until(self.end)
    }
}
