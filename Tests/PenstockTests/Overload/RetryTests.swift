//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

@testable import Penstock

@Suite struct RetryTests {
    @Test func `no stretch of calls has more retries than the share of its first attempts and the burst`() {
        for seed in 0..<UInt64(scaled(300)) {
            var random = SeededGenerator(seed: seed)
            var policy = RetryPolicy()
            policy.budget = Double(random.below(2_000)) / 1_000
            policy.budgetBurst = 1 + random.below(20)
            var budget = RetryBudget(policy)
            // How many first attempts and retries there were up to each call.
            var (firsts, retries) = ([0], [0])
            for _ in 0..<150 {
                let count = random.oneIn(3) ? random.below(40) : 0
                budget.deposit(count)
                firsts.append(firsts[firsts.count - 1] + count)
                retries.append(retries[retries.count - 1] + (count == 0 && budget.withdraw() ? 1 : 0))
            }
            for from in firsts.indices {
                for to in from..<firsts.count {
                    let share = (Double(firsts[to] - firsts[from]) * policy.budget + 1e-9).rounded(.down)
                    let made = retries[to] - retries[from]
                    if made > policy.budgetBurst + Int(share) {
                        Issue.record("seed \(seed): \(made) retries from call \(from) to \(to)")
                    }
                }
            }
        }
    }

    @Test func `when everything fails, a tenth more is tried, exactly`() {
        var budget = RetryBudget(RetryPolicy())
        var retries = 0
        for _ in 0..<1_000_000 {
            budget.deposit()
            if budget.withdraw() { retries += 1 }
        }
        // The burst as well, but for what the first attempt would have paid into a budget that was full.
        #expect(retries == 100_000 + 99)
    }

    @Test func `a pool with few jobs may retry, and no more than the burst is saved up`() {
        var policy = RetryPolicy()
        policy.budgetBurst = 3
        var budget = RetryBudget(policy)
        #expect((0..<5).map { _ in budget.withdraw() } == [true, true, true, false, false])
        budget.deposit(1_000_000)
        #expect((0..<5).map { _ in budget.withdraw() } == [true, true, true, false, false])
        var paid: [Bool] = []
        for _ in 0..<11 {
            budget.deposit()
            paid.append(budget.withdraw())
        }
        #expect(paid.firstIndex(of: true) == 9 && !paid[10])
    }

    @Test func `the largest numbers overflow nothing, and a budget of none saves nothing`() {
        var policy = RetryPolicy()
        (policy.budget, policy.budgetBurst) = (1_000, .max)
        var budget = RetryBudget(policy)
        budget.deposit(.max)
        #expect((0..<10).allSatisfy { _ in budget.withdraw() })
        budget.deposit(.max)
        (policy.budget, policy.budgetBurst) = (0, 1)
        var none = RetryBudget(policy)
        none.deposit(.max)
        let (first, second) = (none.withdraw(), none.withdraw())
        #expect(first && !second)
    }

    @Test func `a wait is anything from zero to the bound, which doubles up to its limit`() {
        var policy = RetryPolicy()
        policy.backoffInitial = .nanoseconds(100)
        policy.backoffMax = .nanoseconds(1_000)
        for (attempt, bound) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1_000), (64, 1_000), (Int.max, 1_000)] {
            var random = SeededGenerator(seed: UInt64(bound))
            var (sum, least, most) = (UInt64(0), UInt64.max, UInt64(0))
            let count = 20_000
            for _ in 0..<count {
                let delay = policy.delay(attempt: attempt, using: &random)
                (sum, least, most) = (sum + delay, min(least, delay), max(most, delay))
            }
            #expect(least == 0 && most == bound, "attempt \(attempt): \(least) to \(most)")
            let mean = Double(sum) / Double(count)
            // Three standard deviations of the mean are 0.6 % of the bound.
            #expect(abs(mean - Double(bound) / 2) < 0.01 * Double(bound), "attempt \(attempt): mean \(mean)")
        }
    }

    @Test func `the wait for another attempt is no wait for a worker`() throws {
        try Simulation.run(seeds: 1...50) { simulation in
            var configuration = simulation.configuration(workers: 1, capacity: 4)
            configuration.queueTimeMax = .milliseconds(1)
            configuration.retry = RetryPolicy(attemptsMax: 10)
            configuration.retry?.backoffInitial = .seconds(10)
            let failures = Locked(0)
            let pool = WorkerPool(configuration) { (_: Int) async throws in
                let fails = failures.withLock { failures in
                    failures += 1
                    return failures <= 2
                }
                if fails { throw JobFailure() }
            }
            simulation.watch(pool)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await pool.run() }
                try await pool.call(1)
                let ledger = await pool.drain().ledger
                simulation.expect(ledger.done == 1 && ledger.expired == 0, "\(ledger)")
                try await group.waitForAll()
            }
        }
    }

    @Test func `extreme waits saturate`() {
        var random = SeededGenerator(seed: 1)
        var policy = RetryPolicy()
        policy.backoffMax = .seconds(Int64.max)
        for attempt in [1, 30, 34, 35, 63, 64, 65, 1_000, Int.max] {
            #expect(policy.delay(attempt: attempt, using: &random) <= UInt64(Int64.max))
        }
        policy.backoffInitial = .zero
        #expect(policy.delay(attempt: Int.max, using: &random) == 0)
        policy.backoffInitial = .seconds(Int64.max)
        policy.backoffMax = .zero
        #expect(policy.delay(attempt: 2, using: &random) == 0)
    }

    @Test func `every error is worth a retry but a cancellation`() {
        let policy = RetryPolicy()
        #expect(policy.isRetryable(JobFailure()) && !policy.isRetryable(CancellationError()))
        #expect(policy.attemptsMax == 3 && policy.budget == 0.1)
    }
}
