//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The newest job first.
@usableFromInline
struct LIFODiscipline<Job: Sendable>: ~Copyable, SchedulingDiscipline {
    @usableFromInline var links = TicketLinks()
    @usableFromInline var queued = TicketLinks.List()
    @usableFromInline var ready = 0

    @inlinable
    init() {}

    @inlinable
    mutating func prepare(capacity: Int) { self.links.prepare(capacity: capacity) }

    @inlinable
    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        self.links.append(ticket.number, to: &self.queued)
        self.ready += 1
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        let count = min(limit, self.ready)
        for _ in 0..<count { batch.append(JobTicket(self.links.removeLast(from: &self.queued))) }
        self.ready -= count
    }

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        self.links.remove(ticket.number, from: &self.queued)
        self.ready -= 1
    }
}
