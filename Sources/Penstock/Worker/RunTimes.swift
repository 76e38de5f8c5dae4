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
/// A look at the clock costs more than many a job. Where every job is timed, the processor's own counter is read instead,
/// which costs less than half, and once beside each of the clock's readings that a worker takes anyway, between two batches:
/// the two give the counter's rate.
///
/// The counter is read when the next job has been claimed, not before: the processor claims only once all before it is
/// done, and would wait for the counter. So it begins the job meanwhile.
//
// SAFETY: one worker's loop makes it, writes it and frees it; others see a copy for the length of a call of that loop.
@usableFromInline
struct RunTimes {
    /// The counter when each job of the batch began, and when the last ended; only where every job is timed.
    @usableFromInline let readings: UnsafeMutablePointer<UInt64>
    /// How many jobs have begun whose readings are not yet times.
    @usableFromInline var begun = 0
    /// The times, once the batch has ended.
    @usableFromInline var recorded: RecordedTimes
    /// The first so many jobs of a batch are timed by the counter, or by the clock.
    @usableFromInline let counted: Int
    @usableFromInline let clocked: Int
    /// When the batch was taken, by the clock and by the counter.
    @usableFromInline var takenAt: UInt64 = 0
    @usableFromInline var takenReading: UInt64 = 0

    @usableFromInline
    init(_ limits: PoolLimits) {
        switch limits.timing.kind {
        case .off: (self.counted, self.clocked) = (0, 0)
        case .sampled: (self.counted, self.clocked) = (0, 1)
        case .everyJob: (self.counted, self.clocked) = limits.batchMax > 1 ? (limits.batchMax, 0) : (0, 1)
        }
        self.readings = .allocate(capacity: self.counted + 1)
        self.recorded = RecordedTimes(capacity: max(1, self.counted))
    }

    @usableFromInline
    func deallocate() {
        self.readings.deallocate()
        self.recorded.steps.deallocate()
    }

    /// Whether any job is timed.
    @inlinable var measures: Bool { self.counted + self.clocked > 0 }

    /// Says that the worker is about to report the batch at hand and to take another.
    ///
    /// - Parameter now: By the clock.
    @inlinable
    mutating func turn(_ time: TimeSource, now: UInt64) {
        let reading = self.counted > 0 ? time.ticks() : 0
        if self.begun > 0 { self.convert(now: now, reading: reading) }
        self.takenAt = now
        self.takenReading = reading
    }

    /// Forgets the times of the batch before.
    @inlinable
    mutating func forget() { self.recorded.count = 0 }

    /// Says that a job has been claimed and begins.
    @inlinable
    @inline(__always)
    mutating func beginJob(_ slot: Int, _ time: TimeSource) {
        guard slot < self.counted else { return }
        self.readings[slot] = time.ticks()
        self.begun = slot &+ 1
    }

    /// Says that a job has ended.
    @inlinable
    @inline(__always)
    mutating func endJob(_ slot: Int, _ time: TimeSource) {
        guard slot < self.clocked else { return }
        self.set(time.now() &- self.takenAt, jobs: 1)
    }

    /// Says that the last job of the batch has ended.
    @inlinable
    @inline(__always)
    mutating func end(_ time: TimeSource) {
        if self.counted > 0 { self.readings[self.begun] = time.ticks() }
    }

    /// Sets the one time that each of `jobs` jobs has taken together.
    @usableFromInline
    mutating func set(_ time: UInt64, jobs: Int) {
        self.recorded.steps[0] = UInt16(truncatingIfNeeded: LatencyHistogram.step(of: time))
        (self.recorded.sum, self.recorded.longest) = (time, time)
        (self.recorded.count, self.recorded.weight) = (1, self.counted > 0 ? jobs : 1)
    }

    // MARK: - Private

    /// Makes nanoseconds of the counter's readings.
    ///
    /// A counter that has gone back, on another processor, counts as one that stood still. One that stood still since the
    /// batch was taken says nothing: each job then gets the same share of the time.
    @usableFromInline
    mutating func convert(now: UInt64, reading: UInt64) {
        let elapsed = Double(now &- self.takenAt)
        let turns = max(0, Int64(bitPattern: reading &- self.takenReading))
        let (rate, least) = turns > 0 ? ((elapsed / Double(turns)).nextUp, 0) : (0, elapsed / Double(self.begun))
        var sum: Int64 = 0
        var most: Int64 = 0
        var last = self.readings[0]
        for index in 0..<self.begun {
            let next = self.readings[index &+ 1]
            let difference = max(0, Int64(bitPattern: next &- last))
            last = next
            sum &+= difference
            most = max(most, difference)
            let step = LatencyHistogram.step(of: Double(difference) * rate + least)
            self.recorded.steps[index] = UInt16(truncatingIfNeeded: step)
        }
        // Jobs of a batch take no longer than the batch.
        self.recorded.sum = UInt64(Double(min(max(0, sum), turns)) * rate + least * Double(self.begun))
        self.recorded.longest = UInt64(Double(min(most, turns)) * rate + least)
        (self.recorded.count, self.recorded.weight) = (self.begun, 1)
        self.begun = 0
    }
}

/// What a batch's times are to the histogram that records them.
@usableFromInline
struct RecordedTimes {
    /// The histogram's step for each time.
    @usableFromInline let steps: UnsafeMutablePointer<UInt16>
    /// How many times there are, and how many jobs each stands for.
    @usableFromInline var count = 0
    @usableFromInline var weight = 1
    /// All times together, and the longest, in nanoseconds.
    @usableFromInline var sum: UInt64 = 0
    @usableFromInline var longest: UInt64 = 0

    init(capacity: Int) { self.steps = .allocate(capacity: capacity) }
}
