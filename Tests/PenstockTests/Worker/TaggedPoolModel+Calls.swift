//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

/// The calls.
extension TaggedPoolModel {
    // MARK: - Producers

    mutating func newJob(_ place: Place, hasHandle: Bool = false) -> Int {
        var job = Job(place: place, arrival: self.now)
        if hasHandle {
            job.handle = CountingHandle()
        }
        self.jobs.append(job)
        return self.jobs.count - 1
    }

    mutating func admitOne() {
        self.last = "admit"
        let job = self.newJob(.queued, hasHandle: self.random.oneIn(3))
        var effects = PoolEffects<Int>()
        let admission = self.pool.admit(job, handle: self.jobs[job].handle, now: self.now, effects: &effects)
        if case .accepted = admission { return self.settle(effects.rare) }
        self.pool.reject(job, as: .full)
        self.jobs[job].place = .rejected
        self.settle(effects.rare)
        switch self.pool.limits.overflow.kind {
        case .wait, .reject, .callerRuns: return
        // Nobody is in line: there is a place, or the pool takes none.
        case .dropNewest, .dropOldest, .dropLowest:
            if self.pool.isAccepting, self.pool.submitters.isEmpty { self.fail("a full queue refused a job") }
        }
    }

    mutating func admitMany() {
        self.last = "admit many"
        let jobs = (0..<1 + self.random.below(8)).map { _ in self.newJob(.queued) }
        var effects = PoolEffects<Int>()
        jobs.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let count = self.pool.admit(copying: base, count: buffer.count, now: self.now, effects: &effects) ?? 0
            self.pool.reject(base + count, count: buffer.count - count, as: .full)
            for job in jobs[count...] { self.jobs[job].place = .rejected }
        }
        self.settle(effects.rare)
    }

    mutating func suspendOne() {
        self.last = "suspend"
        // Only these let producers wait; the others never call it.
        guard self.pool.limits.overflow == .wait else { return }
        let waiter = Waiter<Int>()
        let job = self.newJob(.waiting, hasHandle: self.random.oneIn(3))
        waiter.element = job
        waiter.companion = self.jobs[job].handle
        if waiter.companion != nil { self.pool.keepTags() }
        switch self.pool.suspendSubmitter(waiter, now: self.now) {
        case .waits: self.line.append((waiter, job))
        case .ended(.retry, _): self.jobs.removeLast()
        case .ended: self.fail("a submitter that did not wait has an outcome")
        }
    }

    mutating func cancelWaiter() {
        self.last = "cancel a producer"
        guard !self.line.isEmpty else { return }
        let (waiter, job) = self.line.remove(at: self.random.below(self.line.count))
        guard let first = self.pool.cancelSubmitter(waiter, now: self.now) else { return self.fail("not in line") }
        if first !== waiter { self.fail("somebody else was cancelled") }
        self.jobs[job].place = .rejected
        var effects = PoolEffects<Int>()
        self.pool.wakeWorker(&effects)
        self.settle(effects.rare)
    }

    /// What a caller does whose task is cancelled.
    mutating func cancelHandle() {
        self.last = "cancel a call"
        let candidates = self.jobs.indices.filter { self.jobs[$0].handle != nil && self.isAlive($0) }
        guard !candidates.isEmpty else { return }
        let job = candidates[self.random.below(candidates.count)]
        guard let handle = self.jobs[job].handle else { return }
        let before = self.jobs[job].place
        var effects = PoolEffects<Int>()
        if self.pool.cancelQueued(handle, now: self.now, effects: &effects) {
            if before != .queued, before != .delayed {
                self.fail("job \(job) was \(before), and was taken from the queue")
            }
        } else {
            switch handle.cancel() {
            case .revoked: handle.isRevoked = true
            case .nothing: break
            case .cancel: self.fail("a task was named that nobody has told of")
            }
            switch before {
            case .taken: if !handle.isRevoked { self.fail("job \(job) had not begun, and will not be cancelled") }
            case .running: if !handle.isCancelled { self.fail("job \(job) runs, and was not cancelled") }
            default: self.fail("job \(job) was \(before), and stayed there")
            }
        }
        self.settle(effects.rare)
    }

    private func isAlive(_ job: Int) -> Bool {
        switch self.jobs[job].place {
        case .queued, .delayed, .taken, .running: true
        case .waiting, .rejected, .inline, .ended, .returned, .abandoned, .dropped: false
        }
    }

    mutating func registerOne() {
        self.last = "register"
        let stage = SenderStage<Int>()
        self.pool.register(stage)
        self.stages.append(stage)
    }

    mutating func stageOne() {
        self.last = "stage"
        guard !self.stages.isEmpty else { return }
        let stage = self.stages[self.random.below(self.stages.count)]
        let job = self.newJob(.queued)
        let now = self.now
        let isStaged = stage.stage(job, TimeSource(manual: .init(now: { now }, sleepUntil: { _ in })))
        var effects = PoolEffects<Int>()
        if isStaged {
            // A stage knows when its first job came; those behind it count from there.
            self.jobs[job].arrival = stage.arrival
            if self.pool.hungry.isSet { self.pool.flush(stage, effects: &effects) }
        } else if case .accepted = self.pool.refill(stage, with: job, now: now, effects: &effects) {
        } else {
            self.pool.reject(job, as: .full)
            self.jobs[job].place = .rejected
        }
        self.settle(effects.rare)
    }

    mutating func retireOne() {
        self.last = "retire"
        guard !self.stages.isEmpty else { return }
        let stage = self.stages.remove(at: self.random.below(self.stages.count))
        var effects = PoolEffects<Int>()
        self.pool.retire(stage, now: self.now, effects: &effects)
        self.settle(effects.rare)
    }

    mutating func beginInline() {
        self.last = "begin inline"
        let job = self.newJob(.rejected)
        guard let number = self.pool.beginInline(job, now: self.now) else {
            self.jobs.removeLast()
            return
        }
        self.jobs[job].place = .inline(number)
    }

    @discardableResult
    mutating func endInline() -> Bool {
        self.last = "end inline"
        for job in self.jobs.indices {
            guard case .inline(let number) = self.jobs[job].place else { continue }
            var effects = PoolEffects<Int>()
            let outcomes: [JobOutcome] = [.done, .failed, .cancelled]
            let outcome = outcomes[self.random.below(3)]
            if !self.pool.endInline(number, outcome, keeping: nil, effects: &effects) { self.fail("was not known") }
            self.jobs[job].place = .ended
            self.settle(effects.rare)
            return true
        }
        return false
    }

    // MARK: - Control

    mutating func control(_ body: (inout PoolStateMachine<Int, Int>, inout PoolEffects<Int>) -> Void) {
        self.last = "pause or resume"
        var effects = PoolEffects<Int>()
        body(&self.pool, &effects)
        self.settle(effects.rare)
    }

    mutating func begin() {
        self.last = "start"
        guard self.pool.start() else { return }
        self.watchLoops(Array(0..<self.pool.limits.workers))
    }

    mutating func resize() {
        self.last = "resize"
        var effects = PoolEffects<Int>()
        let started = self.pool.resize(to: 1 + self.random.below(5), effects: &effects)
        self.watchLoops(started)
        self.settle(effects.rare)
    }

    private mutating func watchLoops(_ started: [Int]) {
        for index in started {
            while self.loops.count <= index { self.loops.append(Loop()) }
            if !self.loops[index].isGone { self.fail("worker \(index) was started twice") }
            self.loops[index] = Loop(isGone: false)
        }
    }

    mutating func close() {
        self.last = "close"
        var effects = PoolEffects<Int>()
        self.pool.close(now: self.now, effects: &effects)
        self.settle(effects.rare)
        if !self.line.isEmpty { self.fail("a producer is held by a closed pool") }
    }

    mutating func revoke() {
        self.last = "revoke"
        var effects = PoolEffects<Int>()
        self.pool.revoke(now: self.now, effects: &effects)
        for job in self.pool.returned { self.jobs[job].place = .returned }
        self.settle(effects.rare)
    }

    mutating func promote() {
        self.last = "promote"
        guard let due = self.pool.nextDue, due <= self.now else { return }
        for delayed in self.pool.delayed where delayed.due <= self.now {
            self.jobs[delayed.job].place = .queued
            self.jobs[delayed.job].arrival = self.now
        }
        var effects = PoolEffects<Int>()
        self.pool.promote(now: self.now, effects: &effects)
        self.settle(effects.rare)
    }

    // MARK: - Workers

    /// Begins a worker's next job, or ends the one that it has begun. False when there is none.
    @discardableResult
    mutating func runOne(worker index: Int) -> Bool {
        self.last = "run \(index)"
        let worker = self.pool.workers + index
        guard !self.loops[index].isGone, worker.pointee.taken > 0 else { return false }
        let cell = worker.pointee.cell
        if let job = self.jobs.indices.first(where: { self.jobs[$0].place == .running(index) }) {
            self.endJob(job, worker, slot: cell.progress.claimed - 1)
            return true
        }
        guard let slot = cell.claim() else { return false }
        let job = worker.pointee.jobs[slot]
        if self.jobs[job].place != .taken(index) {
            self.fail("worker \(index) has job \(job), \(self.jobs[job].place)")
        }
        guard worker.pointee.needsCare, let tags = worker.pointee.tags else {
            self.jobs[job].place = .running(index)
            return true
        }
        // As the pool's workers look at it.
        if let handle = tags[slot].handle, !handle.takeUnretainedValue().begin() {
            self.dropTaken(job, worker, slot, .cancelled)
        } else if tags[slot].expires <= self.now {
            self.dropTaken(job, worker, slot, .expired)
        } else {
            self.jobs[job].place = .running(index)
            self.jobs[job].attempts += 1
        }
        return true
    }

    private mutating func dropTaken(
        _ job: Int,
        _ worker: UnsafeMutablePointer<WorkerRecord<Int>>,
        _ slot: Int,
        _ reason: DropReason
    ) {
        let cell = worker.pointee.cell
        let counter = reason == .expired ? cell.expired : cell.cancelled
        WorkerCell.count(counter, jobs: 1, as: self.count(of: job))
        worker.pointee.tags?[slot].isSilent = true
        self.jobs[job].place = .dropped(reason)
        self.tell(job, worker.pointee.tags?[slot].handle)
    }

    private mutating func endJob(_ job: Int, _ worker: UnsafeMutablePointer<WorkerRecord<Int>>, slot: Int) {
        let cell = worker.pointee.cell
        let hasFailed = self.random.oneIn(2)
        if hasFailed, self.pool.limits.retries, self.jobs[job].attempts < 3,
            self.pool.retry(slot, worker: worker, due: self.now + UInt64(self.random.below(400_000)))
        {
            if self.jobs[job].handle?.isCancelled == true { self.fail("a cancelled job is tried again") }
            self.jobs[job].place = .delayed
            return
        }
        WorkerCell.count(hasFailed ? cell.failed : cell.done, jobs: 1, as: self.count(of: job))
        self.jobs[job].place = .ended
        if worker.pointee.needsCare { self.tell(job, worker.pointee.tags?[slot].handle) }
    }

    /// What a worker does that has run all of its batch: takes, and parks if there is nothing.
    mutating func work(worker index: Int) {
        guard !self.loops[index].isGone, self.loops[index].sleepsUntil <= self.now else { return }
        if case .parked = (self.pool.workers + index).pointee.phase { return }
        while self.runOne(worker: index) {}
        self.last = "work \(index)"
        self.order = self.queueOrder()
        var effects = PoolEffects<Int>()
        let action = self.pool.take(worker: index, now: self.now, runTimes: nil, effects: &effects)
        self.settle(effects.rare)
        switch action {
        case .run: self.noteBatch(index)
        case .park:
            // SAFETY: a made-up continuation that nothing resumes: effects are not performed here.
            let continuation = unsafeBitCast(UInt(1), to: TaskContinuation<Void>.self)
            _ = self.pool.park(worker: index, continuation: continuation)
        case .exit:
            var last = PoolEffects<Int>()
            self.pool.exit(worker: index, effects: &last)
            self.loops[index].isGone = true
            self.settle(last.rare)
        case .sleep(let instant): self.loops[index].sleepsUntil = instant
        }
        let worker = self.pool.workers + index
        worker.pointee.spareJobs.deinitialize(count: worker.pointee.spent)
        worker.pointee.spent = 0
    }

    private mutating func noteBatch(_ index: Int) {
        let worker = self.pool.workers + index
        if worker.pointee.taken == 0 { self.fail("an empty batch") }
        for slot in 0..<worker.pointee.taken {
            let job = worker.pointee.jobs[slot]
            switch self.jobs[job].place {
            case .queued: break
            // Taken from another that had not begun it.
            case .taken(let other) where other != index: break
            default: self.fail("job \(job) was taken, which is \(self.jobs[job].place)")
            }
            self.jobs[job].place = .taken(index)
        }
    }
}
