//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Jobs that arrive at random, as those of many users who do not know of each other.
///
/// The gaps between arrivals are exponential (a Poisson process), and follow from a seed. A regular schedule would flatter
/// a queue: it never sees two jobs at once.
struct ArrivalSchedule: Arrivals, Sendable {
    /// Among how many lanes the jobs are shared, at random.
    let lanes: Int
    /// The mean gap, in nanoseconds.
    private let gap: Double
    private var state: UInt64
    private var time: Double
    private(set) var lane = 0

    /// - Parameters:
    ///   - rate: Arrivals a second, more than 0.
    ///   - lanes: Among how many lanes they are shared, at least 1.
    ///   - start: When it begins, in nanoseconds.
    ///   - seed: What the arrivals follow from.
    init(rate: Double, lanes: Int = 1, start: UInt64, seed: UInt64) {
        precondition(rate > 0, "Jobs arrive at a rate of more than 0.")
        precondition(lanes >= 1, "Jobs need a lane.")
        self.lanes = lanes
        self.gap = 1e9 / rate
        self.state = seed
        self.time = Double(start)
        self.advance()
    }

    var next: UInt64 { UInt64(self.time) }

    @inline(__always)
    mutating func advance() {
        // The upper 53 bits make a number above 0 and at most 1.
        self.time -= self.gap * log(Double((self.random() >> 11) + 1) * 0x1p-53)
        if self.lanes > 1 { self.lane = Int(self.random().multipliedFullWidth(by: UInt64(self.lanes)).high) }
    }

    // MARK: - Private

    /// SplitMix64, as in `SeededGenerator`.
    @inline(__always)
    private mutating func random() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
