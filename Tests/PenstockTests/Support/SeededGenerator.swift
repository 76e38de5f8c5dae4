//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Sebastiano Vigna's SplitMix64: the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A number from 0 up to, not including, a bound.
    mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(bound)) }

    /// True once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool { self.below(count) == 0 }
}

/// How much a test does: all of it, or a share under a sanitizer, which is some ten times slower; or much more than that,
/// in a build with `-Xswiftc -DPENSTOCK_DEEP`.
func scaled(_ count: Int) -> Int {
    #if PENSTOCK_TSAN || PENSTOCK_ASAN
    max(1, count / 10)
    #elseif PENSTOCK_DEEP
    count * 100
    #else
    count
    #endif
}
