//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Arithmetic that takes a time that is asked for: each step needs the one before, as those of ``SpinWork`` do.
///
/// How long a step takes is found out on the spot. The quickest of many short rounds counts: it is the one that nobody
/// has disturbed.
struct CalibratedSpin: Sendable {
    private static let roundSteps = 10_000
    private static let rounds = 200

    /// How many steps the time takes, at least 1.
    let steps: Int

    init(_ time: Duration) {
        var (quickest, seed) = (UInt64.max, UInt64(1))
        for _ in 0..<Self.rounds {
            let begun = TimeSource.system.now()
            seed = Self.spin(seed, steps: Self.roundSteps)
            quickest = min(quickest, max(1, TimeSource.system.now() &- begun))
        }
        // An odd number times odd numbers is never 0: the rounds cannot be left out.
        precondition(seed != 0, "The rounds were not run.")
        self.steps = max(1, Int(Double(time.wholeNanoseconds) / Double(quickest) * Double(Self.roundSteps)))
    }

    /// Takes the time.
    @inline(__always)
    func run(_ seed: UInt64) -> UInt64 { Self.spin(seed | 1, steps: self.steps) }

    // MARK: - Private

    @inline(never)
    private static func spin(_ seed: UInt64, steps: Int) -> UInt64 {
        var mixed = seed
        for _ in 0..<steps {
            mixed ^= mixed >> 33
            mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
        }
        return mixed
    }
}
