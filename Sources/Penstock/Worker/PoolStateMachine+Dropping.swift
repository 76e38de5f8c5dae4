//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What becomes of jobs when the queue is full, and of those that must not begin any more.
extension PoolStateMachine {
    /// What a job that has come to a full queue is to do.
    @usableFromInline
    enum PlaceMaking {
        /// Go into the queue: there is a place now.
        case queue
        /// Nothing: it was dropped, and counted.
        case dropped
        /// Not be accepted.
        case refused(Admission)
    }

    /// Looks for a place for a job that has found none, and drops what the overflow policy says.
    @usableFromInline
    mutating func makePlace(
        for job: Job,
        _ size: JobSize,
        _ handle: JobHandle?,
        now: UInt64,
        effects: inout PoolEffects<Job>
    ) -> PlaceMaking {
        guard self.canEverFit(size) else { return .refused(.tooLarge) }
        if self.promised > 0 { self.reclaimRoom() }
        if self.maySkipLine, self.hasPlace(for: job, size) { return .queue }
        switch self.limits.overflow.kind {
        case .wait, .reject, .callerRuns: return .refused(.full)
        case .dropNewest:
            self.counts.offered += size.count
            self.counts.accepted += size.count
            self.counts.shed += size.count
            self.counts.sheds.newest += size.count
            effects.drop(job, handle.map { Unmanaged.passRetained($0) }, .newest)
            return .dropped
        case .dropOldest: return self.replaceOldest(with: job, size, effects: &effects)
        case .dropLowest:
            guard self.table != nil else { return self.replaceOldest(with: job, size, effects: &effects) }
            self.collectStages()
            guard self.isWithinShare(job, size) else { return .refused(.full) }
            self.counts.offered += size.count
            self.append(job, size: size, handle: handle, now: now)
            while self.isOverfull, self.inOrder > 1 { self.shedLowest(effects: &effects) }
            self.wakeWorker(&effects)
            return .dropped
        }
    }

    /// Takes a queued job out that is not to begin: its caller was cancelled.
    mutating func cancelQueued(_ handle: JobHandle, now: UInt64, effects: inout PoolEffects<Job>) -> Bool {
        if handle.slot >= 0 {
            self.counts.cancelled += self.drop(Int(handle.slot), .cancelled, effects: &effects)
        } else if !self.cancelDelayed(handle, effects: &effects) {
            return false
        }
        self.admitSubmitters(now: now, effects: &effects)
        // Only jobs that wait for another attempt may have held those up, and then every worker may be parked.
        self.wakeWorker(&effects)
        self.finishIfDone(&effects)
        return true
    }

    // MARK: - Private

    private var isOverfull: Bool {
        self.queued > self.limits.capacity || self.limits.bytesMax.map { self.queuedBytes > $0 } ?? false
    }

    /// How many of the queued jobs do not wait for another attempt: only those are shed for a new one.
    private var inOrder: Int { self.table?.pointee.count ?? self.jobs.count }

    /// Whether the discipline has a place for the job once the queue has: who has none waits for those of its own share.
    private func isWithinShare(_ job: borrowing Job, _ size: JobSize) -> Bool {
        guard self.limitsAdmission, let discipline = self.discipline else { return true }
        return discipline.admits(job, size: size.count, free: max(size.count, self.limits.capacity - self.queued))
    }

    private mutating func replaceOldest(
        with job: borrowing Job,
        _ size: JobSize,
        effects: inout PoolEffects<Job>
    ) -> PlaceMaking {
        self.collectStages()
        guard self.isWithinShare(job, size) else { return .refused(.full) }
        while !self.fits(size), self.inOrder > 0 { self.shedOldest(effects: &effects) }
        return .queue
    }

    private mutating func shedOldest(effects: inout PoolEffects<Job>) {
        let count: Int
        if let table = self.table {
            count = self.drop(Int(table.pointee.oldest), .oldest, effects: &effects)
        } else {
            let job = self.jobs.removeFirst()
            self.arrivals.dropFirst(1)
            count = self.unqueue(job)
            effects.drop(job, nil, .oldest)
        }
        self.counts.shed += count
        self.counts.sheds.oldest += count
    }

    private mutating func shedLowest(effects: inout PoolEffects<Job>) {
        guard let table = self.table else { return self.shedOldest(effects: &effects) }
        let count = self.drop(table.pointee.leastWanted(oldest: false), .lowest, effects: &effects)
        self.counts.shed += count
        self.counts.sheds.lowest += count
    }

    /// Takes a job out of the table and says for how many it counts.
    mutating func drop(_ slot: Int, _ reason: DropReason, effects: inout PoolEffects<Job>) -> Int {
        guard let table = self.table else { return 0 }
        let (job, tag) = table.pointee.remove(slot)
        self.closePlace(tag.place, effects: &effects)
        effects.drop(job, tag.handle, reason)
        return self.unqueue(job)
    }

    mutating func unqueue(_ job: borrowing Job) -> Int {
        let size = self.size(of: job)
        self.queued -= size.count
        self.queuedBytes -= size.bytes
        return size.count
    }
}
