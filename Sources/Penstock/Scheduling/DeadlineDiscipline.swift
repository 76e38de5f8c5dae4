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
/// a list behind it.
struct DeadlineDiscipline<Job: Sendable>: SchedulingDiscipline {
    /// Where a job is that is not in the heap.
    private static var nowhere: Int32 { -1 }

    private let deadlineOf: @Sendable (borrowing Job) -> UInt64?
    private var heap: [DeadlineEntry] = []
    /// Where in the heap a ticket is.
    private var positions = TicketTable(blank: Int32(-1))
    private var links = TicketLinks()
    /// The jobs without a deadline.
    private var endless = TicketLinks.List()
    private var endlessCount = 0
    private var arrivals: UInt64 = 0

    /// - Parameter deadlineOf: A job's deadline; nil, or the end of time, for none.
    init(deadlineOf: @escaping @Sendable (borrowing Job) -> UInt64?) { self.deadlineOf = deadlineOf }

    var ready: Int { self.heap.count + self.endlessCount }

    mutating func prepare(capacity: Int) {
        self.positions.prepare(capacity: capacity)
        self.links.prepare(capacity: capacity)
    }

    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let ticket = ticket.number
        self.positions.cover(ticket)
        guard let deadline = self.deadlineOf(job), deadline != .max else {
            self.positions[ticket] = Self.nowhere
            self.links.append(ticket, to: &self.endless)
            self.endlessCount += 1
            return
        }
        self.arrivals += 1
        let entry = DeadlineEntry(deadline: deadline, arrival: self.arrivals, ticket: ticket)
        self.heap.append(entry)
        self.rise(entry, from: self.heap.count - 1)
    }

    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        let count = min(limit, self.ready)
        for _ in 0..<count {
            if self.heap.isEmpty {
                self.endlessCount -= 1
                batch.append(JobTicket(self.links.removeFirst(from: &self.endless)))
            } else {
                batch.append(JobTicket(self.heap[0].ticket))
                self.removeEntry(at: 0)
            }
        }
    }

    mutating func remove(_ ticket: JobTicket) {
        let position = self.positions[ticket.number]
        if position == Self.nowhere {
            self.links.remove(ticket.number, from: &self.endless)
            self.endlessCount -= 1
        } else {
            self.removeEntry(at: Int(position))
        }
    }

    /// The newest job without a deadline; nil if all have one.
    func leastWanted(oldest: Bool) -> JobTicket? {
        guard !self.endless.isEmpty else { return nil }
        return JobTicket(oldest ? self.endless.first : self.endless.last)
    }

    func expiry(of ticket: JobTicket) -> UInt64 {
        let position = self.positions[ticket.number]
        return position == Self.nowhere ? .max : self.heap[Int(position)].deadline
    }

    // MARK: - Private

    @inline(__always)
    private mutating func put(_ entry: DeadlineEntry, at position: Int) {
        self.heap[position] = entry
        self.positions[entry.ticket] = Int32(truncatingIfNeeded: position)
    }

    /// Moves what is later than an entry down, from a position that is free on, and puts it where it belongs.
    @inline(__always)
    private mutating func rise(_ entry: DeadlineEntry, from start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 4
            guard entry.isBefore(self.heap[parent]) else { break }
            self.put(self.heap[parent], at: position)
            position = parent
        }
        self.put(entry, at: position)
    }

    /// The earliest child of an entry that has one.
    ///
    /// Which child it is cannot be foreseen, and so is computed without branches: that halves the time.
    @inline(__always)
    private func earliestChild(of position: Int) -> Int {
        let first = position &* 4 &+ 1
        guard first &+ 3 < self.heap.count else {
            var earliest = first
            for child in first..<self.heap.count where self.heap[child].isBefore(self.heap[earliest]) {
                earliest = child
            }
            return earliest
        }
        let left = first &+ self.heap[first &+ 1].before(self.heap[first])
        let right = first &+ 2 &+ self.heap[first &+ 3].before(self.heap[first &+ 2])
        return left &+ (right &- left) &* self.heap[right].before(self.heap[left])
    }

    /// Fills the gap with the earliest below it, down to a leaf, and puts the last entry there: it comes from a leaf, and
    /// seldom belongs much higher. That saves a comparison a level.
    private mutating func removeEntry(at start: Int) {
        let last = self.heap.removeLast()
        let count = self.heap.count
        guard start < count else { return }
        var gap = start
        while gap * 4 + 1 < count {
            let earliest = self.earliestChild(of: gap)
            self.put(self.heap[earliest], at: gap)
            gap = earliest
        }
        self.rise(last, from: gap)
    }
}

/// A job in the heap.
private struct DeadlineEntry: Sendable {
    let deadline: UInt64
    /// Equal deadlines go by it.
    let arrival: UInt64
    let ticket: Int32

    @inline(__always)
    func isBefore(_ other: DeadlineEntry) -> Bool {
        self.deadline != other.deadline ? self.deadline < other.deadline : self.arrival < other.arrival
    }

    /// 1 if it comes before another, or 0.
    @inline(__always)
    func before(_ other: DeadlineEntry) -> Int {
        let isEarlier: Int = self.deadline < other.deadline ? 1 : 0
        let isEqual: Int = self.deadline == other.deadline ? 1 : 0
        let isOlder: Int = self.arrival < other.arrival ? 1 : 0
        return isEarlier | (isEqual & isOlder)
    }
}
