//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How workers get jobs out of the queue, and tell what became of them.
extension PoolStateMachine {
    /// What a worker is to do next.
    @usableFromInline
    enum TakeAction {
        /// Run the jobs of its batch.
        case run
        /// Park: there is nothing to do.
        case park
        /// Come again at an instant: nothing may begin before.
        case sleep(until: UInt64)
        /// End its loop.
        case exit
    }

    /// A batch that takes longer than this leaves a worker with a smaller next one: 400 microseconds.
    @inlinable static var batchTimeMax: UInt64 { 400_000 }
    /// A batch that is done within this lets a worker take more: 100 microseconds.
    @inlinable static var batchTimeMin: UInt64 { 100_000 }
    /// How long a staged job may stay unseen while the queue is never empty: 50 microseconds.
    @inlinable static var stageTimeMax: UInt64 { 50_000 }

    /// Reports the batch at hand and takes the next one.
    ///
    /// - Parameter runTimes: How long jobs of the reported batch ran; nil where none was measured.
    @inlinable
    mutating func take(
        worker index: Int,
        now: UInt64,
        runTimes: RecordedTimes?,
        effects: inout PoolEffects<Job>
    ) -> TakeAction {
        let worker = self.workers + index
        switch worker.pointee.phase {
        case .abandoned, .exited: return .exit
        case .active, .parked: break
        }
        self.countTime(of: worker, until: now)
        self.report(worker, now: now, runTimes: runTimes)
        if worker.pointee.isWoken {
            worker.pointee.isWoken = false
            self.waking -= 1
            self.wakeWatch(&effects)
            self.updateHungry()
            // From here on senders see that somebody is parked; what they staged before is looked for now.
            if !self.parked.isEmpty { self.collectStages() }
        }
        switch self.phase {
        case .created, .running, .closed, .draining: break
        case .revoked, .finished: return .exit
        }
        if worker.pointee.isRateSleeper { self.endRateSleep(worker) }
        if self.mustExit {
            self.exitEarly(worker, index, effects: &effects)
            return .exit
        }
        if self.isPaused { return .park }
        if !self.stages.isEmpty, self.ready == 0 || now &- self.stagesCollectedAt > Self.stageTimeMax {
            self.collectStages()
            self.stagesCollectedAt = now
        }
        if self.holdsRuns, self.ready == 0 || now &- self.runsLookedAt > Self.batchTimeMin {
            self.runsLookedAt = now
            self.releaseEndedRuns()
            if self.steal(for: worker, now: now, takenBefore: now - min(now, Self.batchTimeMax)) { return .run }
        }
        if self.isControlled, let instant = self.control(worker, now: now, effects: &effects) {
            return self.waitForRate(worker, until: instant)
        }
        if self.table != nil {
            if !self.fillTagged(worker, now: now, effects: &effects) {
                // Jobs that have expired have left places.
                if !self.submitters.isEmpty { self.admitSubmitters(now: now, effects: &effects) }
                if self.isControlled { self.endControl(taken: 0) }
                if self.ready > 0 { return self.take(worker: index, now: now, runTimes: nil, effects: &effects) }
                return self.takeFromOthers(worker, index, now: now, effects: &effects)
            }
        } else if self.jobs.isEmpty {
            return self.takeFromOthers(worker, index, now: now, effects: &effects)
        } else {
            self.fill(worker, now: now)
        }
        if self.isControlled { self.endControl(taken: worker.pointee.taken) }
        if !self.submitters.isEmpty { self.admitSubmitters(now: now, effects: &effects) }
        self.wakeWorker(&effects)
        if self.ready == 0, !self.parked.isEmpty { self.wakeThief(beside: index, effects: &effects) }
        return .run
    }

