//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Counts of durations, each kept with an error of at most 1 %.
///
/// Log-linear: each power of two is cut into 64 equal steps, and a step is reported by its middle, so that the error is
/// at most 1/128 of the value (0.8 %). The layout is that of Gil Tene's HdrHistogram. Values below 64 ns are exact;
/// values above about 146 minutes count as that.
public struct LatencyHistogram: Sendable, Equatable {
    private static let stepBits = 6
    private static let exponentMax = 42
    private static let bucketCount = (exponentMax - stepBits + 2) << stepBits
    private static let valueMax = (UInt64(1) << (exponentMax + 1)) - 1

    private var buckets: [UInt64]
    /// How many durations were recorded.
    public private(set) var count = 0
    /// The longest, in nanoseconds, as it was given.
    public private(set) var max: UInt64 = 0
    /// The sum in nanoseconds, as given.
    public private(set) var sum: UInt64 = 0

    /// Creates an empty histogram.
    public init() {
        self.buckets = Array(repeating: 0, count: Self.bucketCount)
    }

    /// The mean in nanoseconds; 0 when empty.
    public var mean: Double { self.count == 0 ? 0 : Double(self.sum) / Double(self.count) }

    /// Counts a duration.
    ///
    /// - Parameters:
    ///   - nanoseconds: The duration.
    ///   - count: How many times it occurred.
    public mutating func record(_ nanoseconds: UInt64, count: Int = 1) {
        self.buckets[Self.step(of: nanoseconds)] &+= UInt64(count)
        self.count &+= count
        self.sum &+= nanoseconds &* UInt64(count)
        if nanoseconds > self.max { self.max = nanoseconds }
    }

    /// Counts durations whose steps are known.
    ///
    /// A third of the work of counting each by itself: the buckets are made sure of once.
    @usableFromInline
    mutating func record(_ times: RecordedTimes) {
        let weight = UInt64(truncatingIfNeeded: times.weight)
        self.buckets.withUnsafeMutableBufferPointer { buckets in
            for index in 0..<times.count { buckets[Int(times.steps[index])] &+= weight }
        }
        guard times.count > 0 else { return }
        self.count &+= times.count &* times.weight
        self.sum &+= times.sum &* weight
        self.max = Swift.max(self.max, times.longest)
    }

    /// Adds the counts of another histogram.
    public mutating func merge(_ other: LatencyHistogram) {
        for index in self.buckets.indices { self.buckets[index] &+= other.buckets[index] }
        self.count += other.count
        self.sum &+= other.sum
        self.max = Swift.max(self.max, other.max)
    }

    /// What was recorded after an earlier state of this histogram; nothing when the other is none.
    ///
    /// The longest of them is known as its step is, unless it is the longest of all.
    package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        var recent = LatencyHistogram()
        var last: Int?
        for index in self.buckets.indices where self.buckets[index] > earlier.buckets[index] {
            recent.buckets[index] = self.buckets[index] - earlier.buckets[index]
            recent.count += Int(recent.buckets[index])
            last = index
        }
        if let last { recent.max = self.max > earlier.max ? self.max : Self.middle(of: last) }
        recent.sum = self.sum &- earlier.sum
        return recent
    }

    /// The duration that a share of all do not exceed, in nanoseconds; 0 when empty.
    ///
    /// - Parameter share: From 0 to 1, as 0.99 for P99.
    public func percentile(_ share: Double) -> UInt64 {
        precondition((0...1).contains(share), "A percentile is asked as a share from 0 to 1.")
        guard self.count > 0 else { return 0 }
        // A hair less: 7 % of 100 is 7, and 7.000000000000001 in floating point.
        let rank = Swift.max(1, UInt64((Double(self.count) * share * (1 - 1e-12)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, count) in self.buckets.enumerated() where count > 0 {
            seen += count
            if seen >= rank { return Swift.min(Self.middle(of: index), self.max) }
        }
        return self.max
    }

    /// How many durations do not exceed each of some bounds.
    ///
    /// A duration counts as the middle of its step, so that a bound is exact to 0.8 %.
    ///
    /// - Parameter bounds: In nanoseconds, ascending.
    /// - Returns: A count for each bound, those below among it.
    package func counts(upTo bounds: [UInt64]) -> [Int] {
        var counts: [Int] = []
        counts.reserveCapacity(bounds.count)
        var (index, seen) = (0, 0)
        for bound in bounds {
            while index < self.buckets.count, Self.middle(of: index) <= bound {
                seen &+= Int(truncatingIfNeeded: self.buckets[index])
                index += 1
            }
            counts.append(seen)
        }
        return counts
    }

    // MARK: - Steps

    /// The step that holds a duration.
    static func step(of nanoseconds: UInt64) -> Int {
        let value = Swift.min(nanoseconds, Self.valueMax)
        if value < 64 { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        let step = Int(value >> UInt64(exponent - self.stepBits)) & 63
        return ((exponent - self.stepBits + 1) << self.stepBits) | step
    }

    /// The step that holds a duration, which is 0 or more: that of the same in whole nanoseconds.
    ///
    /// From 64 on it is the exponent and the first binary digits as they stand in a `Double`, so that finding it takes a
    /// shift.
    @inline(__always)
    static func step(of nanoseconds: Double) -> Int {
        let value = Swift.min(nanoseconds, Double(Self.valueMax))
        if value < 64 { return Int(Int32(value)) }
        return Int(truncatingIfNeeded: value.bitPattern >> UInt64(52 - Self.stepBits)) &- (1023 + 5) << Self.stepBits
    }

    private static func middle(of index: Int) -> UInt64 {
        let block = index >> self.stepBits
        let step = UInt64(index & 63)
        if block == 0 { return step }
        let shift = UInt64(block - 1)
        return ((64 + step) << shift) + ((UInt64(1) << shift) >> 1)
    }
}
