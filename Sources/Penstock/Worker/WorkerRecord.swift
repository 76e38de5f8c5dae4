//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Synchronization

/// The jobs that one worker has taken, and how far it is with them.
///
/// A worker claims each job from its batch with one atomic step on a cache line of its own, and so begins it. What it
/// has not claimed can be taken back, by a drain or by an idle worker, with one step as well. Everything else here is
/// under the queue's lock.
//
// SAFETY: `jobs` has `initialized` initialised slots. Slots below the claim's limit are read by the worker only; those
// from the limit on belong to whoever lowered the limit, which happens under the queue's lock. The slots of a batch are
// deinitialised by the worker after it has reported the batch under that lock.
@usableFromInline
struct WorkerRecord<Job>: ~Copyable {
    /// Where a worker's loop is.
    @usableFromInline
    enum Phase {
        /// Between parking and exiting: takes, runs or reports. Can transition to: `parked`, `exited`, `abandoned`.
        case active
        /// Suspended, for want of jobs. Can transition to: `active`.
        case parked
        /// Its loop is about to end, or has ended. Can transition to: `active`, for another worker.
        case exited
        /// A drain did not wait for it any longer: what it says is no longer counted. Final.
        case abandoned
    }

    @usableFromInline let cell: WorkerCell
    @usableFromInline let waits: DownstreamWaits
    /// The batch at hand, and the buffer for the next one: a reported batch is deinitialised after the lock.
    @usableFromInline var jobs: UnsafeMutablePointer<Job>
    @usableFromInline var spareJobs: UnsafeMutablePointer<Job>
    /// What is known of each job of the batch; nil in a pool without tags.
    @usableFromInline var tags: UnsafeMutablePointer<JobTag>?
    /// Whether the batch at hand has tags, and whether they ask for more than to run the jobs.
    @usableFromInline var isTagged = false
    @usableFromInline var needsCare = false
    /// Whether all they ask for is that no job begins after its time.
    @usableFromInline var mayOnlyExpire = false
    /// Which jobs of the batch go together; nil in a pool without tags. Those before `firstHeld` have ended, and the
    /// discipline knows.
    @usableFromInline var runs: UnsafeMutablePointer<HeldRun>?
    @usableFromInline var runCount = 0
    @usableFromInline var firstHeld = 0
    @usableFromInline var initialized = 0
    /// How many slots of the spare buffer the worker has to deinitialise, once it is out of the lock.
    @usableFromInline var spent = 0
    @usableFromInline var phase = Phase.exited
    /// Taken and not reported, as the ledger counts: what it has in flight.
    @usableFromInline var held = 0
    /// How many jobs it takes at once, while there are as many.
    @usableFromInline var takeSize = 1
    /// How many jobs its last batch had when it was taken.
    @usableFromInline var taken = 0
    @usableFromInline var takenAt: UInt64 = 0
    /// Up to when its time is counted as busy or idle; 0 before it has come for the first time.
    @usableFromInline var countedUntil: UInt64 = 0
    /// It has been at one job for too long, as far as was seen.
    @usableFromInline var isStuck = false
    @usableFromInline var sight = WorkerSight()
    /// It waits for the moment when the next job may begin.
    @usableFromInline var isRateSleeper = false
    /// Its loop has ended, and nobody uses its record.
    @usableFromInline var hasLeft = true
    /// It was woken and has not come yet.
    @usableFromInline var isWoken = false
    @usableFromInline var continuation: TaskContinuation<Void>?

    @usableFromInline
    init(batchMax: Int) {
        self.cell = WorkerCell()
        self.waits = DownstreamWaits()
        self.jobs = .allocate(capacity: batchMax)
        self.spareJobs = .allocate(capacity: batchMax)
    }

    deinit {
        self.jobs.deinitialize(count: self.initialized)
        self.jobs.deallocate()
        self.spareJobs.deallocate()
        self.tags?.deallocate()
        self.runs?.deallocate()
        self.cell.destroy()
    }

    /// Makes room for a tag of each job.
    mutating func keepTags(batchMax: Int) {
        guard self.tags == nil else { return }
        self.tags = .allocate(capacity: batchMax)
        self.runs = .allocate(capacity: batchMax)
    }
}

