//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The queue of a pool that has more to know of a job than that it is there.
extension PoolStateMachine {
    /// Keeps a tag for each job from now on. A first-in, first-out pool begins without, because that is faster.
    @usableFromInline
    mutating func keepTags() {
        guard self.table == nil else { return }
        let table = UnsafeMutablePointer<JobTable<Job>>.allocate(capacity: 1)
        // One more than the capacity: a job may stand in the queue while it is decided which one goes. Jobs that are tried
        // again come back to a queue that may have filled meanwhile.
        let more = 1 + (self.limits.retries ? Self.delayedMax : 0)
        table.initialize(to: JobTable(capacity: self.limits.capacity + more, discipline: self.discipline))
        if self.limits.beginsWhole { table.pointee.batch.holdsMax = 1 }
        while !self.jobs.isEmpty {
            let arrival = self.arrivals.first
            self.arrivals.dropFirst(1)
            table.pointee.append(self.jobs.removeFirst(), tag: JobTag(arrival: arrival), size: 1)
        }
        self.table = table
        for index in 0..<self.workerSlots { self.workers[index].keepTags(batchMax: self.limits.batchMax) }
    }

    @inlinable
    @inline(never)
    mutating func appendTagged(_ job: Job, size: JobSize, handle: JobHandle?, now: UInt64) {
        guard let table = self.table else { return }
        var tag = self.tag(arrival: now)
        if let handle { tag.handle = Unmanaged.passRetained(handle) }
        table.pointee.append(job, tag: tag, size: size.count)
        self.releaseRunsForParked()
    }

    @inlinable
    func tag(arrival: UInt64) -> JobTag {
        var tag = JobTag(arrival: arrival)
        let expires = arrival.addingReportingOverflow(self.limits.queueTimeMax)
        tag.expires = expires.overflow ? .max : expires.partialValue
        return tag
    }

    /// Moves a worker's next batch from the table to its buffers; jobs that have expired are dropped on the way.
    ///
    /// - Returns: Whether there is a batch.
    @inlinable
    mutating func fillTagged(
        _ worker: UnsafeMutablePointer<WorkerRecord<Job>>,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> Bool {
        guard let table = self.table, let tags = worker.pointee.tags else { return false }
        while table.pointee.ready > 0 {
            table.pointee.choose(min(self.takeCount(worker), self.takeMax), at: now)
            let given = table.pointee.batch.count
            precondition(
                (1...self.limits.batchMax).contains(given),
                "A discipline that has jobs ready gives at least one, and no more than the worker wants."
            )
            if self.takesPlainly, !table.pointee.mayNeedMore {
                let mayExpire = table.pointee.mayExpire
                if !mayExpire || !table.pointee.hasExpired(now) {
                    self.fill(worker, tags: mayExpire ? tags : nil, now: now)
                    return true
                }
            }
            var count = 0
            var held = 0
            var needsCare = self.limits.caresForEachJob
            var mayOnlyExpire = !needsCare
            var run = 0
            for index in 0..<given {
                if run < table.pointee.batch.runCount, index == Int(table.pointee.batch.runs[run].end) {
                    self.endRun(worker, run, at: count)
                    run += 1
                }
                let place = worker.pointee.jobs + count
                let tag = table.pointee.move(table.pointee.batch.slot(index), to: place)
                let size = self.size == nil ? JobSize() : self.size(of: place.pointee)
                self.queued -= size.count
                self.queuedBytes -= size.bytes
                if tag.expires <= now {
                    self.counts.expired += size.count
                    self.closePlace(tag.place, effects: &effects)
                    effects.drop(place.move(), tag.handle, .expired)
                    continue
                }
                if count == 0 || self.limits.timing.kind == .everyJob { self.recordWait(since: tag.arrival, now: now) }
                tags[count] = tag
                needsCare = needsCare || tag.needsCare
                mayOnlyExpire = mayOnlyExpire && !tag.needsMoreThanTime
                count += 1
                held += size.count
            }
            if run < table.pointee.batch.runCount { self.endRun(worker, run, at: count) }
            if count > 0 {
                if self.limits.retries { self.depositAttempts(tags, count) }
                if self.limits.resultPlaces != nil { self.takePlaces(tags, count) }
                self.begin(worker, jobs: count, held: held, now: now)
                worker.pointee.isTagged = true
                worker.pointee.needsCare = needsCare
                worker.pointee.mayOnlyExpire = mayOnlyExpire
                return true
            }
        }
        return false
    }

    /// Moves the batch that was chosen to a worker's buffers; of its jobs nothing matters, or only when they expire.
    @inlinable
    mutating func fill(
        _ worker: UnsafeMutablePointer<WorkerRecord<Job>>,
        tags: UnsafeMutablePointer<JobTag>?,
        now: UInt64
    ) {
        guard let table = self.table else { return }
        if table.pointee.batch.runCount > 0 { self.takeRuns(worker) }
        let count = table.pointee.batch.count
        let arrival: UInt64
        if let tags {
            arrival = table.pointee.moveBatch(to: worker.pointee.jobs, tags)
            worker.pointee.isTagged = true
            worker.pointee.needsCare = true
            worker.pointee.mayOnlyExpire = true
        } else {
            arrival = table.pointee.moveBatch(to: worker.pointee.jobs)
        }
        self.queued -= count
        self.recordWait(since: arrival, now: now)
        self.begin(worker, jobs: count, held: count, now: now)
    }

    /// Pays for retries with the jobs that are begun for the first time.
    @usableFromInline
    mutating func depositAttempts(_ tags: UnsafeMutablePointer<JobTag>, _ count: Int) {
        self.budget?.deposit((0..<count).count { tags[$0].attempts == 0 })
    }

    @usableFromInline
    mutating func recordWait(since arrival: UInt64, now: UInt64) {
        switch self.limits.timing.kind {
        case .off: break
        case .sampled, .everyJob: self.waitTimes.record(now > arrival ? now - arrival : 0)
        }
    }
}
