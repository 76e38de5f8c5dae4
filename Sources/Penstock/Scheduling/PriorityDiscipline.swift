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
struct PriorityDiscipline<Job: Sendable>: SchedulingDiscipline {
    /// The most classes there can be: one bit each.
    static var classesMax: Int { 64 }

    private let classOf: @Sendable (borrowing Job) -> Int
    private let ageing: UInt64
    private var classes: [TicketLinks.List]
    /// A bit for each class that has jobs.
    private var occupied: UInt64 = 0
    private var links = TicketLinks()
    private var entries = TicketTable(blank: PriorityEntry())
    /// No queued job came before this instant.
    private var oldest = UInt64.max
    private(set) var ready = 0

    /// - Parameters:
    ///   - classes: How many there are, 1 to 64.
    ///   - ageing: After how many nanoseconds a job goes before those that have waited less.
    ///   - classOf: A job's class.
    init(classes: Int, ageing: UInt64, classOf: @escaping @Sendable (borrowing Job) -> Int) {
        let isInRange = (1...Self.classesMax).contains(classes)
        precondition(isInRange, "There are 1 to \(Self.classesMax) classes of priority, not \(classes).")
        self.classes = Array(repeating: TicketLinks.List(), count: classes)
        self.ageing = ageing
        self.classOf = classOf
    }

    mutating func prepare(capacity: Int) {
        self.links.prepare(capacity: capacity)
        self.entries.prepare(capacity: capacity)
    }

    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let number = min(max(self.classOf(job), 0), self.classes.count - 1)
        self.entries.cover(ticket.number)
        self.entries[ticket.number] = PriorityEntry(arrival: now, number: number)
        self.links.append(ticket.number, to: &self.classes[number])
        self.occupied |= 1 << UInt64(number)
        if now < self.oldest { self.oldest = now }
        self.ready += 1
    }

    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        let count = min(limit, self.ready)
        for _ in 0..<count {
            let number = self.classOfAged(now) ?? self.occupied.trailingZeroBitCount
            batch.append(JobTicket(self.links.removeFirst(from: &self.classes[number])))
            self.noteRemoval(from: number)
        }
    }

    mutating func remove(_ ticket: JobTicket) {
        let number = self.entries[ticket.number].number
        self.links.remove(ticket.number, from: &self.classes[number])
        self.noteRemoval(from: number)
    }

    func leastWanted(oldest: Bool) -> JobTicket? {
        guard self.occupied != 0 else { return nil }
        let lowest = 63 - self.occupied.leadingZeroBitCount
        return JobTicket(oldest ? self.classes[lowest].first : self.classes[lowest].last)
    }

    // MARK: - Private

    /// The class whose first job is the oldest of all, if that has aged.
    @inline(__always)
    private mutating func classOfAged(_ now: UInt64) -> Int? {
        now.since(self.oldest) >= self.ageing ? self.lookForAged(now) : nil
    }

    private mutating func lookForAged(_ now: UInt64) -> Int? {
        var (found, arrival) = (0, UInt64.max)
        var rest = self.occupied
        while rest != 0 {
            let number = rest.trailingZeroBitCount
            rest &= rest &- 1
            let first = self.entries[self.classes[number].first].arrival
            if first < arrival { (found, arrival) = (number, first) }
        }
        self.oldest = arrival
        return now.since(arrival) >= self.ageing ? found : nil
    }

    @inline(__always)
    private mutating func noteRemoval(from number: Int) {
        if self.classes[number].isEmpty { self.occupied &= ~(1 << UInt64(number)) }
        self.ready -= 1
        if self.ready == 0 { self.oldest = .max }
    }
}

/// What is known of a queued job.
private struct PriorityEntry: Sendable {
    var arrival: UInt64 = 0
    /// Its class.
    var number = 0
}
