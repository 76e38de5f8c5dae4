//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockBench

@Suite("The recommendation")
struct TuneRecommendationTests {
    /// Larger queues do more until 1,000 jobs, and then only make jobs wait.
    private static let capacities = [
        measurement(1, 16, 64, figures(perSecond: 200_000, wait: 5)),
        measurement(1, 1000, 64, figures(perSecond: 980_000, wait: 50)),
        measurement(1, 10_000, 64, figures(perSecond: 1_000_000, wait: 500)),
        measurement(1, 100_000, 64, figures(perSecond: 990_000, wait: 5000)),
    ]

    @Test("is the smallest capacity that is nearly as good as the best", .timeLimit(.minutes(5)))
    func capacity() throws {
        let found = try #require(
            TuneRecommendation(Self.capacities.shuffled(), for: .throughput, tolerance: 0.03)
        )
        #expect(found.chosen == Self.capacities[1] && found.best == Self.capacities[2])
        #expect(found.candidates(within: 0.03) == Array(Self.capacities[1...]))
        #expect(found.measurements == Self.capacities)
        let strict = TuneRecommendation(Self.capacities, for: .throughput, tolerance: 0.01)
        #expect(strict?.chosen.setting.capacity == 10_000)
        let best = TuneRecommendation(Self.capacities, for: .throughput, tolerance: 0)
        #expect(best?.chosen == best?.best)
    }

    @Test(
        "has fewer workers rather than a smaller capacity, and that rather than a smaller batch",
        .timeLimit(.minutes(5))
    )
    func order() {
        let equal = [
            measurement(2, 16, 1, figures()), measurement(1, 1000, 1, figures()), measurement(1, 100, 64, figures()),
        ]
        let found = TuneRecommendation(equal, for: .throughput, tolerance: 0.03)
        #expect(found?.chosen.setting == TuneSetting(workers: 1, capacity: 100, batch: 64))
    }

    @Test("goes by medians", .timeLimit(.minutes(5)))
    func medians() {
        let lucky = measurement(1, 16, 1, figures(perSecond: 10), figures(perSecond: 900), figures(perSecond: 10))
        let steady = measurement(1, 64, 1, figures(perSecond: 100), figures(perSecond: 101), figures(perSecond: 102))
        let found = TuneRecommendation([lucky, steady], for: .throughput, tolerance: 0.03)
        #expect(found?.chosen == steady)
        #expect(lucky.spread(for: .throughput) == 89)
        #expect((steady.spread(for: .throughput) - 2 / 101.0).magnitude < 1e-9)
    }

    @Test("at a rate has the least P99 of those that hold it", .timeLimit(.minutes(5)))
    func latency() throws {
        let goal = TuneGoal.latency(rate: 1000)
        let all = [
            measurement(1, 16, 64, figures(perSecond: 500, p99: 1)),
            measurement(1, 64, 64, figures(perSecond: 1000, p99: 300)),
            measurement(1, 256, 64, figures(perSecond: 1000, p99: 105)),
            measurement(2, 16, 64, figures(perSecond: 1000, p99: 100)),
        ]
        let found = try #require(TuneRecommendation(all, for: goal, tolerance: 0.1))
        #expect(found.goal == goal)
        #expect(found.best == all[3] && found.chosen == all[2])
    }

    @Test("is for throughput when no setting holds the rate", .timeLimit(.minutes(5)))
    func unattainable() {
        let all = [
            measurement(1, 16, 64, figures(perSecond: 500, p99: 1)),
            measurement(1, 64, 64, figures(perSecond: 800, p99: 9)),
        ]
        let found = TuneRecommendation(all, for: .latency(rate: 1000), tolerance: 0.1)
        #expect(found?.goal == .throughput)
        #expect(found?.chosen == all[1])
    }

    @Test("is none without a run", .timeLimit(.minutes(5)))
    func none() {
        #expect(TuneRecommendation([], for: .throughput, tolerance: 0.03) == nil)
        #expect(TuneRecommendation([measurement(1, 1, 1)], for: .throughput, tolerance: 0.03) == nil)
    }

    @Test("lies on a line in each dimension", .timeLimit(.minutes(5)))
    func lines() throws {
        let others = [
            measurement(2, 1000, 64, figures()), measurement(2, 16, 64, figures()),
            measurement(1, 1000, 8, figures(perSecond: 1)),
        ]
        let found = try #require(TuneRecommendation(Self.capacities + others, for: .throughput, tolerance: 0.03))
        #expect(found.line(along: .capacity) == Self.capacities)
        #expect(found.line(along: .workers).map(\.setting.workers) == [1, 2])
        #expect(found.line(along: .batch).map(\.setting.batch) == [8, 64])
    }
}
