//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The queued jobs of a pool that has more to know of a job than that it is there: which one is next by its discipline,
/// when each came, and who waits for it.
///
/// A job keeps its slot, the ``JobTicket``, for as long as it is queued. The slots are linked by age, so that any job can
/// be taken out at once and the oldest is always known. Slots are used again, the last one freed first: a queue that is
/// never full touches little memory.
//
// SAFETY: the slots in the list of ages are initialised, the others are not.
@usableFromInline
struct JobTable<Job: Sendable>: ~Copyable {
    /// A slot's neighbours by age; `next` of a free slot is the next free one. -1 for none.
    @usableFromInline
    struct Link {
        @usableFromInline var previous: Int32
        @usableFromInline var next: Int32

        @inlinable
        init(previous: Int32, next: Int32) {
            self.previous = previous
            self.next = next
        }
    }

    @usableFromInline let capacity: Int
    @usableFromInline let jobs: UnsafeMutablePointer<Job>
    @usableFromInline let tags: UnsafeMutablePointer<JobTag>
    @usableFromInline let links: UnsafeMutablePointer<Link>
    /// The ends of the list of ages.
    @usableFromInline var oldest: Int32 = -1
    @usableFromInline var newest: Int32 = -1
    /// The last slot that was freed, and how many slots were never used.
    @usableFromInline var free: Int32 = -1
    @usableFromInline var used = 0
    @usableFromInline var count = 0
    /// Whether a job that has come since the table was last empty may expire, or asks for more than that.
    @usableFromInline var mayExpire = false
    @usableFromInline var mayNeedMore = false
    /// Nil for first in, first out, which the list of ages is.
    @usableFromInline let discipline: AnyDiscipline<Job>?
    @usableFromInline var batch = TicketBatch()
    /// Slots that were just filled, for the discipline to hear of.
    @usableFromInline let slots: UnsafeMutablePointer<Int32>
    @usableFromInline static var partMax: Int { 64 }

    @inlinable
    init(capacity: Int, discipline: AnyDiscipline<Job>?) {
        self.capacity = capacity
        self.discipline = discipline
        self.jobs = .allocate(capacity: capacity)
        self.tags = .allocate(capacity: capacity)
        self.links = .allocate(capacity: capacity)
        self.slots = .allocate(capacity: Self.partMax)
        discipline?.prepare(capacity: capacity)
    }

    deinit {
        var slot = self.oldest
        while slot >= 0 {
            (self.jobs + Int(slot)).deinitialize(count: 1)
            self.tags[Int(slot)].handle?.release()
            slot = self.links[Int(slot)].next
        }
        self.jobs.deallocate()
        self.tags.deallocate()
        self.links.deallocate()
        self.slots.deallocate()
    }

    /// How many of the jobs a worker could take now.
    @inlinable var ready: Int { self.discipline?.ready ?? self.count }

    /// When the job came that has waited longest; nil when there is none.
    @inlinable var oldestArrival: UInt64? { self.oldest < 0 ? nil : self.tags[Int(self.oldest)].arrival }

    /// Adds a job; there must be a slot.
    @inlinable
    mutating func append(_ job: consuming Job, tag: JobTag, size: Int) {
        let slot = self.addSlot(tag)
        (self.jobs + Int(slot)).initialize(to: job)
        tag.handle?._withUnsafeGuaranteedRef { $0.slot = slot }
        guard let discipline = self.discipline else { return }
        self.slots[0] = slot
        let mayExpire = discipline.enqueue(
            self.jobs,
            self.tags,
            in: UnsafeBufferPointer(start: self.slots, count: 1),
            size: size,
            at: tag.arrival
        )
        if mayExpire { self.mayExpire = true }
    }

    /// Moves jobs in that came at one time, each of size 1; there must be slots.
    @inlinable
    mutating func append(moving source: UnsafeMutablePointer<Job>, count: Int, tag: JobTag) {
        var first = 0
        while first < count {
            let part = min(count - first, Self.partMax)
            for index in 0..<part {
                let slot = self.addSlot(tag)
                (self.jobs + Int(slot)).moveInitialize(from: source + first + index, count: 1)
                self.slots[index] = slot
            }
            if let discipline = self.discipline {
                let slots = UnsafeBufferPointer(start: self.slots, count: part)
                let mayExpire = discipline.enqueue(self.jobs, self.tags, in: slots, size: 1, at: tag.arrival)
                if mayExpire { self.mayExpire = true }
            }
            first += part
        }
    }

