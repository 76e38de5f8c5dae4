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
    @usableFromInline
    func openPlaces(free: Int, promised: Int) -> Int { 0 }
    @usableFromInline var ready: Int { 0 }
    @usableFromInline
    func prepare(capacity: Int) {}
    @usableFromInline
    func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool { true }
    /// Puts the jobs in some slots of a table into the order, one after another, and notes in their tags when they expire.
    ///
    /// - Returns: Whether one of them does.
    @usableFromInline
    func enqueue(
        _ jobs: UnsafeMutablePointer<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        in slots: UnsafeBufferPointer<Int32>,
        size: Int,
        at now: UInt64
    ) -> Bool { false }
    @usableFromInline
    func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {}
    @usableFromInline
    func release(_ hold: Int) {}
    @usableFromInline
    func remove(_ ticket: JobTicket) {}
    @usableFromInline
    func leastWanted(oldest: Bool) -> JobTicket? { nil }
}

/// The state of one pool's discipline.
///
/// Known here as one that cannot be copied, although some can: otherwise it would be copied for each call that does not
/// change it, which was 60 ns more a call for one that keeps arrays.
//
// SAFETY: used under the pool's lock only.
@usableFromInline
final class DisciplineBox<Value: SchedulingDiscipline & ~Copyable>: @unchecked Sendable {
    @usableFromInline @exclusivity(unchecked) var discipline: Value

    @inlinable
    init(_ discipline: consuming Value) { self.discipline = discipline }
}

/// A discipline as functions that know its type: made where that and the type of the jobs are known, they are compiled
/// for both, which the methods of a generic class are not.
//
// SAFETY: used under the pool's lock only.
@usableFromInline
final class ErasedDiscipline<Job: Sendable>: AnyDiscipline<Job>, @unchecked Sendable {
    @usableFromInline
    typealias Enqueue = (
        UnsafeMutablePointer<Job>, UnsafeMutablePointer<JobTag>, UnsafeBufferPointer<Int32>, Int, UInt64
    ) -> Bool

    @usableFromInline let limits: Bool
    @usableFromInline let doOpenPlaces: (Int, Int) -> Int
    @usableFromInline let getReady: () -> Int
    @usableFromInline let doPrepare: (Int) -> Void
    @usableFromInline let doAdmit: (borrowing Job, Int, Int) -> Bool
    @usableFromInline let doEnqueue: Enqueue
    @usableFromInline let doTake: (Int, UInt64, inout TicketBatch) -> Void
    @usableFromInline let doRelease: (Int) -> Void
    @usableFromInline let doRemove: (JobTicket) -> Void
    @usableFromInline let getLeastWanted: (Bool) -> JobTicket?

    @inlinable
    init<Value: SchedulingDiscipline<Job> & ~Copyable>(_ discipline: consuming Value) {
        let box = DisciplineBox(discipline)
        self.limits = Value.limitsAdmission
        self.doOpenPlaces = { box.discipline.openPlaces(free: $0, promised: $1) }
        self.getReady = { box.discipline.ready }
        self.doPrepare = { box.discipline.prepare(capacity: $0) }
        self.doAdmit = { box.discipline.admits($0, size: $1, free: $2) }
        self.doEnqueue = { jobs, tags, slots, size, now in
            var mayExpire = false
            for number in slots {
                let slot = Int(number)
                let ticket = JobTicket(slot)
                box.discipline.enqueue(jobs[slot], as: ticket, size: size, at: now)
                let expiry = box.discipline.expiry(of: ticket)
                if expiry != .max {
                    tags[slot].expires = min(tags[slot].expires, expiry)
                    mayExpire = true
                }
            }
            return mayExpire
        }
        self.doTake = { box.discipline.take($0, at: $1, into: &$2) }
        self.doRelease = { box.discipline.release($0) }
        self.doRemove = { box.discipline.remove($0) }
        self.getLeastWanted = { box.discipline.leastWanted(oldest: $0) }
        super.init()
    }

    @usableFromInline override var limitsAdmission: Bool { self.limits }
    @usableFromInline override var ready: Int { self.getReady() }
    @usableFromInline
    override func openPlaces(free: Int, promised: Int) -> Int { self.doOpenPlaces(free, promised) }
    @usableFromInline
    override func prepare(capacity: Int) { self.doPrepare(capacity) }
    @usableFromInline
    override func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool {
        // There is a place, whatever the pool keeps back: a tenant without jobs gets it.
        self.doAdmit(job, size, max(size, free))
    }
    @usableFromInline
    override func enqueue(
        _ jobs: UnsafeMutablePointer<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        in slots: UnsafeBufferPointer<Int32>,
        size: Int,
        at now: UInt64
    ) -> Bool { self.doEnqueue(jobs, tags, slots, size, now) }
    @usableFromInline
    override func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) { self.doTake(limit, now, &batch) }
    @usableFromInline
    override func release(_ hold: Int) { self.doRelease(hold) }
    @usableFromInline
    override func remove(_ ticket: JobTicket) { self.doRemove(ticket) }
    @usableFromInline
    override func leastWanted(oldest: Bool) -> JobTicket? { self.getLeastWanted(oldest) }
}
