//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Stands for a queued job in a ``SchedulingDiscipline``.
///
/// Tickets are small numbers, below the capacity that the discipline was prepared for: tables can be indexed by them.
public struct JobTicket: Hashable, Sendable {
    /// The number, from 0.
    public let index: Int

    /// Creates a ticket, for tests of a discipline.
    @inlinable
    public init(_ index: Int) { self.index = index }
}

/// Jobs of a batch that stand one behind the other and go together.
@usableFromInline
struct HeldRun: BitwiseCopyable, Sendable {
    /// What the discipline is told when they have ended.
    @usableFromInline var hold: Int
    /// The index behind the last of them.
    @usableFromInline var end: Int32

    @inlinable
    init(hold: Int, end: Int32) {
        self.hold = hold
        self.end = end
    }
}

// SAFETY: the first `count` places and the first `runCount` runs are initialised; they are plain.
/// The jobs that a discipline gives to one worker.
public struct TicketBatch: ~Copyable {
    /// As many as a worker takes at most; a batch of a test may have more.
    @usableFromInline var capacity = 256
    @usableFromInline var places: UnsafeMutablePointer<Int32>
    @usableFromInline var given = 0
    /// Which of the jobs go together, and how many such runs there are.
    @usableFromInline var runs: UnsafeMutablePointer<HeldRun>
    @usableFromInline var runCount = 0
    /// The most times that ``hold(_:)`` may be called: 1 for a handler of whole batches, whose jobs end together.
    public internal(set) var holdsMax = Int.max

    /// Creates an empty batch, for tests of a discipline.
    public init() {
        self.places = .allocate(capacity: 256)
        self.runs = .allocate(capacity: 256)
    }

    deinit {
        self.places.deallocate()
        self.runs.deallocate()
    }

    /// How many jobs it has.
    @inlinable public var count: Int { self.given }

    /// What it holds, in the order of the jobs.
    public var holds: [Int] { (0..<self.runCount).map { self.runs[$0].hold } }

    /// The tickets of its jobs, in the order in which the worker begins them.
    public var tickets: [JobTicket] { (0..<self.count).map { JobTicket(self.slot($0)) } }

    /// Adds a job.
    @inlinable
    public mutating func append(_ ticket: JobTicket) {
        if self.given == self.capacity { self.grow() }
        (self.places + self.given).initialize(to: Int32(truncatingIfNeeded: ticket.index))
        self.given &+= 1
    }

    /// Says that the jobs added since the last call go together, at least one: another worker is given all of them before the
    /// first has begun, or none, and when they have ended the discipline hears so by ``SchedulingDiscipline/release(_:)``.
    ///
    /// A batch has such holds for all of its jobs, or for none.
    ///
    /// - Parameter hold: What the discipline will be told.
    @inlinable
    public mutating func hold(_ hold: Int) {
        precondition(self.runCount < self.given, "A batch has no more holds than jobs.")
        (self.runs + self.runCount).initialize(to: HeldRun(hold: hold, end: Int32(truncatingIfNeeded: self.given)))
        self.runCount &+= 1
    }

    /// Empties the batch.
    @inlinable
    public mutating func removeAll() {
        self.given = 0
        self.runCount = 0
    }

    @usableFromInline
    @inline(never)
    mutating func grow() {
        let places = UnsafeMutablePointer<Int32>.allocate(capacity: self.capacity * 2)
        places.moveInitialize(from: self.places, count: self.given)
        self.places.deallocate()
        self.places = places
        let runs = UnsafeMutablePointer<HeldRun>.allocate(capacity: self.capacity * 2)
        runs.moveInitialize(from: self.runs, count: self.runCount)
        self.runs.deallocate()
        self.runs = runs
        self.capacity *= 2
    }

    /// The number of the ticket at an index.
    @inlinable
    @inline(__always)
    func slot(_ index: Int) -> Int { Int(self.places[index]) }
}