/// What a worker needs of its record while it runs a batch: copied under the queue's lock, because the record's other
/// parts change under it.
@usableFromInline
struct WorkerBatch<Job> {
    @usableFromInline let cell: WorkerCell
    @usableFromInline let jobs: UnsafeMutablePointer<Job>
    /// What is known of each job, where that asks for more than to run it.
    @usableFromInline let tags: UnsafeMutablePointer<JobTag>?
    /// Whether all they ask for is that no job begins after its time.
    @usableFromInline let mayOnlyExpire: Bool
    /// How many jobs it had when it was taken.
    @usableFromInline let count: Int
    /// What is said of its waits for whoever takes results.
    @usableFromInline let waits: Unmanaged<DownstreamWaits>
    /// How long the worker goes on while other tasks wait for its thread.
    @usableFromInline var turnMax: UInt64 = 25_000

    @inlinable
    init(_ record: UnsafeMutablePointer<WorkerRecord<Job>>) {
        self.cell = record.pointee.cell
        self.jobs = record.pointee.jobs
        self.tags = record.pointee.needsCare ? record.pointee.tags : nil
        self.mayOnlyExpire = record.pointee.mayOnlyExpire
        self.count = record.pointee.taken
        self.waits = .passUnretained(record.pointee.waits)
    }
}

/// The atomics of one worker, on cache lines of their own.
//
// SAFETY: one block, laid out here; the counters have one writer, the worker, and are reset by it.
@usableFromInline
struct WorkerCell: @unchecked Sendable {
    /// The batch's limit in the upper half, the next unclaimed index in the lower.
    @usableFromInline let claims: UnsafeMutablePointer<Atomic<UInt64>>
    /// How the batch's jobs have ended: done, failed, cancelled. Then what is said of its results: 1 until they
    /// are handed over, 1 while the worker does so without the queue's lock, 1 when it must not do so any more. Then how
    /// many jobs have expired after they were taken.
    ///
    /// Each that counts jobs holds jobs in its upper 16 bits and the ledger's count in the others, so that one read
    /// gives both.
    @usableFromInline let counters: UnsafeMutablePointer<Atomic<UInt64>>

