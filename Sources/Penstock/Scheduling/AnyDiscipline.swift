//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A discipline whose type is forgotten: one virtual call a batch, not one a job.
//
// SAFETY: a discipline is used under its pool's lock only.
@usableFromInline
class AnyDiscipline<Job: Sendable>: @unchecked Sendable {
    @usableFromInline
    init() {}

    @usableFromInline var limitsAdmission: Bool { false }
    @usableFromInline var ready: Int { 0 }
    @usableFromInline
    func prepare(capacity: Int) {}
    @usableFromInline
    func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool { true }
    /// Puts the jobs in some slots of a table into the order, one after another, and notes in their tags when they expire.
    @usableFromInline
    func enqueue(
        _ jobs: UnsafeMutablePointer<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        in slots: UnsafeBufferPointer<Int32>,
        size: Int,
        at now: UInt64
    ) {}
    @usableFromInline
    func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {}
    @usableFromInline
    func release(_ hold: Int) {}
    @usableFromInline
    func remove(_ ticket: JobTicket) {}
    @usableFromInline
    func leastWanted(oldest: Bool) -> JobTicket? { nil }
}

/// Holds a discipline of a known type.
///
/// Known here as one that cannot be copied, although most can: otherwise it would be copied, with the reference counts of all
/// its tables, for each call that does not change it, which was 60 ns more a call.
//
// SAFETY: as its superclass. So accesses do not overlap, and are not checked: a discipline cannot know its box.
@usableFromInline
final class DisciplineBox<Value: SchedulingDiscipline & ~Copyable>: AnyDiscipline<Value.Job>, @unchecked Sendable {
    @usableFromInline @exclusivity(unchecked) var discipline: Value

    @inlinable
    init(_ discipline: consuming Value) {
        self.discipline = discipline
        super.init()
    }

    @inlinable override var limitsAdmission: Bool { Value.limitsAdmission }
    @inlinable override var ready: Int { self.discipline.ready }
    @inlinable
    override func prepare(capacity: Int) { self.discipline.prepare(capacity: capacity) }
    @inlinable
    override func admits(_ job: borrowing Value.Job, size: Int, free: Int) -> Bool {
        self.discipline.admits(job, size: size, free: free)
    }
    @inlinable
    override func enqueue(
        _ jobs: UnsafeMutablePointer<Value.Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        in slots: UnsafeBufferPointer<Int32>,
        size: Int,
        at now: UInt64
    ) {
        for number in slots {
            let slot = Int(number)
            let ticket = JobTicket(slot)
            self.discipline.enqueue(jobs[slot], as: ticket, size: size, at: now)
            let expiry = self.discipline.expiry(of: ticket)
            if expiry < tags[slot].expires { tags[slot].expires = expiry }
        }
    }
    @inlinable
    override func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        self.discipline.take(limit, at: now, into: &batch)
    }
    @inlinable
    override func release(_ hold: Int) { self.discipline.release(hold) }
    @inlinable
    override func remove(_ ticket: JobTicket) { self.discipline.remove(ticket) }
    @inlinable
    override func leastWanted(oldest: Bool) -> JobTicket? { self.discipline.leastWanted(oldest: oldest) }
}
