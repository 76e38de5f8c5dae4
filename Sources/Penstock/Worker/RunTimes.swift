//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How long the jobs of a worker's batch ran, as far as that was measured.
///
/// A look at the clock costs more than many a job. Where every job is timed, the processor's own counter is read between
/// jobs, which costs less than half, and the clock before and after the batch: the two give the counter's rate.
//
// SAFETY: one worker's loop makes it, writes it and frees it; others see a copy for the length of a call of that loop.
@usableFromInline
struct RunTimes {
    /// In nanoseconds, once the batch has ended.
    @usableFromInline let times: UnsafeMutablePointer<UInt64>
    @usableFromInline var count = 0
    /// How many jobs each time stands for.
    @usableFromInline var weight = 1
    /// The first so many jobs of a batch are timed.
    @usableFromInline let timed: Int
    @usableFromInline var begunAt: UInt64 = 0
    @usableFromInline var lastTicks: UInt64 = 0

    @usableFromInline
    init(_ limits: PoolLimits) {
        switch limits.timing.kind {
        case .off: self.timed = 0
        case .sampled: self.timed = 1
        case .everyJob: self.timed = limits.batchMax
        }
        self.times = .allocate(capacity: max(1, self.timed))
    }

    @usableFromInline
    func deallocate() { self.times.deallocate() }

    @inlinable var timesEveryJob: Bool { self.timed > 1 }

    /// Forgets the times of the batch before.
    ///
    /// - Parameter now: When the batch was taken, by the clock.
    @inlinable
    mutating func begin(_ time: TimeSource, now: UInt64) {
        self.count = 0
        self.begunAt = now
        guard self.timesEveryJob else { return }
        self.begunAt = time.now()
        self.lastTicks = time.ticks()
    }

    /// Says that a job has ended: one of the first ``timed`` of the batch, in their order.
    @inlinable
    @inline(__always)
    mutating func mark(_ time: TimeSource) {
        if self.timesEveryJob {
            let ticks = time.ticks()
            self.times[self.count] = ticks &- self.lastTicks
            self.lastTicks = ticks
        } else {
            self.times[0] = time.now() &- self.begunAt
        }
        self.count &+= 1
    }

    /// Says that the batch has ended.
    @inlinable
    mutating func end(_ time: TimeSource) {
        if self.timesEveryJob, self.count > 0 { self.convertTicks(elapsed: time.now() &- self.begunAt) }
    }

    /// Sets the one time that each of `jobs` jobs has taken together.
    @inlinable
    mutating func set(_ time: UInt64, jobs: Int) {
        self.times[0] = time
        self.count = 1
        self.weight = self.timesEveryJob ? jobs : 1
    }

    // MARK: - Private

    @usableFromInline
    func convertTicks(elapsed: UInt64) {
        var sum = 0.0
        for index in 0..<self.count {
            // A counter that has gone back, on another processor, counts as one that stood still.
            if self.times[index] > UInt64(Int64.max) { self.times[index] = 0 }
            sum += Double(self.times[index])
        }
        let share = Double(elapsed) / (sum > 0 ? sum : Double(self.count))
        for index in 0..<self.count {
            self.times[index] = UInt64((sum > 0 ? Double(self.times[index]) : 1) * share)
        }
    }
}
