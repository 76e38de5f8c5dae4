//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How jobs get into the queue.
extension PoolStateMachine {
    // MARK: - One job

    /// Puts a job into the queue if it may go ahead at once, or drops one as the overflow policy says. Counts it only then.
    @inlinable
    mutating func admit(
        _ job: Job,
        handle: JobHandle? = nil,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> Admission {
        guard self.isAccepting else { return .closed }
        let size = self.size(of: job)
        if handle != nil, self.table == nil { self.keepTags() }
        if !self.hasPlace(for: job, size) || !self.maySkipLine {
            switch self.makePlace(for: job, size, handle, now: now, effects: &effects) {
            case .queue: break
            case .dropped: return .accepted
            case .refused(let admission): return admission
            }
        }
        self.counts.offered += size.count
        self.append(job, size: size, handle: handle, now: now)
        self.wakeWorker(&effects)
        return .accepted
    }

    /// Counts a job that is not accepted.
    @inlinable
    mutating func reject(_ job: borrowing Job, as rejection: Rejection) {
        let count = self.size(of: job).count
        self.counts.offered += count
        self.counts.rejected += count
        self.counts.rejections.count(rejection, count)
    }

    /// Puts a producer in line, unless it need not wait: it then tries again, and is told the outcome there.
    @inlinable
    mutating func suspendSubmitter(_ waiter: Waiter<Job>, now: UInt64) -> Enlisting<Job> {
        guard let job = waiter.element else { return .ended(.retry, wake: nil) }
        if let outcome = waiter.outcome {
            self.reject(job, as: .cancelled)
            return .ended(outcome, wake: nil)
        }
        let size = self.size(of: job)
        guard self.isAccepting else { return .ended(.retry, wake: nil) }
        // Senders may have been promised places since the attempt; while anybody waits, they are promised none.
        if self.promised > 0, self.limitsAdmission || !self.fits(size) { self.reclaimRoom() }
        if self.maySkipLine, self.hasPlace(for: job, size) { return .ended(.retry, wake: nil) }
        // It may have become so since the attempt: the next one is then refused.
        if self.isLineFull { return .ended(.retry, wake: nil) }
        self.counts.offered += size.count
        self.counts.waiting += size.count
        if self.submitters.isEmpty { self.heldSince = now }
        self.submitters.append(waiter)
        if self.limitsAdmission { self.updateReserve() }
        return .waits
    }

    /// Whether as many producers wait as may.
    @inlinable var isLineFull: Bool { self.submitters.count >= self.limits.waitersMax }

    /// Ends a producer's wait because its task was cancelled.
    ///
    /// - Returns: The producer, if it waited, and linked behind it those whom it has held up; all are to be resumed.
    @usableFromInline
    mutating func cancelSubmitter(_ waiter: Waiter<Job>, now: UInt64) -> Waiter<Job>? {
        guard self.submitters.cancel(waiter) else { return nil }
        if let job = waiter.element { self.refuseWaiting(job, as: .cancelled) }
        self.endHold(now: now)
        var effects = PoolEffects<Job>()
        effects.submitters.append(waiter)
        self.admitSubmitters(now: now, effects: &effects)
        return effects.submitters.first
    }

    /// Gives free places to those who wait for them, in their order.
    @inlinable
    mutating func admitSubmitters(now: UInt64, effects: inout PoolEffects<Job>) {
        if self.limitsAdmission { return self.admitScattered(now: now, effects: &effects) }
        if let first = self.submitters.first, first.remaining > 1 {
            // A producer of many is woken when one wake-up moves many, and then those behind it, who would hold it up.
            let free = self.limits.capacity - self.queued - self.promised
            let wanted = first.remaining == .max ? self.senderWait : first.remaining
            if free < min(wanted, max(1, self.limits.capacity / 2)) { return }
        }
        while let first = self.submitters.first, let job = first.element {
            let size = self.size(of: job)
            guard self.fits(size) else { return }
            self.admit(first, job, size, now: now, effects: &effects)
        }
    }

    /// Gives free places to those who wait and for whose jobs the discipline has one, in their order.
    @usableFromInline
    mutating func admitScattered(now: UInt64, effects: inout PoolEffects<Job>) {
        self.updateReserve()
        var waiter = self.submitters.first
        while let current = waiter, self.queued + self.promised < self.limits.capacity {
            waiter = current.next
            guard let job = current.element else { continue }
            let size = self.size(of: job)
            if self.hasPlace(for: job, size) { self.admit(current, job, size, now: now, effects: &effects) }
        }
        if self.submitters.isEmpty { self.reserve = 0 }
    }

    @inlinable
    mutating func admit(
        _ waiter: Waiter<Job>,
        _ job: Job,
        _ size: JobSize,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) {
        self.submitters.remove(waiter, outcome: .served)
        self.endHold(now: now)
        waiter.element = nil
        self.counts.waiting -= size.count
        self.append(job, size: size, handle: waiter.companion.map { unsafeDowncast($0, to: JobHandle.self) }, now: now)
        effects.submitters.append(waiter)
    }

    /// Says that places are kept back while a producer of many is first in line: it is woken when one wake-up moves many.
    /// Whoever comes meanwhile is treated alike, or the producer might wait for ever.
    @usableFromInline
    mutating func updateReserve() {
        self.reserve = 0
        guard let first = self.submitters.first, first.remaining > 1 else { return }
        let wanted = min(first.remaining == .max ? self.senderWait : first.remaining, self.limits.capacity / 8)
        if wanted > 1 { self.reserve = wanted * 2 }
    }

    /// For how many free places a sender waits that has found none: for half a millisecond's work, and at most a quarter
    /// of the capacity. A wake-up for each place that becomes free would cost more than many a job.
    @usableFromInline var senderWait: Int {
        guard self.jobTime > 0 else { return 1 }
        let places = UInt64(self.limits.parallelism) * 500_000 / self.jobTime
        return max(1, min(self.limits.capacity / 4, Int(clamping: places)))
    }

    // MARK: - Many jobs

    /// Copies as many jobs into the queue as have a place, and says how many; nil when it takes none any more.
    @inlinable
    mutating func admit(
        copying source: UnsafePointer<Job>,
        count: Int,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> Int? {
        guard self.isAccepting else { return nil }
        if self.size != nil || self.table != nil {
            var admitted = 0
            while admitted < count {
                guard case .accepted = self.admit(source[admitted], now: now, effects: &effects) else { break }
                admitted += 1
            }
            return admitted
        }
        guard self.submitters.isEmpty else { return 0 }
        var free = self.limits.capacity - self.queued - self.promised
        if free < count, self.promised > 0 {
            self.reclaimRoom()
            free = self.limits.capacity - self.queued - self.promised
        }
        let admitted = min(free, count)
        guard admitted > 0 else { return 0 }
        self.counts.offered += admitted
        self.counts.accepted += admitted
        self.queued += admitted
        self.jobs.append(copying: source, count: admitted)
        self.arrivals.append(now, count: admitted)
        self.wakeWorker(&effects)
        return admitted
    }

    /// Counts jobs that are not accepted.
    @inlinable
    mutating func reject(_ source: UnsafePointer<Job>, count: Int, as rejection: Rejection) {
        for index in 0..<count { self.reject(source[index], as: rejection) }
    }

    // MARK: - Stages

    /// Empties a sender's stage into the queue, adds one job and promises the next places.
    @inlinable
    mutating func refill(
        _ stage: SenderStage<Job>,
        with job: Job,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> Admission {
        self.settle(stage)
        let admission = self.admit(job, now: now, effects: &effects)
        guard case .accepted = admission, self.grantsPlaces else { return admission }
        var free = self.limits.capacity - self.queued - self.promised
        if self.limitsAdmission { free = self.discipline?.openPlaces(free: free, promised: self.promised) ?? 0 }
        let grant = min(self.limits.capacity / 4, SenderStage<Job>.capacityMax, free)
        if grant > 0 {
            self.promised += grant
            _ = stage.grant(grant)
        }
        return .accepted
    }

    /// Empties a stage for its sender, which has no free places, and counts what it says it has offered.
    @inlinable
    mutating func settle(_ stage: SenderStage<Job>) {
        self.collect(stage)
        self.counts.offered += stage.grant(0)
    }

    /// Moves what a sender has staged into the queue. Its places were promised, so they are there.
    @inlinable
    mutating func collect(_ stage: SenderStage<Job>) {
        let staged = stage.staged
        let count = staged.count
        guard count > 0 else { return }
        self.promised -= count
        if self.table != nil { return self.collectTagged(stage, staged) }
        self.counts.accepted += count
        self.queued += count
        self.jobs.append(moving: stage.jobs + staged.lowerBound, count: count)
        self.arrivals.append(stage.arrival, count: count)
        stage.collect(before: staged.upperBound)
    }

    @inlinable
    @inline(never)
    mutating func collectTagged(_ stage: SenderStage<Job>, _ staged: Range<Int>) {
        guard let table = self.table else { return }
        self.counts.accepted += staged.count
        self.queued += staged.count
        let tag = self.tag(arrival: stage.arrival)
        table.pointee.append(moving: stage.jobs + staged.lowerBound, count: staged.count, tag: tag)
        stage.collect(before: staged.upperBound)
        self.releaseRunsForParked()
    }

    /// Empties a stage, and wakes a worker for what was in it.
    @inlinable
    mutating func flush(_ stage: SenderStage<Job>, effects: inout PoolEffects<Job>) {
        self.collect(stage)
        self.wakeWorker(&effects)
    }

    @inlinable
    mutating func collectStages() {
        for stage in self.stages { self.collect(stage) }
    }

    /// Takes promised places back that senders have not used: somebody else needs them.
    @usableFromInline
    mutating func reclaimRoom() {
        for stage in self.stages { self.promised -= stage.reclaim() }
    }

    /// Adds a sender's stage.
    @usableFromInline
    mutating func register(_ stage: SenderStage<Job>) { self.stages.append(stage) }

    /// Takes a sender's stage away; its staged jobs stay in the queue.
    @usableFromInline
    mutating func retire(_ stage: SenderStage<Job>, now: UInt64, effects: inout PoolEffects<Job>) {
        self.promised -= stage.reclaim()
        self.settle(stage)
        self.stages.removeAll { $0 === stage }
        self.admitSubmitters(now: now, effects: &effects)
        self.wakeWorker(&effects)
    }

    // MARK: - Private

    @inlinable
    @inline(__always)
    mutating func append(_ job: Job, size: JobSize, handle: JobHandle?, now: UInt64) {
        self.counts.accepted += size.count
        self.queued += size.count
        self.queuedBytes += size.bytes
        if self.table != nil {
            self.appendTagged(job, size: size, handle: handle, now: now)
        } else {
            self.jobs.append(job)
            self.arrivals.append(now, count: 1)
        }
    }

    @usableFromInline
    mutating func refuseWaiting(_ job: borrowing Job, as rejection: Rejection) {
        let count = self.size(of: job).count
        self.counts.waiting -= count
        self.counts.rejected += count
        self.counts.rejections.count(rejection, count)
    }

    /// Wakes a parked worker if there is a job for it and none is on its way, or more than those on their way can do.
    @inlinable
    @inline(__always)
    mutating func wakeWorker(_ effects: inout PoolEffects<Job>) {
        if !self.parked.isEmpty, self.ready > 0, self.waking == 0 || self.isWorthAnother {
            self.wakeWorkerSlow(&effects)
        }
    }

    /// Whether the queued jobs take longer than one more worker needs to come, and a processor is free for it.
    ///
    /// Otherwise each worker that comes wakes the next, which is late by as many wake-ups as there are before it.
    @usableFromInline var isWorthAnother: Bool {
        self.busyWorkers < self.limits.parallelism
            && UInt64(self.ready) &* self.jobTime > UInt64(self.waking) &* Self.wakeTime
    }

    /// How many workers use a processor, or will. Those whose handler may suspend are not counted: who waits for something
    /// else uses none.
    @inlinable var busyWorkers: Int { self.limits.suspends ? self.waking : self.limits.workers - self.parked.count }

    /// How long a parked thread takes to come: about 25 microseconds.
    static var wakeTime: UInt64 { 25_000 }

    @usableFromInline
    @inline(never)
    mutating func wakeWorkerSlow(_ effects: inout PoolEffects<Job>) {
        guard !self.isHeld, effects.worker == nil, let index = self.parked.popLast() else { return }
        let worker = self.workers + index
        worker.pointee.phase = .active
        worker.pointee.isWoken = true
        self.waking += 1
        self.updateHungry()
        effects.worker = worker.pointee.continuation
        worker.pointee.continuation = nil
    }

    @usableFromInline
    mutating func updateHungry() { self.hungry.set(!self.parked.isEmpty && self.waking == 0 && !self.isHeld) }
}
