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

// SAFETY: the first `count` places are initialised; they hold plain numbers.
/// The jobs that a discipline gives to one worker.
public struct TicketBatch: ~Copyable {
    /// As many as a worker takes at most; a batch of a test may have more.
    @usableFromInline var capacity = 256
    @usableFromInline var places: UnsafeMutablePointer<Int32>
    @usableFromInline var given = 0
    /// What the discipline wants to be told when the batch has ended, by ``SchedulingDiscipline/release(_:)``; nil for
    /// nothing.
    ///
    /// Jobs of a batch with a hold are never given to another worker.
    public var hold: Int?

    /// Creates an empty batch, for tests of a discipline.
    public init() { self.places = .allocate(capacity: 256) }

    deinit { self.places.deallocate() }

    /// How many jobs it has.
    @inlinable public var count: Int { self.given }

    /// The tickets of its jobs, in the order in which the worker begins them.
    public var tickets: [JobTicket] { (0..<self.count).map { JobTicket(self.slot($0)) } }

    /// Adds a job.
    @inlinable
    public mutating func append(_ ticket: JobTicket) {
        if self.given == self.capacity { self.grow() }
        (self.places + self.given).initialize(to: Int32(truncatingIfNeeded: ticket.index))
        self.given &+= 1
    }

    /// Empties the batch.
    @inlinable
    public mutating func removeAll() {
        self.given = 0
        self.hold = nil
    }

    @usableFromInline
    @inline(never)
    mutating func grow() {
        let places = UnsafeMutablePointer<Int32>.allocate(capacity: self.capacity * 2)
        places.moveInitialize(from: self.places, count: self.given)
        self.places.deallocate()
        self.places = places
        self.capacity *= 2
    }

    /// The number of the ticket at an index.
    @inlinable
    @inline(__always)
    func slot(_ index: Int) -> Int { Int(self.places[index]) }
}
