//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Earliest deadline first: C. L. Liu and J. W. Layland, "Scheduling algorithms for multiprogramming in a hard-real-time
/// environment", 1973.
///
/// Few jobs with a deadline are in a heap with four children a node, which is half as deep as one with two. Many are in a
/// calendar, whose first day is taken: a job is often alone in its day. A day that has many goes into the heap, which orders it. So
/// deadlines that are all the same, or come in an order made to harm, cost no more than the heap alone; random ones of 10,000
/// jobs cost 48 ns more than `fifo` instead of 80 (`penstock bench disciplines`). Those without a deadline are in a list behind both.
///
/// A job that is removed leaves its entry in the heap, where it is skipped once it comes to the top; when more entries are such
/// than not, they are all taken out. So no entry's position has to be known.
@usableFromInline
struct DeadlineDiscipline<Job: Sendable>: ~Copyable, SchedulingDiscipline {
    /// So many in the heap, and none elsewhere, are worth a calendar.
    @inlinable static var heapMax: Int { 128 }
    /// A day with more goes into the heap.
    @inlinable static var dayMax: Int { 16 }

    @usableFromInline let deadlineOf: @Sendable (borrowing Job) -> UInt64?
    @usableFromInline var heap = DeadlineHeap()
    @usableFromInline var calendar = DeadlineCalendar()
    /// The days whose tickets are in the heap, all of them; no day when the heap is empty.
    @usableFromInline var heaped = 0..<0
    /// How many tickets have moved from this calendar into the heap.
    @usableFromInline var moved = 0
    /// What is known of each ticket.
    @usableFromInline var entries = TicketTable<DeadlineEntry>()
    @usableFromInline var links = TicketLinks()
    /// The jobs without a deadline.
    @usableFromInline var endless = TicketLinks.List()
    @usableFromInline var ready = 0
    /// How many entries of the heap are of jobs that were removed.
    @usableFromInline var removed = 0
    /// The serial number of the last job that came: of equal deadlines the lowest goes first.
    @usableFromInline var serial: UInt32

    /// - Parameters:
    ///   - firstSerial: What serial numbers begin with, for tests.
    ///   - deadlineOf: A job's deadline; nil, or the end of time, for none.
    @inlinable
    init(firstSerial: UInt32 = 0, deadlineOf: @escaping @Sendable (borrowing Job) -> UInt64?) {
        self.serial = firstSerial
        self.deadlineOf = deadlineOf
    }

    @inlinable
    mutating func prepare(capacity: Int) {
        self.entries.prepare(capacity: capacity)
        self.links.prepare(capacity: capacity)
        self.heap.prepare(capacity: capacity)
    }

