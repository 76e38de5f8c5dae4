//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Synchronization

/// The jobs that one producer has accepted places for and not passed to the queue yet.
///
/// Staged jobs are accepted and queued: they count in the depth, takers may empty a stage, and drain does. The places
/// were promised by the queue before, so emptying a stage never waits, and neither does the sender for who empties it:
/// it fills a slot and publishes it with one atomic step, which fails only when its places were taken back.
//
// SAFETY: slots from `collected` up to the word's lower half are initialised and belong to who holds the queue's lock;
// those from there up to the word's upper half belong to the sender. Only the sender moves the lower half up, and only
// under the queue's lock is the upper half changed.
@usableFromInline
final class SenderStage<Job>: @unchecked Sendable {
    /// The most jobs a stage holds.
    @usableFromInline static var capacityMax: Int { 64 }

    @usableFromInline let jobs: UnsafeMutablePointer<Job>
    /// The end of the promised slots in the upper half, that of the staged jobs in the lower.
    @usableFromInline let places: UnsafeMutablePointer<Atomic<UInt64>>
    /// When the oldest staged job came.
    @usableFromInline let since: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many jobs since the last grant are in the queue already. Written under the queue's lock.
    @usableFromInline let collected: UnsafeMutablePointer<Atomic<Int>>
    /// How many jobs the sender has offered since the last grant, by its own count.
    @usableFromInline let offered: UnsafeMutablePointer<Int>

    @usableFromInline
    init() {
        let block = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 128)
        self.places = block.bindMemory(to: Atomic<UInt64>.self, capacity: 2)
        self.since = self.places + 1
        self.offered = (block + 16).bindMemory(to: Int.self, capacity: 1)
        self.collected = (block + 128).bindMemory(to: Atomic<Int>.self, capacity: 1)
        self.places.initialize(to: Atomic(0))
        self.since.initialize(to: Atomic(0))
        self.offered.initialize(to: 0)
        self.collected.initialize(to: Atomic(0))
        self.jobs = .allocate(capacity: SenderStage.capacityMax)
    }

    deinit {
        let staged = self.staged
        (self.jobs + staged.lowerBound).deinitialize(count: staged.count)
        self.jobs.deallocate()
        UnsafeMutableRawPointer(self.places).deallocate()
    }

    // MARK: - The sender

    /// Stages a job if a promised place is left. Only the sender may.
    @inlinable
    @inline(__always)
    func stage(_ job: Job, _ time: TimeSource) -> Bool {
        let word = self.places.pointee.load(ordering: .relaxed)
        let end = word & 0xFFFF_FFFF
        guard end < word >> 32 else { return false }
        let slot = Int(truncatingIfNeeded: end)
        if self.collected.pointee.load(ordering: .relaxed) == slot {
            self.since.pointee.store(time.now(), ordering: .relaxed)
        }
        (self.jobs + slot).initialize(to: job)
        // Sequentially consistent for the sake of ``HungryFlag``, which the sender reads next.
        let isPublished = self.places.pointee.compareExchange(
            expected: word,
            desired: word &+ 1,
            successOrdering: .sequentiallyConsistent,
            failureOrdering: .relaxed
        ).exchanged
        if isPublished {
            self.offered.pointee &+= 1
        } else {
            (self.jobs + slot).deinitialize(count: 1)
        }
        return isPublished
    }

    // MARK: - Under the queue's lock

    /// The slots of the staged jobs: what begins at 0 was granted last.
    @inlinable var staged: Range<Int> {
        let end = self.places.pointee.load(ordering: .sequentiallyConsistent) & 0xFFFF_FFFF
        return self.collected.pointee.load(ordering: .relaxed)..<Int(end)
    }

    /// When the oldest staged job came; there must be one.
    @inlinable var arrival: UInt64 { self.since.pointee.load(ordering: .relaxed) }

    /// Says that the jobs before a slot are in the queue.
    @inlinable
    func collect(before slot: Int) { self.collected.pointee.store(slot, ordering: .relaxed) }

    /// How many promised places are free.
    var room: Int {
        let word = self.places.pointee.load(ordering: .relaxed)
        return Int(word >> 32) - Int(word & 0xFFFF_FFFF)
    }

    /// Takes the free places back and says how many there were.
    @usableFromInline
    func reclaim() -> Int {
        var word = self.places.pointee.load(ordering: .relaxed)
        while true {
            let end = word & 0xFFFF_FFFF
            let (exchanged, original) = self.places.pointee.compareExchange(
                expected: word,
                desired: end << 32 | end,
                ordering: .sequentiallyConsistent
            )
            if exchanged { return Int(word >> 32) - Int(end) }
            word = original
        }
    }

    /// Begins anew with so many places, and says how many jobs the sender has offered before. Only the sender may, when
    /// the stage is empty.
    @inlinable
    func grant(_ count: Int) -> Int {
        self.collected.pointee.store(0, ordering: .relaxed)
        self.places.pointee.store(UInt64(count) << 32, ordering: .releasing)
        defer { self.offered.pointee = 0 }
        return self.offered.pointee
    }
}
