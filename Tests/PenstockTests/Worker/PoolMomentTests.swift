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

/// Moments that random calls seldom find, one by one.
@Suite(.timeLimit(.minutes(5)))
struct PoolMomentTests {
    private static let millisecond: UInt64 = 1_000_000

    private func limits(capacity: Int, workers: Int) -> PoolLimits {
        PoolLimits(capacity: capacity, bytesMax: nil, workers: workers, parallelism: 2, batchMax: 16)
    }

    /// Parks a worker, with a continuation that nobody resumes: effects are not performed here.
    private func park(_ worker: Int, _ pool: inout PoolStateMachine<Int, Int>) -> Bool {
        // SAFETY: as said above.
        let continuation = unsafeBitCast(UInt(1), to: TaskContinuation<Void>.self)
        return pool.park(worker: worker, continuation: continuation)
    }

    @Test func `the worker that has waited for the rate tells senders that others are still parked`() {
        var control = PoolControl()
        control.rate = RateLimit(1, per: .milliseconds(1), burst: 1)
        let limits = self.limits(capacity: 10, workers: 2)
        var pool = PoolStateMachine<Int, Int>(limits: limits, size: nil, hungry: HungryFlag(), control: control)
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        let start = 10 * Self.millisecond
        for job in 0..<2 { _ = pool.admit(job, now: start, effects: &effects) }
        guard case .run = pool.take(worker: 0, now: start, runTimes: nil, effects: &effects) else {
            Issue.record("The burst is 1.")
            return
        }
        PoolModel.runAll(&pool, worker: 0)
        guard case .sleep(let instant) = pool.take(worker: 0, now: start, runTimes: nil, effects: &effects),
            case .park = pool.take(worker: 1, now: start, runTimes: nil, effects: &effects)
        else {
            Issue.record("One waits for the rate, the other parks.")
            return
        }
        let isParked = self.park(1, &pool)
        #expect(isParked && !pool.hungry.isSet)
        guard case .run = pool.take(worker: 0, now: instant, runTimes: nil, effects: &effects) else {
            Issue.record("A job may begin at \(instant).")
            return
        }
        // What a sender stages now must not wait for the first worker to come back.
        #expect(pool.hungry.isSet)
    }

    @Test func `a job that expires does not use up the rate of the next one`() {
        var control = PoolControl()
        control.rate = RateLimit(1, per: .milliseconds(1), burst: 1)
        var limits = self.limits(capacity: 1, workers: 1)
        limits.queueTimeMax = 1_000
        limits.needsTags = true
        var pool = PoolStateMachine<Int, Int>(limits: limits, size: nil, hungry: HungryFlag(), control: control)
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        _ = pool.admit(0, now: Self.millisecond, effects: &effects)
        let waiter = Waiter<Int>()
        waiter.element = 1
        guard case .waits = pool.suspendSubmitter(waiter, now: 0) else {
            Issue.record("The queue is full.")
            return
        }
        guard case .run = pool.take(worker: 0, now: 2 * Self.millisecond, runTimes: nil, effects: &effects) else {
            Issue.record("The job that came into the place of the expired one may begin.")
            return
        }
        let (job, ledger) = (pool.workers[0].jobs[0], pool.ledger())
        #expect(job == 1 && ledger.expired == 1)
    }

    @Test func `a call that is cancelled while it waits for another attempt leaves its place to a job that is run`() {
        var control = PoolControl()
        control.retry = RetryPolicy()
        var limits = self.limits(capacity: 1, workers: 1)
        (limits.retries, limits.caresForEachJob, limits.needsTags) = (true, true, true)
        var pool = PoolStateMachine<Int, Int>(limits: limits, size: nil, hungry: HungryFlag(), control: control)
        defer { pool.hungry.destroy() }
        _ = pool.start()
        var effects = PoolEffects<Int>()
        let handle = CountingHandle()
        _ = pool.admit(0, handle: handle, now: 1, effects: &effects)
        _ = pool.take(worker: 0, now: 1, runTimes: nil, effects: &effects)
        _ = pool.workers[0].cell.claim()
        let isKept = handle.begin() && pool.retry(0, worker: pool.workers, due: 1_000)
        _ = pool.take(worker: 0, now: 2, runTimes: nil, effects: &effects)
        let isParked = self.park(0, &pool)
        #expect(isKept && isParked)
        let waiter = Waiter<Int>()
        waiter.element = 1
        guard case .waits = pool.suspendSubmitter(waiter, now: 0) else {
            Issue.record("The job that is to be tried again has the only place.")
            return
        }
        var cancelling = PoolEffects<Int>()
        let isCancelled = pool.cancelQueued(handle, now: 3, effects: &cancelling)
        let (isWoken, stranded) = (cancelling.worker != nil, pool.strandedJobs())
        #expect(isCancelled && waiter.outcome == .served && isWoken && stranded == 0)
        for dropped in cancelling.rare?.dropped ?? [] { dropped.handle?.release() }
        let jobs = cancelling.rare?.dropped.map(\.job)
        #expect(jobs == [0])
    }