    /// What a worker does that has found no job in the queue.
    @usableFromInline
    mutating func takeFromOthers(
        _ worker: UnsafeMutablePointer<WorkerRecord<Job>>,
        _ index: Int,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> TakeAction {
        if self.steal(for: worker, now: now) {
            self.wakeThief(beside: index, effects: &effects)
            return .run
        }
        switch self.phase {
        case .draining where self.delayed.isEmpty && !self.isHeldByOrder:
            // Others may have parked while a failed job waited for another attempt, or results for their turn.
            if !self.parked.isEmpty { self.wakeAllWorkers(&effects) }
            return .exit
        case .created, .running, .closed, .draining, .revoked, .finished: return .park
        }
    }

    /// Lets one worker wait for the moment when the next job may begin. In a drain nobody may park: the others wait, too.
    @usableFromInline
    mutating func waitForRate(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, until instant: UInt64) -> TakeAction {
        if self.hasRateSleeper {
            switch self.phase {
            case .draining: return .sleep(until: instant)
            case .created, .running, .closed, .revoked, .finished: return .park
            }
        }
        self.hasRateSleeper = true
        worker.pointee.isRateSleeper = true
        self.updateHungry()
        return .sleep(until: instant)
    }

    /// Lets the others take again, too.
    @usableFromInline
    mutating func endRateSleep(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) {
        worker.pointee.isRateSleeper = false
        self.hasRateSleeper = false
        self.updateHungry()
        // From here on senders see that somebody is parked; what they staged before is looked for now.
        if !self.parked.isEmpty { self.collectStages() }
    }

    /// Ends a worker that is one too many. If it was the one on its way to a job, another takes its place.
    @usableFromInline
    mutating func exitEarly(
        _ worker: UnsafeMutablePointer<WorkerRecord<Job>>,
        _ index: Int,
        effects: inout PoolEffects<Job>
    ) {
        worker.pointee.phase = .exited
        worker.pointee.countedUntil = 0
        self.liveWorkers -= 1
        self.wakeWorker(&effects)
        if self.ready == 0 { self.wakeThief(beside: index, effects: &effects) }
    }

    /// Whether there are more workers than there are to be.
    @inlinable
    @inline(__always)
    var mustExit: Bool { self.liveWorkers > self.workersMax }

    /// Parks a worker unless there is something to do after all.
    @usableFromInline
    mutating func park(worker index: Int, continuation: TaskContinuation<Void>) -> Bool {
        switch self.phase {
        case .draining where self.delayed.isEmpty && !self.isHeldByOrder: return false
        case .closed, .revoked, .finished: return false
        case .created, .running, .draining: break
        }
        let worker = self.workers + index
        if self.mustExit { return false }
        self.parked.append(index)
        self.updateHungry()
        self.collectStages()
        if self.isHeld || (self.ready == 0 && !self.canSteal(for: index) && !self.findsEndedRuns()) {
            worker.pointee.phase = .parked
            worker.pointee.continuation = continuation
            return true
        }
        self.parked.removeLast()
        self.updateHungry()
        return false
    }

    /// Ends a worker's part; the last one to end finishes a drain.
    @usableFromInline
    mutating func exit(worker index: Int, effects: inout PoolEffects<Job>) {
        let worker = self.workers + index
        worker.pointee.hasLeft = true
        switch worker.pointee.phase {
        case .abandoned, .exited: return
        case .active, .parked: break
        }
        worker.pointee.phase = .exited
        worker.pointee.countedUntil = 0
        self.liveWorkers -= 1
        self.finishIfDone(&effects)
    }

    /// How long a worker goes on while other tasks wait for its thread, in nanoseconds: producers, readers of results.
    ///
    /// An eighth of what a new job waits anyway: a turn that ends costs about a microsecond, which the jobs of a long queue
    /// do not notice in their latency and those of a short one do not in the throughput.
    @inlinable var turnMax: UInt64 {
        let backlog = UInt64(self.ready) &* self.jobTime / UInt64(self.limits.parallelism)
        return min(max(backlog / 8, 25_000), 400_000)
    }

    // MARK: - Private

    /// Counts what became of a batch. The worker no longer holds anything afterwards.
    @inlinable
    mutating func report(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, now: UInt64, runTimes: RecordedTimes?) {
        guard worker.pointee.taken > 0 else { return }
        _ = self.countEnds(worker)
        worker.pointee.held = 0
        let elapsed = now &- worker.pointee.takenAt
        self.jobTime = (self.jobTime &* 3 &+ elapsed / UInt64(worker.pointee.taken)) / 4
        if let runTimes { self.runTimes.record(runTimes) }
        if elapsed < Self.batchTimeMin {
            if worker.pointee.taken == worker.pointee.takeSize {
                worker.pointee.takeSize = min(worker.pointee.takeSize * 2, self.limits.batchMax)
            }
        } else if elapsed > Self.batchTimeMax {
            worker.pointee.takeSize = max(1, min(worker.pointee.taken, worker.pointee.takeSize) / 4)
        }
        if worker.pointee.isTagged || worker.pointee.runCount > 0 { self.endTagged(worker) }
        if worker.pointee.isStuck { self.unstick(worker) }
        worker.pointee.taken = 0
        worker.pointee.spent = worker.pointee.initialized
        worker.pointee.initialized = 0
        swap(&worker.pointee.jobs, &worker.pointee.spareJobs)
    }

    /// Adds a worker's counters to the ledger and says how many jobs of its batch have ended.
    @inlinable
    mutating func countEnds(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) -> Int {
        let cell = worker.pointee.cell
        let done = WorkerCell.collect(cell.done)
        let failed = WorkerCell.collect(cell.failed)
        let cancelled = WorkerCell.collect(cell.cancelled)
        self.counts.done += done.count
        self.counts.failed += failed.count
        self.counts.cancelled += cancelled.count
        let ended = done.jobs + failed.jobs + cancelled.jobs
        guard worker.pointee.needsCare else { return ended }
        let expired = WorkerCell.collect(cell.expired)
        self.counts.expired += expired.count
        return ended + expired.jobs
    }

    /// Forgets what was said of a batch whose jobs had tags.
    @usableFromInline
    mutating func endTagged(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) {
        self.releaseRuns(worker, endingBefore: .max)
        worker.pointee.runCount = 0
        worker.pointee.isTagged = false
        worker.pointee.needsCare = false
        worker.pointee.mayOnlyExpire = false
    }

    /// Moves a worker's next batch from the queue to its buffer.
    @inlinable
    mutating func fill(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, now: UInt64) {
        let count = min(self.takeCount(worker), self.takeMax)
        self.jobs.removeFirst(count, into: worker.pointee.jobs)
        switch self.limits.timing.kind {
        case .off: self.arrivals.dropFirst(count)
        case .sampled:
            let arrival = self.arrivals.first
            self.waitTimes.record(now > arrival ? now - arrival : 0)
            self.arrivals.dropFirst(count)
        case .everyJob:
            self.arrivals.dropFirst(count, until: now, recordingInto: &self.waitTimes)
        }
        var size = JobSize(count: count)
        if self.size != nil { size = self.sizes(worker.pointee.jobs, 0..<count) }
        self.queued -= size.count
        self.queuedBytes -= size.bytes
        self.begin(worker, jobs: count, held: size.count, now: now)
    }

    /// Takes the later half of the largest batch that another worker has not begun, as far as it can be divided.
    ///
    /// - Parameter instant: Only a batch that was taken before may be stolen from.
    @usableFromInline
    mutating func steal(
        for thief: UnsafeMutablePointer<WorkerRecord<Job>>,
        now: UInt64,
        takenBefore instant: UInt64 = .max
    ) -> Bool {
        var most = 0
        var victim: UnsafeMutablePointer<WorkerRecord<Job>>?
        for index in 0..<self.workerSlots where self.workers[index].takenAt < instant {
            let left = self.stealable(self.workers + index)
            if left > most {
                most = left
                victim = self.workers + index
            }
        }
        guard let victim, victim != thief else { return false }
        let slots = self.takeBackHalf(victim)
        guard !slots.isEmpty else { return false }
        let source = victim.pointee.jobs + slots.lowerBound
        thief.pointee.jobs.moveInitialize(from: source, count: slots.count)
        self.moveTags(from: victim, slots, to: thief)
        self.moveRuns(from: victim, slots.lowerBound, to: thief)
        victim.pointee.initialized = slots.lowerBound
        let size = self.sizes(thief.pointee.jobs, 0..<slots.count)
        victim.pointee.held -= size.count
        self.steals += 1
        self.begin(thief, jobs: slots.count, held: size.count, now: now)
        return true
    }

    private mutating func moveTags(
        from victim: UnsafeMutablePointer<WorkerRecord<Job>>,
        _ slots: Range<Int>,
        to thief: UnsafeMutablePointer<WorkerRecord<Job>>
    ) {
        guard victim.pointee.isTagged, let source = victim.pointee.tags, let tags = thief.pointee.tags else { return }
        for (index, slot) in slots.enumerated() { tags[index] = source[slot] }
        thief.pointee.isTagged = true
        thief.pointee.needsCare = victim.pointee.needsCare
        thief.pointee.mayOnlyExpire = victim.pointee.mayOnlyExpire
    }

    @inlinable
    mutating func begin(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, jobs: Int, held: Int, now: UInt64) {
        worker.pointee.initialized = jobs
        worker.pointee.taken = jobs
        worker.pointee.takenAt = now
        worker.pointee.held = held
        worker.pointee.cell.begin(jobs)
    }

    /// Wakes a parked worker if there are jobs that others have taken and not begun: those may be long, or wait for
    /// each other. Of the batch that a worker has just taken, the first job is its own.
    @usableFromInline
    @inline(never)
    mutating func wakeThief(beside index: Int, effects: inout PoolEffects<Job>) {
        guard !self.parked.isEmpty, self.waking == 0 else { return }
        let worker = self.workers + index
        let isDivisible = worker.pointee.runCount == 0 ? worker.pointee.taken > 1 : worker.pointee.runCount > 1
        if isDivisible || self.canSteal(for: index) { self.wakeWorkerSlow(&effects) }
    }

    @usableFromInline
    func canSteal(for thief: Int) -> Bool {
        (0..<self.workerSlots).contains { $0 != thief && self.stealable(self.workers + $0) > 0 }
    }

    /// How many jobs of a worker's batch could be taken back.
    func stealable(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) -> Int {
        switch worker.pointee.phase {
        case .active where worker.pointee.taken > 0: self.divisible(worker)
        case .active, .parked, .exited, .abandoned: 0
        }
    }

    @usableFromInline
    func sizes(_ jobs: UnsafeMutablePointer<Job>, _ range: Range<Int>) -> JobSize {
        guard let size = self.size else { return JobSize(count: range.count) }
        var sum = (count: 0, bytes: 0)
        for index in range {
            let one = size(jobs[index])
            sum.count += one.count
            sum.bytes += one.bytes
        }
        return JobSize(count: sum.count, bytes: sum.bytes)
    }
}
