//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Tickets by the span of time that their deadline is in: a list for each span, which is a day of the calendar, and one for all
/// that is beyond the last day. What comes before the first is in the first. Putting a ticket in, taking one out and finding the
/// first day that has some cost the same however many there are.
///
/// After R. Brown, "Calendar queues: a fast O(1) priority queue implementation for the simulation event set problem", 1988. That
/// a day has something is a bit of a word, and that a word has one is a bit of another, as in the run queues of kernels.
//
// SAFETY: all days and words are written when they are allocated; they are plain, and need no end. Owned by one discipline.
@usableFromInline
struct DeadlineCalendar: ~Copyable, @unchecked Sendable {
    /// How many tickets a day has on average when the calendar is made, or fewer.
    @inlinable static var ticketsPerDay: Int { 2 }
    /// The most days: a word has a bit for each word of bits.
    @inlinable static var daysMax: Int { 64 * 64 }

    @usableFromInline var days: UnsafeMutablePointer<TicketLinks.List>
    /// A bit for each day that has something.
    @usableFromInline var words: UnsafeMutablePointer<UInt64>
    /// A bit for each word that has one.
    @usableFromInline var summary: UInt64 = 0
    /// How many days there is memory for.
    @usableFromInline var capacity = 0
    /// How many days the calendar has; 0 for no calendar.
    @usableFromInline var count = 0
    /// When the first day begins.
    @usableFromInline var start: UInt64 = 0
    /// The length of a day, as the power of two.
    @usableFromInline var shift: UInt64 = 0
    /// What is beyond the last day.
    @usableFromInline var later = TicketLinks.List()
    @usableFromInline var inLater = 0

    @inlinable
    init() {
        self.days = .allocate(capacity: 0)
        self.words = .allocate(capacity: 64)
        self.words.initialize(repeating: 0, count: 64)
    }

    @inlinable
    deinit {
        self.days.deallocate()
        self.words.deallocate()
    }

    /// The day that a deadline is in; `count` for all that are beyond the last.
    @inlinable
    @inline(__always)
    func day(of deadline: UInt64) -> Int {
        let distance = deadline > self.start ? deadline &- self.start : 0
        return Int(truncatingIfNeeded: min(distance &>> self.shift, UInt64(truncatingIfNeeded: self.count)))
    }

    /// The first day that has something; nil when none has.
    @inlinable @inline(__always) var first: Int? {
        guard self.summary != 0 else { return nil }
        let word = self.summary.trailingZeroBitCount
        return word &* 64 &+ self.words[word].trailingZeroBitCount
    }

    @inlinable
    @inline(__always)
    mutating func insert(_ ticket: Int32, on day: Int, _ links: borrowing TicketLinks) {
        guard day < self.count else {
            links.append(ticket, to: &self.later)
            self.inLater += 1
            return
        }
        links.append(ticket, to: &self.days[day])
        self.words[day &>> 6] |= 1 &<< UInt64(day & 63)
        self.summary |= 1 &<< UInt64(day &>> 6)
    }

    @inlinable
    mutating func remove(_ ticket: Int32, from day: Int, _ links: borrowing TicketLinks) {
        guard day < self.count else {
            links.remove(ticket, from: &self.later)
            self.inLater -= 1
            return
        }
        links.remove(ticket, from: &self.days[day])
        if self.days[day].isEmpty { self.clear(day) }
    }

    /// The ticket of a day that has one only; nil for more.
    @inlinable
    @inline(__always)
    mutating func takeOnly(from day: Int) -> Int32? {
        let list = self.days[day]
        guard list.first == list.last else { return nil }
        self.days[day] = TicketLinks.List()
        self.clear(day)
        return list.first
    }

    /// All tickets of a day, which has none afterwards.
    @inlinable
    mutating func takeAll(from day: Int) -> TicketLinks.List {
        defer {
            self.days[day] = TicketLinks.List()
            self.clear(day)
        }
        return self.days[day]
    }

    /// Puts all tickets beyond the last day.
    @usableFromInline
    @inline(never)
    mutating func close(_ links: borrowing TicketLinks) {
        while let day = self.first {
            var list = self.takeAll(from: day)
            while !list.isEmpty {
                links.append(links.removeFirst(from: &list), to: &self.later)
                self.inLater += 1
            }
        }
        self.count = 0
    }

    /// Makes a calendar of what is beyond the last day, where there must be something, when all days are empty.
    ///
    /// It reaches from the earliest deadline to the middle one, and as far again: one job with an hour's time must not put
    /// thousands with a second's into one day. What is beyond waits for the next calendar.
    @usableFromInline
    @inline(never)
    mutating func open(_ entries: borrowing TicketTable<DeadlineEntry>, _ links: borrowing TicketLinks) {
        let (earliest, middle) = self.look(entries, links)
        let (reach, isTooLong) = (middle - earliest).multipliedReportingOverflow(by: 2)
        let bits = UInt64.bitWidth - (isTooLong ? UInt64.max : reach).leadingZeroBitCount
        self.count = Self.days(for: self.inLater)
        if self.count > self.capacity { self.reserve(self.count) }
        self.start = earliest
        self.shift = UInt64(max(0, bits - self.count.trailingZeroBitCount))
        var list = self.later
        self.later = TicketLinks.List()
        self.inLater = 0
        while !list.isEmpty {
            let ticket = links.removeFirst(from: &list)
            self.insert(ticket, on: self.day(of: entries[ticket].deadline), links)
        }
    }

    /// Calls a closure with each ticket.
    func forEach(_ links: borrowing TicketLinks, _ body: (Int32) -> Void) {
        func walk(_ list: TicketLinks.List) {
            var ticket = list.first
            while ticket != TicketLinks.none {
                body(ticket)
                ticket = links.next(after: ticket)
            }
        }
        walk(self.later)
        for day in 0..<self.count { walk(self.days[day]) }
    }

    // MARK: - Private

    @inlinable
    @inline(__always)
    mutating func clear(_ day: Int) {
        let word = day &>> 6
        self.words[word] &= ~(1 &<< UInt64(day & 63))
        if self.words[word] == 0 { self.summary &= ~(1 &<< UInt64(word)) }
    }

    /// The earliest deadline beyond the last day, and about the middle one.
    private func look(
        _ entries: borrowing TicketTable<DeadlineEntry>,
        _ links: borrowing TicketLinks
    ) -> (earliest: UInt64, middle: UInt64) {
        let samplesMax = 15
        let stride = (self.inLater + samplesMax - 1) / samplesMax
        var earliest = UInt64.max
        let middle = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: samplesMax) { samples in
            var count = 0
            var ticket = self.later.first
            for index in 0..<self.inLater {
                let deadline = entries[ticket].deadline
                earliest = min(earliest, deadline)
                if index.isMultiple(of: stride) {
                    samples.initializeElement(at: count, to: deadline)
                    count += 1
                }
                ticket = links.next(after: ticket)
            }
            var sorted = samples[..<count]
            sorted.sort()
            return sorted[count / 2]
        }
        return (earliest, middle)
    }

    /// A power of two.
    private static func days(for tickets: Int) -> Int {
        let wanted = max(1, tickets / Self.ticketsPerDay)
        return min(Self.daysMax, 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount))
    }

    private mutating func reserve(_ days: Int) {
        self.days.deallocate()
        self.days = .allocate(capacity: days)
        self.days.initialize(repeating: TicketLinks.List(), count: days)
        self.capacity = days
    }
}
