//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Decides which of a pool's queued jobs a free worker takes next.
///
/// A discipline is a plain state machine: it has no clock and no lock, and is called by one thread at a time, under the
/// pool's lock. What it is told it must be quick about, and it must not call the pool. It never holds a job, only the
/// job's ``JobTicket``; what it needs to know of the job (a class, a tenant, a key) it asks for when the job comes, by a
/// closure that it was made with.
///
/// The pool tells it of each job twice: that it has come, by ``enqueue(_:as:size:at:)``, and that it has gone, because
/// ``take(_:at:into:)`` gave it away or by ``remove(_:)``. In between the ticket is the job's alone. Afterwards it may be
/// given to another job.
///
/// Time does not go back from call to call, but for the little by which a clock may have been read before the pool's lock.
///
/// Most disciplines are structs that can be copied, as ``Discipline/custom(_:)`` needs them. The protocol does not ask it of
/// them, so that the pool, which calls them through it, never makes a copy.
public protocol SchedulingDiscipline<Job>: ~Copyable, Sendable {
    /// What the pool runs.
    associatedtype Job: Sendable

    /// Whether it has bounds of its own on what may be queued: then ``admits(_:size:free:)`` is asked.
    ///
    /// Default: false.
    static var limitsAdmission: Bool { get }

    /// How many of the queued jobs a worker could take now; 0 when there is none, or all of them have to wait for jobs that
    /// run.
    var ready: Int { get }

    /// Prepares for jobs with tickets below `capacity`. Called once, before anything else.
    mutating func prepare(capacity: Int)

    /// Whether the job may be queued now.
    ///
    /// - Parameters:
    ///   - job: The job that has come.
    ///   - size: What it counts for, at least 1.
    ///   - free: How many places the queue has left, at least `size`.
    func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool

    /// How many more jobs of size 1 it would admit, whatever jobs they are: a sender reserves places for some of them at once,
    /// and then ``admits(_:size:free:)`` is not asked. Only asked if it ``limitsAdmission``.
    ///
    /// Default: none.
    ///
    /// - Parameters:
    ///   - free: How many places the queue has left.
    ///   - promised: How many further ones are reserved already, and not filled yet.
    mutating func openPlaces(free: Int, promised: Int) -> Int

    /// Puts a job into the order.
    ///
    /// - Parameters:
    ///   - job: The job that has come.
    ///   - ticket: What stands for it from now on.
    ///   - size: What it counts for, at least 1.
    ///   - now: When it came, in nanoseconds of the pool's clock.
    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64)

    /// Gives the next jobs away, at least one when ``ready`` is not 0 and at most `limit`.
    ///
    /// - Parameters:
    ///   - limit: The most jobs the worker wants, at least 1.
    ///   - now: The time, in nanoseconds of the pool's clock.
    ///   - batch: Gets their tickets, in the order in which the worker is to begin them.
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch)

    /// Hears that all jobs have ended for which ``TicketBatch/hold(_:)`` was called.
    mutating func release(_ hold: Int)

    /// Takes a queued job out of the order: it was cancelled, has expired or was shed.
    mutating func remove(_ ticket: JobTicket)

    /// The queued job that is to be shed first; nil for the one that came first.
    ///
    /// - Parameter oldest: Of jobs that are wanted equally little, whether the one that came first is meant, because jobs are
    ///   shed that have waited too long, or the one that came last, because the queue is full.
    func leastWanted(oldest: Bool) -> JobTicket?

    /// After which instant of the pool's clock a queued job must not begin any more; `UInt64.max` for none.
    func expiry(of ticket: JobTicket) -> UInt64
}

extension SchedulingDiscipline where Self: ~Copyable {
    /// It has no bounds of its own.
    public static var limitsAdmission: Bool { false }
    /// It is asked about each job.
    public mutating func openPlaces(free: Int, promised: Int) -> Int { 0 }
    /// It has no bounds of its own.
    public func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool { true }
    /// It gives no holds.
    public mutating func release(_ hold: Int) {}
    /// The one that came first.
    public func leastWanted(oldest: Bool) -> JobTicket? { nil }
    /// None expires.
    public func expiry(of ticket: JobTicket) -> UInt64 { .max }
}
