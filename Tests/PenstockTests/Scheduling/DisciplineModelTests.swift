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

/// Each discipline against one that looks through all jobs each time, over many seeds.
@Suite(.timeLimit(.minutes(5)))
struct DisciplineModelTests {
    private static let seeds = 0..<UInt64(scaled(2_000))

    @Test func `the newest comes first`() {
        for seed in Self.seeds where !self.play(LIFODiscipline(), NaiveLIFO(), seed: seed) { return }
    }

    @Test func `the most urgent class comes first, and before it what has aged, the oldest first`() {
        for seed in Self.seeds {
            var random = SeededGenerator(seed: ~seed)
            let classes = [1, 2, 3, 64][random.below(4)]
            let ageing = [0, 20, 200, .max][random.below(4)] as UInt64
            let discipline = PriorityDiscipline<TestJob>(classes: classes, ageing: ageing) { $0.key - 1 }
            guard self.play(discipline, NaivePriority(classes: classes, ageing: ageing, shift: 1), seed: seed) else {
                return
            }
        }
    }

    @Test func `the earliest deadline comes first, and without one in order of arrival at the end`() {
        for seed in Self.seeds {
            guard self.play(DeadlineDiscipline<TestJob> { $0.deadline }, NaiveDeadline(), seed: seed) else { return }
        }
    }

    @Test func `tenants are served and admitted as by deficit round robin and dynamic thresholds`() {
        for seed in Self.seeds {
            let weight: @Sendable (Int) -> Int = { seed % 2 == 0 ? 1 : 1 + $0 % 5 }
            let finder = LaneFinder<TestJob>(key: { $0.key }, weight: weight)
            guard self.play(FairDiscipline(finder), NaiveFair(weight: weight), seed: seed) else { return }
        }
    }

    @Test func `jobs of a key come in order and never with two at once`() {
        for seed in Self.seeds {
            guard self.play(KeyedDiscipline(LaneFinder<TestJob> { $0.key }), NaiveKeyed(), seed: seed) else { return }
        }
    }

    /// Plays until something is wrong, and tells the seed. False: something was.
    private func play<Tested: SchedulingDiscipline<TestJob> & ~Copyable>(
        _ tested: consuming Tested,
        _ order: some NaiveOrder,
        seed: UInt64
    ) -> Bool {
        var model = DisciplineModel(tested, order, seed: seed)
        guard let problem = model.play(steps: 200) else { return true }
        Issue.record("seed \(seed): \(problem)")
        return false
    }
}
