//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// When each queued job came, in the jobs' order: jobs that came together are one entry.
@usableFromInline
struct Arrivals: ~Copyable {
    @usableFromInline
    struct Run {
        @usableFromInline var time: UInt64
        @usableFromInline var count: Int

        @inlinable
        init(time: UInt64, count: Int) {
            self.time = time
            self.count = count
        }
    }

    @usableFromInline var runs = Ring<Run>(capacity: 64)

    @usableFromInline
    init() {}

    @inlinable var isEmpty: Bool { self.runs.isEmpty }

    /// When the oldest job came; there must be one.
    @inlinable var first: UInt64 { self.runs.first.time }

    /// Adds jobs that came at one time.
    @inlinable
    mutating func append(_ time: UInt64, count: Int) {
        if self.runs.isFull { self.runs.grow(to: self.runs.capacity * 2) }
        self.runs.append(Run(time: time, count: count))
    }

    /// Drops the oldest `count` jobs; there must be as many.
    @inlinable
    mutating func dropFirst(_ count: Int) {
        var left = count
        while left > 0 { left -= self.dropRun(atMost: left) }
    }

    /// Drops the oldest `count` jobs, and records for each how long ago it came; there must be as many.
    @inlinable
    mutating func dropFirst(_ count: Int, until now: UInt64, recordingInto waitTimes: inout LatencyHistogram) {
        var left = count
        while left > 0 {
            let time = self.first
            let dropped = self.dropRun(atMost: left)
            waitTimes.record(now > time ? now - time : 0, count: dropped)
            left -= dropped
        }
    }

    mutating func removeAll() { self.runs.dropFirst(self.runs.count) }

    // MARK: - Private

    /// Drops jobs that came at one time and says how many.
    @inlinable
    mutating func dropRun(atMost most: Int) -> Int {
        let run = self.runs.slots + self.runs.head
        let count = run.pointee.count
        guard count <= most else {
            run.pointee.count -= most
            return most
        }
        self.runs.advance(1)
        return count
    }
}
