//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A discipline of a user's own, held to what the pool's memory depends on: that it gives away queued jobs, each once.
///
/// One that cannot be copied, so that its table is not, either.
@usableFromInline
struct CheckedDiscipline<Base: SchedulingDiscipline & ~Copyable>: SchedulingDiscipline, ~Copyable {
    @usableFromInline var base: Base
    /// Which tickets stand for queued jobs.
    @usableFromInline var isQueued: [Bool] = []

    @inlinable
    init(_ base: consuming Base) { self.base = base }

    @inlinable static var limitsAdmission: Bool { Base.limitsAdmission }
    @inlinable var ready: Int { self.base.ready }

    @inlinable
    mutating func prepare(capacity: Int) {
        self.isQueued = Array(repeating: false, count: capacity)
        self.base.prepare(capacity: capacity)
    }

    @inlinable
    func admits(_ job: borrowing Base.Job, size: Int, free: Int) -> Bool {
        self.base.admits(job, size: size, free: free)
    }

    @inlinable
    mutating func openPlaces(free: Int, promised: Int) -> Int { self.base.openPlaces(free: free, promised: promised) }

    @inlinable
    mutating func enqueue(_ job: borrowing Base.Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        self.isQueued[ticket.index] = true
        self.base.enqueue(job, as: ticket, size: size, at: now)
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        let first = batch.count
        self.base.take(limit, at: now, into: &batch)
        for index in first..<batch.count {
            let slot = batch.slot(index)
            precondition(
                self.isQueued.indices.contains(slot) && self.isQueued[slot],
                "A discipline gives away jobs that are queued, each once: ticket \(slot) stands for none."
            )
            self.isQueued[slot] = false
        }
    }

    @inlinable
    mutating func release(_ hold: Int) { self.base.release(hold) }

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        self.isQueued[ticket.index] = false
        self.base.remove(ticket)
    }

    @inlinable
    func leastWanted(oldest: Bool) -> JobTicket? {
        guard let ticket = self.base.leastWanted(oldest: oldest) else { return nil }
        precondition(
            self.isQueued.indices.contains(ticket.index) && self.isQueued[ticket.index],
            "A discipline sheds jobs that are queued: ticket \(ticket.index) stands for none."
        )
        return ticket
    }

    @inlinable
    func expiry(of ticket: JobTicket) -> UInt64 { self.base.expiry(of: ticket) }
}
