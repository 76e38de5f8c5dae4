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
/// Jobs with a deadline are in a heap with four children a node, which is half as deep as one with two. Those without are in
/// a list behind it. A job that is removed leaves its entry in the heap, where it is skipped once it comes to the top; when
/// more entries are such than not, they are all taken out. So no entry's position has to be known.
@usableFromInline
struct DeadlineDiscipline<Job: Sendable>: ~Copyable, SchedulingDiscipline {
    @usableFromInline let deadlineOf: @Sendable (borrowing Job) -> UInt64?
    @usableFromInline var heap = DeadlineHeap()
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
        self.heap.insert(DeadlineKey(deadline: deadline, serial: self.serial, ticket: ticket))
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        var count = min(limit, self.ready)
        self.ready -= count
        while count > 0, let key = self.heap.removeFirst() {
            if self.removed > 0, !self.isLive(key) {
                self.removed -= 1
                continue
            }
            batch.append(JobTicket(key.ticket))
            count -= 1
        }
        for _ in 0..<count { batch.append(JobTicket(self.links.removeFirst(from: &self.endless))) }
    }

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        let ticket = ticket.number
        self.ready -= 1
        if self.entries[ticket].serial == 0 { return self.links.remove(ticket, from: &self.endless) }
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

    /// Gives the queued jobs the lowest serial numbers, in their order: after four thousand million jobs there is none left.
    @usableFromInline
    @inline(never)
    mutating func renumber() {
        let keys = self.heap.removeAll().sorted { $0.serial < $1.serial }
        self.serial = 0
        self.removed = 0
        for key in keys where self.isLive(key) {
            self.serial += 1
            self.entries[key.ticket].serial = self.serial
            self.heap.insert(DeadlineKey(deadline: key.deadline, serial: self.serial, ticket: key.ticket))
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
