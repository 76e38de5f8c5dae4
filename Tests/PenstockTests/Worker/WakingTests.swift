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

/// When a pool wakes workers and producers, as its state machine decides.
@Suite struct WakingTests {
    private func makePool(capacity: Int, workers: Int) -> PoolStateMachine<Int, Int> {
        let limits = PoolLimits(
            capacity: capacity,
            bytesMax: nil,
            workers: workers,
            parallelism: min(workers, 2),
            batchMax: 64
        )
        var pool = PoolStateMachine<Int, Int>(limits: limits, size: nil, hungry: HungryFlag())
        _ = pool.start()
        return pool
    }

    /// Marks a worker as parked, as if its task were suspended.
    private func park(_ pool: inout PoolStateMachine<Int, Int>, _ worker: Int) {
        pool.workers[worker].phase = .parked
        pool.parked.append(worker)
        pool.updateHungry()
    }

    private func admit(_ pool: inout PoolStateMachine<Int, Int>, _ count: Int) {
        for job in 0..<count {
            var effects = PoolEffects<Int>()
            _ = pool.admit(job, now: 0, effects: &effects)
        }
    }

    @Test func `one worker is woken for jobs that it can do while another would still be on its way`() {
        var pool = self.makePool(capacity: 1_000, workers: 2)
        defer { pool.hungry.destroy() }
        self.park(&pool, 0)
        self.park(&pool, 1)
        pool.jobTime = 10
        self.admit(&pool, 500)
        #expect(pool.waking == 1 && pool.parked == [0])
    }

    @Test func `another is woken at once when the jobs are worth it`() {
        var pool = self.makePool(capacity: 1_000, workers: 2)
        defer { pool.hungry.destroy() }
        self.park(&pool, 0)
        self.park(&pool, 1)
        pool.jobTime = 1_000
        self.admit(&pool, 20)
        #expect(pool.waking == 1)
        self.admit(&pool, 10)
        #expect(pool.waking == 2 && pool.parked.isEmpty && !pool.hungry.isSet)
    }

    @Test func `no more are woken than processors can run`() {
        var pool = self.makePool(capacity: 1_000, workers: 8)
        defer { pool.hungry.destroy() }
        for worker in 0..<8 { self.park(&pool, worker) }
        pool.jobTime = 1_000_000
        self.admit(&pool, 500)
        #expect(pool.waking == 2 && pool.parked.count == 6)
    }

    @Test(arguments: [(0, 1), (10, 25), (1_000, 25), (100_000, 10), (1_000_000, 1), (60_000_000_000, 1)])
    func `a sender waits for the more places the shorter jobs are`(jobTime: UInt64, places: Int) {
        var pool = self.makePool(capacity: 100, workers: 2)
        defer { pool.hungry.destroy() }
        pool.jobTime = jobTime
        #expect(pool.senderWait == places)
    }

    @Test func `senders go on together once there are places for their wait`() {
        var pool = self.makePool(capacity: 100, workers: 2)
        defer { pool.hungry.destroy() }
        self.admit(&pool, 100)
        let senders = (0..<3).map { _ in self.waitingSender(&pool) }
        self.take(&pool, 20, jobTime: 1_000)
        #expect(senders.allSatisfy { $0.outcome == nil } && pool.counts.waiting == 3)
        self.take(&pool, 5, jobTime: 1_000)
        #expect(senders.allSatisfy { $0.outcome == .served } && pool.counts.waiting == 0)
        #expect(pool.queued == 78 && pool.ledger().isBalanced)
    }

    @Test func `a sender gets the first free place when jobs have become long`() {
        var pool = self.makePool(capacity: 100, workers: 2)
        defer { pool.hungry.destroy() }
        self.admit(&pool, 100)
        let sender = self.waitingSender(&pool)
        self.take(&pool, 1, jobTime: 1_000)
        #expect(sender.outcome == nil)
        self.take(&pool, 1, jobTime: 1_000_000)
        #expect(sender.outcome == .served && pool.ledger().isBalanced)
    }

    private func waitingSender(_ pool: inout PoolStateMachine<Int, Int>) -> Waiter<Int> {
        let waiter = Waiter<Int>()
        waiter.element = 7
        waiter.remaining = .max
        guard case .waits = pool.suspendSubmitter(waiter, now: 0) else {
            Issue.record("There is no place, and a sender does not wait.")
            return waiter
        }
        return waiter
    }

    /// Lets a worker report what it had and take some jobs, in a pool whose jobs take so long.
    private func take(_ pool: inout PoolStateMachine<Int, Int>, _ count: Int, jobTime: UInt64) {
        PoolModel.runAll(&pool, worker: 0)
        pool.workers[0].takeSize = count
        pool.workers[0].takenAt = 0
        // Whatever the last batch was, the mean does not move.
        let now = jobTime * UInt64(max(1, pool.workers[0].taken))
        pool.jobTime = jobTime
        var effects = PoolEffects<Int>()
        _ = pool.take(worker: 0, now: now, runTimes: nil, effects: &effects)
    }
}