    @Test func `the watch for stuck jobs wakes with all workers, and passes over results that find no place`() {
        var pool = PoolStateMachine<Int, Int>(
            limits: self.limits(capacity: 10, workers: 1),
            size: nil,
            hungry: HungryFlag()
        )
        defer { pool.hungry.destroy() }
        _ = pool.start()
        pool.pause()
        var effects = PoolEffects<Int>()
        _ = pool.admit(0, now: 1, effects: &effects)
        guard case .park = pool.take(worker: 0, now: 1, runTimes: nil, effects: &effects), self.park(0, &pool) else {
            Issue.record("A worker parks in a pause.")
            return
        }
        // SAFETY: nobody resumes it.
        let watch = unsafeBitCast(UInt(1), to: TaskContinuation<Void>.self)
        let sleeps = pool.parkWatch(watch)
        pool.resume(effects: &effects)
        let hasWoken = pool.idleWatch == nil
        #expect(sleeps && hasWoken)
        _ = pool.take(worker: 0, now: 1, runTimes: nil, effects: &effects)
        _ = pool.workers[0].cell.claim()
        pool.heldResults[0] = 0..<1
        let none = pool.findStuck(after: 10, now: 100)
        pool.heldResults[0] = 0..<0
        let one = pool.findStuck(after: 10, now: 100)
        #expect(none.isEmpty && one.map(\.job) == [0])
    }

    @Test func `senders are promised no places where each job's own age counts`() {
        var limits = self.limits(capacity: 100, workers: 1)
        limits.queueTimeMax = 1_000
        limits.needsTags = true
        var pool = PoolStateMachine<Int, Int>(limits: limits, size: nil, hungry: HungryFlag())
        defer { pool.hungry.destroy() }
        let stage = SenderStage<Int>()
        pool.register(stage)
        var effects = PoolEffects<Int>()
        guard case .accepted = pool.refill(stage, with: 0, now: 1, effects: &effects) else {
            Issue.record("There is room.")
            return
        }
        let promised = pool.promised
        #expect(stage.room == 0 && promised == 0)
    }

    // MARK: - Batches

    @Test(arguments: [false, true])
    func `jobs of a batch that must not begin come first, each with its own reason`(isAbandoned: Bool) {
        let dropped = Notes<String>()
        var configuration = WorkerPoolConfiguration(workers: 1, capacity: 10)
        configuration.queueTimeMax = .seconds(1_000)
        let pool = WorkerPool<Int, Int>(
            configuration,
            onDrop: { dropped.add("\($0) \($1)") },
            batchHandler: { _, _ in }
        )
        let core = pool.core
        let calls = (0..<5).map { _ in JobCall<Int>() }
        let batch = core.queue.withLock { state -> WorkerBatch<Int> in
            let worker = state.workers
            for job in 0..<5 {
                (worker.pointee.jobs + job).initialize(to: job)
                var tag = JobTag(arrival: 0)
                tag.handle = Unmanaged.passRetained(calls[job])
                tag.expires = job == 0 || job == 3 ? 1 : .max
                worker.pointee.tags?[job] = tag
            }
            _ = calls[2].cancel()
            _ = calls[4].cancel()
            worker.pointee.needsCare = true
            worker.pointee.phase = isAbandoned ? .abandoned : .active
            return WorkerBatch(worker)
        }
        guard let tags = batch.tags else {
            Issue.record("A pool whose jobs expire keeps tags.")
            return
        }
        #expect(core.endUnbegun(batch, tags, 5) == 4)
        #expect(batch.jobs[4] == 1)
        // What a drain has given up on is in its report, and nowhere else.
        let reasons = ["0 expired", "2 cancelled", "3 expired", "4 cancelled"]
        #expect(dropped.all.sorted() == (isAbandoned ? [] : reasons))
        core.queue.withLock { state in
            let ended = state.countEnds(state.workers)
            #expect(ended == (isAbandoned ? 0 : 4))
            state.workers.pointee.phase = .exited
            tags[4].handle?.release()
        }
    }
}