    @inlinable
    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        self.ready += 1
        let ticket = ticket.number
        guard let deadline = self.deadlineOf(job), deadline != .max else {
            self.entries[ticket] = DeadlineEntry(deadline: .max, serial: 0)
            self.links.append(ticket, to: &self.endless)
            return
        }
        if self.serial == .max { self.renumber() }
        self.serial += 1
        self.entries[ticket] = DeadlineEntry(deadline: deadline, serial: self.serial)
        if self.calendar.count > 0 {
            let day = self.calendar.day(of: deadline)
            if !self.heaped.contains(day) { return self.calendar.insert(ticket, on: day, self.links) }
        }
        self.heap.insert(DeadlineKey(deadline: deadline, serial: self.serial, ticket: ticket))
        if self.calendar.count == 0, self.heap.count >= Self.heapMax { self.makeCalendar() }
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        var count = min(limit, self.ready)
        self.ready -= count
        while count > 0 {
            if let day = self.calendar.first, self.heap.count == 0 || day < self.heaped.lowerBound {
                if let ticket = self.calendar.takeOnly(from: day) {
                    batch.append(JobTicket(ticket))
                    count -= 1
                } else {
                    count -= self.takeSome(count, from: day, into: &batch)
                }
            } else if let key = self.heap.removeFirst() {
                if self.removed > 0, !self.isLive(key) {
                    self.removed -= 1
                    continue
                }
                batch.append(JobTicket(key.ticket))
                count -= 1
            } else {
                guard self.turnPage() else { break }
            }
        }
        if self.heap.count == 0 { self.heaped = 0..<0 }
        for _ in 0..<count { batch.append(JobTicket(self.links.removeFirst(from: &self.endless))) }
    }

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        let ticket = ticket.number
        self.ready -= 1
        let entry = self.entries[ticket]
        if entry.serial == 0 { return self.links.remove(ticket, from: &self.endless) }
        if self.calendar.count > 0 {
            let day = self.calendar.day(of: entry.deadline)
            if !self.heaped.contains(day) { return self.calendar.remove(ticket, from: day, self.links) }
        }
        self.entries[ticket].serial = 0
        self.removed += 1
        guard self.removed * 2 > self.heap.count else { return }
        for key in self.heap.removeAll() where self.isLive(key) { self.heap.insert(key) }
        self.removed = 0
    }

    /// The newest or oldest job without a deadline; nil if all have one.
    @inlinable
    func leastWanted(oldest: Bool) -> JobTicket? {
        guard !self.endless.isEmpty else { return nil }
        return JobTicket(oldest ? self.endless.first : self.endless.last)
    }

    @inlinable
    func expiry(of ticket: JobTicket) -> UInt64 { self.entries[ticket.number].deadline }

    // MARK: - Private

    /// Whether an entry's job is still queued.
    @inlinable
    @inline(__always)
    func isLive(_ key: DeadlineKey) -> Bool { self.entries[key.ticket].serial == key.serial }

    /// Makes a calendar of all that have a deadline.
    @usableFromInline
    @inline(never)
    mutating func makeCalendar() {
        self.calendar.close(self.links)
        for key in self.heap.removeAll() where self.isLive(key) { self.calendar.insert(key.ticket, on: 0, self.links) }
        self.heaped = 0..<0
        self.removed = 0
        self.moved = 0
        if self.calendar.inLater > 0 { self.calendar.open(self.entries, self.links) }
    }

    /// Makes the next calendar when all days have passed and the heap is empty.
    ///
    /// - Returns: Whether there was anything to make it of.
    @usableFromInline
    @inline(never)
    mutating func turnPage() -> Bool {
        self.heaped = 0..<0
        self.moved = 0
        guard self.calendar.inLater > 0 else {
            self.calendar.count = 0
            return false
        }
        self.calendar.open(self.entries, self.links)
        return true
    }

    /// Takes the earliest from a day that has several, or moves that day to the heap if it has many.
    ///
    /// - Returns: How many were taken.
    @usableFromInline
    @inline(never)
    mutating func takeSome(_ limit: Int, from day: Int, into batch: inout TicketBatch) -> Int {
        withUnsafeTemporaryAllocation(of: DeadlineKey.self, capacity: Self.dayMax) { keys in
            var count = 0
            var ticket = self.calendar.days[day].first
            while ticket != TicketLinks.none {
                guard count < Self.dayMax else {
                    self.moveToHeap(from: day)
                    return 0
                }
                let entry = self.entries[ticket]
                let key = DeadlineKey(deadline: entry.deadline, serial: entry.serial, ticket: ticket)
                var place = count
                while place > 0, key.bits < keys[place - 1].bits {
                    keys.initializeElement(at: place, to: keys[place - 1])
                    place -= 1
                }
                keys.initializeElement(at: place, to: key)
                count += 1
                ticket = self.links.next(after: ticket)
            }
            let taken = min(limit, count)
            for key in keys[..<taken] {
                self.calendar.remove(key.ticket, from: day, self.links)
                batch.append(JobTicket(key.ticket))
            }
            return taken
        }
    }

    /// Moves a day to the heap, with all between it and those that are there.
    ///
    /// Once as many have moved as there are, the days are too long, and a calendar for today's jobs is made.
    private mutating func moveToHeap(from day: Int) {
        if self.moved > self.ready + Self.heapMax { return self.makeCalendar() }
        let end = self.heap.count == 0 ? day + 1 : self.heaped.upperBound
        while let next = self.calendar.first, next < end {
            var list = self.calendar.takeAll(from: next)
            while !list.isEmpty {
                let ticket = self.links.removeFirst(from: &list)
                let entry = self.entries[ticket]
                self.heap.insert(DeadlineKey(deadline: entry.deadline, serial: entry.serial, ticket: ticket))
                self.moved += 1
            }
        }
        self.heaped = day..<end
    }

    /// Gives the queued jobs the lowest serial numbers, in their order: after four thousand million jobs there is none left.
    @usableFromInline
    @inline(never)
    mutating func renumber() {
        let keys = self.heap.removeAll().filter { self.isLive($0) }
        var tickets = keys.map(\.ticket)
        self.calendar.forEach(self.links) { tickets.append($0) }
        tickets.sort { self.entries[$0].serial < self.entries[$1].serial }
        self.serial = 0
        self.removed = 0
        for ticket in tickets {
            self.serial += 1
            self.entries[ticket].serial = self.serial
        }
        for key in keys {
            let serial = self.entries[key.ticket].serial
            self.heap.insert(DeadlineKey(deadline: key.deadline, serial: serial, ticket: key.ticket))
        }
    }
}

/// What is known of a queued job.
@usableFromInline
struct DeadlineEntry: BitwiseCopyable, Sendable {
    @usableFromInline var deadline: UInt64
    /// 0 for a job without a deadline, or none.
    @usableFromInline var serial: UInt32

    @inlinable
    init(deadline: UInt64, serial: UInt32) {
        self.deadline = deadline
        self.serial = serial
    }
}
