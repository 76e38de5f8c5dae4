//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

/// Where a job of a ``TaggedPoolModel`` stands.
enum TaggedPlace: Equatable {
    case waiting, rejected, queued, delayed, taken(Int), running(Int), inline(Int), ended, returned, abandoned
    case dropped(DropReason)
}

/// Somebody who waits for a job, and counts what it is told.
//
// SAFETY: a model is played by one task.
final class CountingHandle: JobHandle, @unchecked Sendable {
    var ends = 0
    var isRevoked = false
}

/// Plays random calls on the state machine of a pool that has everything: tags from some moment on, a policy for a full
/// queue, expiry, calls, retries, a rate, shedding, pauses, resizes and inline runs. It knows for each job where it must be.
struct TaggedPoolModel: ~Copyable {
    typealias Place = TaggedPlace

    struct Job {
        var place: Place
        var arrival: UInt64 = 0
        var attempts = 0
        var handle: CountingHandle?
    }

    /// What a worker's loop is about.
    struct Loop {
        var isGone = true
        var sleepsUntil: UInt64 = 0
    }

    var pool: PoolStateMachine<Int, Int>
    var random: SeededGenerator
    var jobs: [Job] = []
    var line: [(waiter: Waiter<Int>, job: Int)] = []
    var stages: [SenderStage<Int>] = []
    private let isSized: Bool
    var loops: [Loop]
    /// The jobs in the queue's own order, before the call that is being played.
    var order: [Int] = []
    /// How many jobs there were before it.
    var jobsBefore = 0
    var now: UInt64 = 1
    var last = ""
    private(set) var problem: String?

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var limits = PoolLimits(
            capacity: [1, 2, 4, 16][random.below(4)],
            bytesMax: nil,
            workers: 1 + random.below(3),
            parallelism: 2,
            batchMax: 16
        )
        let policies: [OverflowPolicy] = [.wait, .reject, .dropNewest, .dropOldest, .dropLowest, .callerRuns]
        limits.overflow = policies[random.below(6)]
        if random.oneIn(3) { limits.queueTimeMax = UInt64(1 + random.below(3_000_000)) }
        limits.retries = random.oneIn(2)
        limits.caresForEachJob = limits.retries
        var control = PoolControl()
        if limits.retries { control.retry = RetryPolicy(attemptsMax: 3) }
        if random.oneIn(3) {
            control.rate = RateLimit(1 + random.below(3), per: .microseconds(300), burst: 1 + random.below(4))
        }
        if random.oneIn(3) {
            control.shedding = LoadShedding(target: .microseconds(300), interval: .microseconds(900))
        }
        limits.needsTags = limits.retries || limits.queueTimeMax != .max || control.shedding != nil
        let isSized = random.oneIn(3)
        if isSized { limits.capacity += 6 }
        var size: (@Sendable (borrowing Int) -> JobSize)?
        if isSized { size = { JobSize(count: 1 + $0 % 5, bytes: $0 % 3) } }
        self.pool = PoolStateMachine(limits: limits, size: size, hungry: HungryFlag(), control: control)
        self.isSized = isSized
        self.loops = (0..<limits.workers).map { _ in Loop() }
        self.random = random
    }

    deinit { self.pool.hungry.destroy() }

    mutating func play(steps: Int) {
        for step in 0..<steps where self.problem == nil {
            self.now += UInt64(self.random.below(200_000))
            self.order = self.queueOrder()
            self.jobsBefore = self.jobs.count
            self.step(canEnd: step > steps / 2)
            self.check("step \(step), \(self.last)")
        }
        self.end()
    }

    /// What a job counts for.
    func count(of job: Int) -> Int { self.isSized ? 1 + job % 5 : 1 }

    mutating func fail(_ what: String) {
        if self.problem == nil { self.problem = "\(self.last): \(what)" }
    }

    // MARK: - Private

    private mutating func step(canEnd: Bool) {
        switch self.random.below(canEnd ? 38 : 36) {
        case 0...5: self.admitOne()
        case 6: self.admitMany()
        case 7...8: self.suspendOne()
        case 9: self.cancelWaiter()
        case 10...12: self.cancelHandle()
        case 13...17: self.work(worker: self.random.below(self.loops.count))
        case 18...21: self.runOne(worker: self.random.below(self.loops.count))
        case 22...24: self.stageOne()
        case 25: if self.random.oneIn(2) { self.retireOne() }
        case 26: if self.stages.count < 3 { self.registerOne() }
        case 27: self.begin()
        case 28: self.control { pool, _ in pool.pause() }
        case 29...30: self.control { pool, effects in pool.resume(effects: &effects) }
        case 31: self.resize()
        case 32...33: self.promote()
        case 34: self.beginInline()
        case 35: self.endInline()
        case 36: if self.random.oneIn(4) { self.close() }
        default: if self.random.oneIn(8) { self.revoke() }
        }
        if self.random.oneIn(40) { self.pool.keepTags() }
    }

    /// Ends the pool whatever state it is in; then every job must have its end, and every handle must have been told.
    private mutating func end() {
        guard self.problem == nil else { return }
        self.order = self.queueOrder()
        if self.random.oneIn(2) { self.close() }
        self.check("the last close")
        self.revoke()
        self.check("the last revoke")
        for worker in self.loops.indices where self.random.oneIn(2) {
            while self.runOne(worker: worker) {}
            self.loops[worker].sleepsUntil = 0
            self.work(worker: worker)
            self.check("the last work of \(worker)")
        }
        if self.random.oneIn(2) { while self.endInline() {} }
        if self.problem != nil { return }
        var effects = PoolEffects<Int>()
        self.pool.abandon(now: self.now, effects: &effects)
        for (job, _, _) in self.pool.abandoned { self.jobs[job].place = .abandoned }
        self.settle(effects.rare)
        self.check("abandon")
        guard case .finished = self.pool.phase else { return self.fail("a pool has not finished after abandon") }
        let ledger = self.pool.ledger()
        if ledger.queued + ledger.inFlight + ledger.waiting != 0 { self.fail("work is left: \(ledger)") }
        self.comeBackLate(ledger)
        for job in self.jobs.indices {
            guard let handle = self.jobs[job].handle else { continue }
            let place = self.jobs[job].place
            let ends = place == .rejected ? 0 : 1
            if handle.ends != ends { self.fail("the caller of job \(job), \(place), was told \(handle.ends) ends") }
        }
    }

    /// Workers that a drain has given up on end what they have; nothing is counted.
    private mutating func comeBackLate(_ ledger: Ledger) {
        var effects = PoolEffects<Int>()
        for worker in self.loops.indices where !self.loops[worker].isGone {
            let record = self.pool.workers + worker
            while let slot = record.pointee.cell.claim() {
                self.fail("job \(record.pointee.jobs[slot]) was not given up")
            }
            guard case .exit = self.pool.take(worker: worker, now: self.now, runTimes: nil, effects: &effects)
            else { return self.fail("a worker goes on after the end") }
            self.pool.exit(worker: worker, effects: &effects)
        }
        if self.pool.ledger() != ledger { self.fail("a worker that came back was counted") }
    }
}
