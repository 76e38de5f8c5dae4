//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

@Suite struct RateLimiterTests {
    private let second: UInt64 = 1_000_000_000

    @Test(arguments: [3, 7, 999, 1_000_000])
    func `an hour gives the rate exactly, however often it is asked`(jobs: Int) {
        for seed in 0..<UInt64(scaled(5)) {
            var random = SeededGenerator(seed: seed)
            var limiter = RateLimiter(RateLimit(jobs, per: .seconds(1), burst: 2 * jobs))
            let start = random.next() / 2
            var spent = limiter.grant(.max, at: start)
            #expect(spent == 2 * jobs, "seed \(seed)")
            var now = start
            spent = 0
            while now < start + 3_600 * self.second {
                // Never so long that the bucket would be full.
                now = min(now + UInt64(random.below(700_000_000)), start + 3_600 * self.second)
                spent += limiter.grant(.max, at: now)
            }
            #expect(spent == 3_600 * jobs, "seed \(seed)")
        }
    }

    @Test func `three a second are three a second, asked at the instants that it names`() {
        var limiter = RateLimiter(RateLimit(3))
        var now: UInt64 = 5
        var count = 0
        while now < 5 + 3_600 * self.second {
            #expect(limiter.grant(10, at: now) == 1)
            count += 1
            now = limiter.nextGrant(at: now)
        }
        // One is the burst that it begins with.
        #expect((10_800...10_801).contains(count), "\(count)")
    }

    @Test func `no stretch of time has more than the burst and the rate`() {
        for seed in 0..<UInt64(scaled(300)) {
            var random = SeededGenerator(seed: seed)
            let limit = RateLimit(
                1 + random.below(50),
                per: .nanoseconds(1 + random.below(1_000)),
                burst: 1 + random.below(20)
            )
            let interval = limit.interval.wholeNanoseconds
            var limiter = RateLimiter(limit)
            var now = UInt64(random.below(1_000))
            var grants: [(at: UInt64, count: Int)] = []
            for _ in 0..<60 {
                now += UInt64(random.oneIn(6) ? random.below(3_000) : random.below(60))
                let wanted = random.below(30)
                let count = limiter.grant(wanted, at: now)
                if !(0...wanted).contains(count) { Issue.record("seed \(seed): \(count) of \(wanted)") }
                grants.append((now, count))
            }
            for first in grants.indices {
                var sum = 0
                for last in first..<grants.count {
                    sum += grants[last].count
                    let elapsed = grants[last].at - grants[first].at
                    let most = limit.burst + Int(elapsed * UInt64(limit.jobs) / interval)
                    if sum > most { Issue.record("seed \(seed): \(sum) in \(elapsed) ns of \(limit)") }
                }
            }
        }
    }

    @Test func `it names the first instant at which a job may begin, and holds none that may`() {
        for seed in 0..<UInt64(scaled(500)) {
            var random = SeededGenerator(seed: seed)
            let limit = RateLimit(1 + random.below(9), per: .nanoseconds(1 + random.below(5_000)), burst: 3)
            var limiter = RateLimiter(limit)
            var now = random.next() / 2
            for _ in 0..<50 {
                _ = limiter.grant(random.below(5), at: now)
                let next = limiter.nextGrant(at: now)
                #expect(next >= now, "seed \(seed)")
                var (early, late) = (limiter, limiter)
                if next > now { #expect(early.grant(1, at: next - 1) == 0, "seed \(seed)") }
                #expect(late.grant(1, at: next) == 1, "seed \(seed)")
                now = random.oneIn(2) ? next : now + UInt64(random.below(2_000))
            }
        }
    }

    @Test func `the end of the clock and the largest limits overflow nothing`() {
        var late = RateLimiter(RateLimit(1, per: .seconds(1)))
        #expect(late.grant(2, at: .max - 10) == 1)
        #expect(late.grant(1, at: .max) == 0 && late.nextGrant(at: .max) == .max)
        var large = RateLimiter(RateLimit(.max, per: .seconds(Int64.max), burst: .max))
        #expect(large.grant(.max, at: 0) == .max && large.grant(1, at: 0) == 0)
        #expect(large.grant(.max, at: .max) > 0)
        var slow = RateLimiter(RateLimit(1, per: .seconds(Int64.max)))
        #expect(slow.grant(1, at: .max - 1) == 1 && slow.nextGrant(at: .max) == .max)
        var quick = RateLimiter(RateLimit(.max, per: .nanoseconds(1), burst: .max))
        #expect(quick.grant(.max, at: 1) == .max && quick.grant(.max, at: .max) == .max)
    }

    @Test func `a clock that seems to go back brings nothing and takes nothing`() {
        var limiter = RateLimiter(RateLimit(1, per: .nanoseconds(100), burst: 1))
        #expect(limiter.grant(1, at: 1_000) == 1)
        #expect(limiter.grant(1, at: 900) == 0 && limiter.nextGrant(at: 900) == 1_100)
        #expect(limiter.grant(1, at: 1_099) == 0 && limiter.grant(1, at: 1_100) == 1)
    }

    @Test func `the burst is what the rate gives in ten milliseconds, at least one`() {
        #expect(RateLimit(3).burst == 1)
        #expect(RateLimit(100_000).burst == 1_000)
        #expect(RateLimit(50, per: .milliseconds(1)).burst == 500)
        #expect(RateLimit(5, per: .seconds(1), burst: 5).burst == 5)
        #expect(RateLimit(.max, per: .nanoseconds(1)).burst == .max)
    }
}
