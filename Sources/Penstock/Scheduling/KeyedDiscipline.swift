//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The jobs of each key in order of arrival, and never with two workers at once.
///
/// Each key has a lane. Lanes with jobs stand in line; a worker gets the jobs of the first lanes, and holds each lane until
/// those of it have ended. There is no fixed assignment of keys to workers: whoever is free takes the next lane.
@usableFromInline
struct KeyedDiscipline<Job: Sendable>: ~Copyable, SchedulingDiscipline {
    @usableFromInline var directory: LaneDirectory<Job>
    @usableFromInline var lanes = TicketTable<KeyedLane>()
    @usableFromInline var line = TicketLinks.List()
    @usableFromInline var links = TicketLinks()
    /// The lane that a ticket is in.
    @usableFromInline var laneOf = TicketTable<Int32>()
    @usableFromInline var ready = 0

    @inlinable
    init(_ finder: LaneFinder<Job>) { self.directory = LaneDirectory(finder) }

    /// How many keys it knows.
    @inlinable var keyCount: Int { Int(self.directory.count) }

    @inlinable
    mutating func prepare(capacity: Int) {
        self.directory.prepare(capacity: capacity)
        self.lanes.prepare(capacity: capacity)
        self.links.prepare(capacity: capacity)
        self.laneOf.prepare(capacity: capacity)
    }

    @inlinable
    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let (lane, isNew) = self.directory.lane(of: job)
        if isNew {
            self.lanes.cover(lane)
            self.lanes[lane] = KeyedLane()
        }
        self.laneOf[ticket.number] = lane
        self.links.append(ticket.number, to: &self.lanes[lane].queued)
        self.lanes[lane].count += 1
        switch self.lanes[lane].phase {
        case .idle:
            self.directory.use(lane, in: &self.line)
            self.lanes[lane].phase = .ready
            self.ready += 1
        case .ready: self.ready += 1
        case .held: break
        }
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        var (left, lanesLeft) = (limit, batch.holdsMax)
        while left > 0, lanesLeft > 0, !self.line.isEmpty {
            let number = self.directory.links.removeFirst(from: &self.line)
            var lane = self.lanes[number]
            let count = min(left, Int(lane.count))
            self.ready -= Int(lane.count)
            for _ in 0..<count { batch.append(JobTicket(self.links.removeFirst(from: &lane.queued))) }
            lane.count -= Int32(truncatingIfNeeded: count)
            lane.phase = .held
            self.lanes[number] = lane
            batch.hold(Int(number))
            left -= count
            lanesLeft -= 1
        }
    }

    @inlinable
    mutating func release(_ hold: Int) {
        let number = Int32(truncatingIfNeeded: hold)
        let lane = self.lanes[number]
        switch lane.phase {
        case .held: break
        case .idle, .ready: preconditionFailure("A lane is released once, by the worker that holds it.")
        }
        if lane.count == 0 {
            self.lanes[number].phase = .idle
            self.directory.rest(number)
        } else {
            self.lanes[number].phase = .ready
            self.directory.links.append(number, to: &self.line)
            self.ready += Int(lane.count)
        }
    }

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        let number = self.laneOf[ticket.number]
        self.links.remove(ticket.number, from: &self.lanes[number].queued)
        self.lanes[number].count -= 1
        switch self.lanes[number].phase {
        case .held: break
        case .ready:
            self.ready -= 1
            guard self.lanes[number].count == 0 else { return }
            self.lanes[number].phase = .idle
            self.directory.links.remove(number, from: &self.line)
            self.directory.rest(number)
        case .idle: preconditionFailure("A lane with a queued job is not idle.")
        }
    }
}

/// A key's jobs, and who has the key.
@usableFromInline
struct KeyedLane: BitwiseCopyable, Sendable {
    @usableFromInline
    enum Phase: BitwiseCopyable, Sendable {
        /// Without jobs. Can transition to: `ready`.
        case idle
        /// In line, with at least one job. Can transition to: `held`, `idle`.
        case ready
        /// With a worker, and with or without further jobs. Can transition to: `ready`, `idle`.
        case held
    }

    @usableFromInline var phase = Phase.idle
    @usableFromInline var count: Int32 = 0
    @usableFromInline var queued = TicketLinks.List()

    @inlinable
    init() {}
}
