//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Strict classes, with ageing: the lowest class that has jobs first, but before all of them what has waited too long.
///
/// A class is a list in order of arrival, so that the oldest job of all is the first of one of the classes. Whether one has
/// aged is looked up only when one may have: from the last look it is known when that is.
@usableFromInline
struct PriorityDiscipline<Job: Sendable>: ~Copyable, SchedulingDiscipline {
    /// The most classes there can be: one bit each.
    @inlinable static var classesMax: Int { 64 }

    @usableFromInline let classOf: @Sendable (borrowing Job) -> Int
    @usableFromInline let ageing: UInt64
    @usableFromInline let classCount: Int
    @usableFromInline var classes = TicketTable<TicketLinks.List>()
    /// A bit for each class that has jobs.
    @usableFromInline var occupied: UInt64 = 0
    @usableFromInline var links = TicketLinks()
    @usableFromInline var entries = TicketTable<PriorityEntry>()
    /// No queued job came before this instant.
    @usableFromInline var oldest = UInt64.max
    @usableFromInline var ready = 0

    /// - Parameters:
    ///   - classes: How many there are, 1 to 64.
    ///   - ageing: After how many nanoseconds a job goes before those that have waited less.
    ///   - classOf: A job's class.
    @inlinable
    init(classes: Int, ageing: UInt64, classOf: @escaping @Sendable (borrowing Job) -> Int) {
        self.classCount = classes
        self.classes.prepare(capacity: classes)
        for number in 0..<Int32(truncatingIfNeeded: classes) { self.classes[number] = TicketLinks.List() }
        self.ageing = ageing
        self.classOf = classOf
    }

    @inlinable
    mutating func prepare(capacity: Int) {
        self.links.prepare(capacity: capacity)
        self.entries.prepare(capacity: capacity)
    }

    @inlinable
    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let number = Int32(truncatingIfNeeded: min(max(self.classOf(job), 0), self.classCount - 1))
        self.entries[ticket.number] = PriorityEntry(arrival: now, number: number)
        self.links.append(ticket.number, to: &self.classes[number])
        self.occupied |= 1 << UInt64(number)
        if now < self.oldest { self.oldest = now }
        self.ready += 1
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        let count = min(limit, self.ready)
        for _ in 0..<count {
            let number = self.classOfAged(now) ?? Int32(truncatingIfNeeded: self.occupied.trailingZeroBitCount)
            batch.append(JobTicket(self.links.removeFirst(from: &self.classes[number])))
            self.noteRemoval(from: number)
        }
    }

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        let number = self.entries[ticket.number].number
        self.links.remove(ticket.number, from: &self.classes[number])
        self.noteRemoval(from: number)
    }

    @inlinable
    func leastWanted(oldest: Bool) -> JobTicket? {
        guard self.occupied != 0 else { return nil }
        let lowest = Int32(truncatingIfNeeded: 63 - self.occupied.leadingZeroBitCount)
        return JobTicket(oldest ? self.classes[lowest].first : self.classes[lowest].last)
    }

    // MARK: - Private

    /// The class whose first job is the oldest of all, if that has aged.
    @inlinable
    @inline(__always)
    mutating func classOfAged(_ now: UInt64) -> Int32? {
        now.since(self.oldest) >= self.ageing ? self.lookForAged(now) : nil
    }

    @inlinable
    mutating func lookForAged(_ now: UInt64) -> Int32? {
        var (found, arrival) = (Int32(0), UInt64.max)
        var rest = self.occupied
        while rest != 0 {
            let number = Int32(truncatingIfNeeded: rest.trailingZeroBitCount)
            rest &= rest &- 1
            let first = self.entries[self.classes[number].first].arrival
            if first < arrival { (found, arrival) = (number, first) }
        }
        self.oldest = arrival
        return now.since(arrival) >= self.ageing ? found : nil
    }

    @inlinable
    @inline(__always)
    mutating func noteRemoval(from number: Int32) {
        if self.classes[number].isEmpty { self.occupied &= ~(1 << UInt64(number)) }
        self.ready -= 1
        if self.ready == 0 { self.oldest = .max }
    }
}

/// What is known of a queued job.
@usableFromInline
struct PriorityEntry: BitwiseCopyable, Sendable {
    @usableFromInline var arrival: UInt64
    /// Its class.
    @usableFromInline var number: Int32

    @inlinable
    init(arrival: UInt64, number: Int32) {
        self.arrival = arrival
        self.number = number
    }
}