    /// Chooses the next jobs, at most `limit`, for ``move(_:)`` to give away one after another.
    @inlinable
    mutating func choose(_ limit: Int, at now: UInt64) {
        self.batch.removeAll()
        if let discipline = self.discipline { return discipline.take(limit, at: now, into: &self.batch) }
        var slot = self.oldest
        while slot >= 0, self.batch.count < limit {
            self.batch.append(JobTicket(Int(slot)))
            slot = self.links[Int(slot)].next
        }
    }

    /// Takes a job out of its slot that the discipline has given away.
    @inlinable
    mutating func move(_ slot: Int, to destination: UnsafeMutablePointer<Job>) -> JobTag {
        self.moveJob(slot, to: destination)
        let tag = self.tags[slot]
        tag.handle?._withUnsafeGuaranteedRef { $0.slot = -1 }
        self.count -= 1
        return tag
    }

    /// Takes all jobs of the batch out of their slots: none of them needs care.
    ///
    /// - Returns: When the first of them came.
    @inlinable
    mutating func moveBatch(to destination: UnsafeMutablePointer<Job>) -> UInt64 {
        let arrival = self.tags[self.batch.slot(0)].arrival
        for index in 0..<self.batch.count { self.moveJob(self.batch.slot(index), to: destination + index) }
        self.count -= self.batch.count
        return arrival
    }

    /// Takes a job out that is not to run.
    @usableFromInline
    mutating func remove(_ slot: Int) -> (job: Job, tag: JobTag) {
        self.discipline?.remove(JobTicket(slot))
        return withUnsafeTemporaryAllocation(of: Job.self, capacity: 1) { buffer in
            guard let place = buffer.baseAddress else { preconditionFailure("A buffer for one job has an address.") }
            let tag = self.move(slot, to: place)
            return (place.move(), tag)
        }
    }

    /// The queued job that is to be shed first; of those wanted equally little the oldest or the newest.
    func leastWanted(oldest: Bool) -> Int { self.discipline?.leastWanted(oldest: oldest)?.index ?? Int(self.oldest) }

    /// Whether one of the jobs of the batch must not begin any more.
    @inlinable
    func hasExpired(_ now: UInt64) -> Bool {
        (0..<self.batch.count).contains { self.tags[self.batch.slot($0)].expires <= now }
    }

    /// Takes all jobs of the batch out of their slots, with their tags: none of them has a handle.
    @inlinable
    mutating func moveBatch(to destination: UnsafeMutablePointer<Job>, _ tags: UnsafeMutablePointer<JobTag>) -> UInt64 {
        for index in 0..<self.batch.count { tags[index] = self.tags[self.batch.slot(index)] }
        return self.moveBatch(to: destination)
    }

    // MARK: - Private

    /// Moves a job out of its slot, which is free then.
    @inlinable
    @inline(__always)
    mutating func moveJob(_ slot: Int, to destination: UnsafeMutablePointer<Job>) {
        let link = self.links[slot]
        if link.previous >= 0 { self.links[Int(link.previous)].next = link.next } else { self.oldest = link.next }
        if link.next >= 0 { self.links[Int(link.next)].previous = link.previous } else { self.newest = link.previous }
        destination.moveInitialize(from: self.jobs + slot, count: 1)
        self.links[slot].next = self.free
        self.free = Int32(truncatingIfNeeded: slot)
    }

    /// Takes a free slot, and puts it into the list of ages as the newest.
    @inlinable
    @inline(__always)
    mutating func addSlot(_ tag: JobTag) -> Int32 {
        let slot: Int32
        if self.free >= 0 {
            slot = self.free
            self.free = self.links[Int(slot)].next
        } else {
            precondition(self.used < self.capacity, "A queue never holds more jobs than its capacity.")
            slot = Int32(truncatingIfNeeded: self.used)
            self.used &+= 1
        }
        if self.count == 0 { (self.mayExpire, self.mayNeedMore) = (false, false) }
        if tag.needsMoreThanTime { self.mayNeedMore = true }
        if tag.expires != .max { self.mayExpire = true }
        self.tags[Int(slot)] = tag
        self.links[Int(slot)] = Link(previous: self.newest, next: -1)
        if self.newest >= 0 { self.links[Int(self.newest)].next = slot } else { self.oldest = slot }
        self.newest = slot
        self.count &+= 1
        return slot
    }
}
