//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting
import Testing

@Suite(.timeLimit(.minutes(5)))
struct VirtualClockTests {
    @Test("The clock stands still until it is moved")
    func standsStill() {
        let clock = VirtualClock(now: 5)
        #expect(clock.time.now() == 5)
        #expect(clock.time.now() == 5)
        clock.advance(by: .nanoseconds(7))
        #expect(clock.time.now() == 12)
    }

    @Test("Sleeping until the past returns at once")
    func past() async throws {
        let clock = VirtualClock(now: 100)
        try await clock.time.sleep(until: 100)
        try await clock.time.sleep(until: 3)
        #expect(clock.sleeperCount == 0)
    }

    @Test("The generator gives the numbers of SplitMix64")
    func generator() {
        var generator = SeededGenerator(seed: 1_234_567)
        let numbers = (0..<3).map { _ in generator.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }
}
