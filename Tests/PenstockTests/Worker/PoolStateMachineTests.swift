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

/// The queue as a plain value, against a model that knows where each job is.
@Suite(.timeLimit(.minutes(5)))
struct PoolStateMachineTests {
    @Test(arguments: [(1, 1), (2, 1), (4, 2), (16, 3), (300, 4)])
    func `every job is in one place and the ledger balances, after any call`(capacity: Int, workers: Int) {
        for seed in 0..<UInt64(scaled(60)) {
            var model = PoolModel(capacity: capacity, workers: workers, seed: seed, size: nil)
            model.play(steps: 150)
            if let problem = model.problem {
                Issue.record("capacity \(capacity), workers \(workers), seed \(seed): \(problem)")
                return
            }
        }
    }

    @Test func `every sized job is in one place and no bound is exceeded, after any call`() {
        for seed in 0..<UInt64(scaled(120)) {
            let size: @Sendable (borrowing Int) -> JobSize = { JobSize(count: 1 + $0 % 7, bytes: $0 % 50) }
            var model = PoolModel(capacity: 12, workers: 3, seed: seed, size: size)
            model.play(steps: 150)
            if let problem = model.problem {
                Issue.record("seed \(seed): \(problem)")
                return
            }
        }
    }

    @Test func `every job of a pool with policies, calls, retries, rates and resizes is in one place, after any call`()
    {
        for seed in 0..<UInt64(scaled(200)) {
            var model = TaggedPoolModel(seed: seed)
            model.play(steps: 150)
            if let problem = model.problem {
                Issue.record("seed \(seed): \(problem)")
                return
            }
        }
    }

    @Test func `takes double while batches are short, shrink when they are long, and leave a share to others`() {
        var pool = PoolStateMachine<Int, Int>(
            limits: limits(capacity: 1_000, workers: 2),
            size: nil,
            hungry: HungryFlag()
        )
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        for job in 0..<1_000 { _ = pool.admit(job, now: 0, effects: &effects) }
        var sizes: [Int] = []
        var now: UInt64 = 0
        for _ in 0..<8 {
            _ = pool.take(worker: 0, now: now, runTimes: nil, effects: &effects)
            sizes.append(pool.workers[0].taken)
            PoolModel.runAll(&pool, worker: 0)
            now += 1_000
        }
        #expect(sizes == [1, 2, 4, 8, 16, 32, 64, 64])
        // Longer than 400 microseconds: a quarter.
        now += 1_000_000
        _ = pool.take(worker: 0, now: now, runTimes: nil, effects: &effects)
        #expect(pool.workers[0].taken == 16)
        PoolModel.runAll(&pool, worker: 0)
        for _ in 0..<4 {
            now += 1_000_000
            _ = pool.take(worker: 0, now: now, runTimes: nil, effects: &effects)
            PoolModel.runAll(&pool, worker: 0)
        }
        #expect(pool.workers[0].taken == 1)
    }

    @Test func `an idle worker takes the later half of what another has not begun`() {
        var pool = PoolStateMachine<Int, Int>(
            limits: limits(capacity: 100, workers: 2),
            size: nil,
            hungry: HungryFlag()
        )
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        pool.workers[0].takeSize = 8
        for job in 0..<16 { _ = pool.admit(job, now: 0, effects: &effects) }
        _ = pool.take(worker: 0, now: 0, runTimes: nil, effects: &effects)
        #expect(pool.workers[0].taken == 8)
        #expect(pool.workers[0].cell.claim() == 0)
        pool.workers[1].takeSize = 64
        while pool.queued > 0 {
            _ = pool.take(worker: 1, now: 0, runTimes: nil, effects: &effects)
            PoolModel.runAll(&pool, worker: 1)
        }
        _ = pool.take(worker: 1, now: 0, runTimes: nil, effects: &effects)
        #expect(pool.steals == 1)
        #expect((0..<pool.workers[1].taken).map { pool.workers[1].jobs[$0] } == [4, 5, 6, 7])
        #expect(pool.workers[0].cell.progress == (claimed: 1, left: 3))
        let ledger = pool.ledger()
        #expect(ledger.isBalanced)
    }

    @Test func `a bulk submit in line gets the places that senders were promised and do not use`() {
        var pool = PoolStateMachine<Int, Int>(limits: limits(capacity: 8, workers: 1), size: nil, hungry: HungryFlag())
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        let stages = (0..<3).map { _ in SenderStage<Int>() }
        for (job, stage) in stages.enumerated() {
            pool.register(stage)
            _ = pool.refill(stage, with: job, now: 0, effects: &effects)
        }
        #expect(pool.queued == 3 && pool.promised == 5)
        let waiter = Waiter<Int>()
        waiter.element = 100
        waiter.remaining = 50
        // The queue was full when the submit was tried; the senders were promised their places after that.
        guard case .ended(.retry, _) = pool.suspendSubmitter(waiter, now: 0) else {
            Issue.record("A submit waits although places were promised that nobody uses.")
            return
        }
        #expect(pool.promised == 0)
    }

    @Test func `a submit behind a larger one goes ahead when that is cancelled`() {
        var pool = PoolStateMachine<Int, Int>(
            limits: limits(capacity: 10, workers: 1),
            size: { JobSize(count: $0) },
            hungry: HungryFlag()
        )
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        _ = pool.admit(6, now: 0, effects: &effects)
        let (large, small) = (Waiter<Int>(), Waiter<Int>())
        large.element = 9
        small.element = 2
        guard case .waits = pool.suspendSubmitter(large, now: 0), case .waits = pool.suspendSubmitter(small, now: 0)
        else {
            Issue.record("Both have to wait, the second for its turn.")
            return
        }
        let first = pool.cancelSubmitter(large, now: 0)
        #expect(first === large && first?.next === small && small.next == nil)
        #expect(large.outcome == .cancelled && small.outcome == .served)
        let ledger = pool.ledger()
        #expect(ledger.queued == 8 && ledger.isBalanced && ledger.waiting == 0)
    }

    private func limits(capacity: Int, workers: Int) -> PoolLimits {
        PoolLimits(capacity: capacity, bytesMax: nil, workers: workers, parallelism: min(workers, 2), batchMax: 64)
    }
}