    @usableFromInline
    init() {
        let block = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 128)
        self.claims = block.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        self.claims.initialize(to: Atomic(0))
        self.counters = (block + 128).bindMemory(to: Atomic<UInt64>.self, capacity: 7)
        for index in 0..<7 { (self.counters + index).initialize(to: Atomic(0)) }
    }

    @usableFromInline
    func destroy() { UnsafeMutableRawPointer(self.claims).deallocate() }

    @inlinable var done: UnsafeMutablePointer<Atomic<UInt64>> { self.counters }
    @inlinable var failed: UnsafeMutablePointer<Atomic<UInt64>> { self.counters + 1 }
    @inlinable var cancelled: UnsafeMutablePointer<Atomic<UInt64>> { self.counters + 2 }
    @inlinable var undelivered: UnsafeMutablePointer<Atomic<UInt64>> { self.counters + 3 }
    @inlinable var delivering: UnsafeMutablePointer<Atomic<UInt64>> { self.counters + 4 }
    @inlinable var ending: UnsafeMutablePointer<Atomic<UInt64>> { self.counters + 5 }
    @inlinable var expired: UnsafeMutablePointer<Atomic<UInt64>> { self.counters + 6 }

    /// Claims the next job of the batch: its index, or nil when none is left. Who sees it sees what the jobs before did.
    @inlinable
    @inline(__always)
    func claim() -> Int? {
        let word = self.claims.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
        let index = word & 0xFFFF_FFFF
        return index < word >> 32 ? Int(index) : nil
    }

    /// Claims all that is left of the batch, for a handler of whole batches.
    @inlinable
    func claimAll() -> Int {
        var word = self.claims.pointee.load(ordering: .acquiring)
        while true {
            let limit = word >> 32
            let (exchanged, original) = self.claims.pointee.compareExchange(
                expected: word,
                desired: limit << 32 | limit,
                ordering: .acquiringAndReleasing
            )
            if exchanged { return Int(limit) }
            word = original
        }
    }

    /// Begins a new batch of `count` jobs; under the queue's lock.
    @inlinable
    func begin(_ count: Int) {
        self.undelivered.pointee.store(1, ordering: .relaxed)
        self.claims.pointee.store(UInt64(count) << 32, ordering: .releasing)
    }

    /// Takes back what is not claimed, all of it or the later half; under the queue's lock.
    ///
    /// - Returns: The range of slots that now belongs to the caller.
    @inlinable
    func takeBack(half: Bool) -> Range<Int> {
        var word = self.claims.pointee.load(ordering: .acquiring)
        while true {
            let limit = word >> 32
            let next = word & 0xFFFF_FFFF
            guard next < limit else { return Int(limit)..<Int(limit) }
            let newLimit = half ? next + (limit - next) / 2 : next
            let (exchanged, original) = self.claims.pointee.compareExchange(
                expected: word,
                desired: newLimit << 32 | next,
                ordering: .acquiringAndReleasing
            )
            if exchanged { return Int(newLimit)..<Int(limit) }
            word = original
        }
    }

    /// Takes back what stands from a slot on, unless that one is claimed; under the queue's lock.
    func takeBack(from slot: Int) -> Range<Int>? {
        var word = self.claims.pointee.load(ordering: .acquiring)
        while true {
            let limit = word >> 32
            let next = word & 0xFFFF_FFFF
            guard next <= slot, slot < limit else { return nil }
            let (exchanged, original) = self.claims.pointee.compareExchange(
                expected: word,
                desired: UInt64(slot) << 32 | next,
                ordering: .acquiringAndReleasing
            )
            if exchanged { return slot..<Int(limit) }
            word = original
        }
    }

    /// Begins a handing over without the queue's lock; false when a drain takes results back.
    ///
    /// Either this sees that the pool ends, or the drain sees that the worker hands over, and leaves it alone.
    @inlinable
    func beginDelivery() -> Bool {
        self.delivering.pointee.store(1, ordering: .sequentiallyConsistent)
        if self.ending.pointee.load(ordering: .sequentiallyConsistent) == 0 { return true }
        self.delivering.pointee.store(0, ordering: .releasing)
        return false
    }

    @inlinable
    func endDelivery() {
        self.undelivered.pointee.store(0, ordering: .relaxed)
        self.delivering.pointee.store(0, ordering: .releasing)
    }

    /// Whether the results of the batch's ended jobs are still with the worker.
    var hasResults: Bool { self.undelivered.pointee.load(ordering: .acquiring) != 0 }

    /// Whether the worker hands results over at this moment: no code of a user's holds it.
    var isDelivering: Bool { self.delivering.pointee.load(ordering: .sequentiallyConsistent) != 0 }

    /// Makes the worker hand over under the queue's lock from now on.
    func end() { self.ending.pointee.store(1, ordering: .sequentiallyConsistent) }

    /// How many jobs of the batch were begun, and how many are left.
    @inlinable var progress: (claimed: Int, left: Int) {
        let word = self.claims.pointee.load(ordering: .acquiring)
        let limit = Int(word >> 32)
        let claimed = min(Int(word & 0xFFFF_FFFF), limit)
        return (claimed, limit - claimed)
    }

    /// Counts ended jobs; only the worker does.
    @inlinable
    @inline(__always)
    static func count(_ counter: UnsafeMutablePointer<Atomic<UInt64>>, jobs: Int, as count: Int) {
        let amount = UInt64(jobs) << 48 | UInt64(count)
        counter.pointee.store(counter.pointee.load(ordering: .relaxed) &+ amount, ordering: .releasing)
    }

    /// Reads a counter and sets it back.
    @inlinable
    static func collect(_ counter: UnsafeMutablePointer<Atomic<UInt64>>) -> (jobs: Int, count: Int) {
        let value = counter.pointee.load(ordering: .acquiring)
        if value != 0 { counter.pointee.store(0, ordering: .relaxed) }
        return (Int(value >> 48), Int(value & 0xFFFF_FFFF_FFFF))
    }
}
