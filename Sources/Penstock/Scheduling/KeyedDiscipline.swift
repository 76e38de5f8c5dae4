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
/// Each key has a lane. Lanes with jobs stand in line; a worker gets the first lane's jobs and holds the lane until they have
/// ended. There is no fixed assignment of keys to workers: whoever is free takes the next lane.
struct KeyedDiscipline<Job: Sendable>: SchedulingDiscipline {
    private var directory: LaneDirectory<Job>
    private var lanes = TicketTable(blank: KeyedLane())
    private var line = TicketLinks.List()
    private var links = TicketLinks()
    /// The lane that a ticket is in.
    private var laneOf = TicketTable(blank: TicketLinks.none)
    private(set) var ready = 0

    init(_ finder: LaneFinder<Job>) { self.directory = LaneDirectory(finder) }

    /// How many keys it knows.
    var keyCount: Int { Int(self.directory.count) }

    mutating func prepare(capacity: Int) {
        self.directory.prepare(capacity: capacity)
        self.lanes.prepare(capacity: capacity)
        self.links.prepare(capacity: capacity)
        self.laneOf.prepare(capacity: capacity)
    }

    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let lane = self.directory.lane(of: job).lane
        self.lanes.cover(lane)
        self.laneOf.cover(ticket.number)
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

    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        guard !self.line.isEmpty else { return }
        let number = self.directory.links.removeFirst(from: &self.line)
        var lane = self.lanes[number]
        let count = min(limit, Int(lane.count))
        self.ready -= Int(lane.count)
        for _ in 0..<count { batch.append(JobTicket(self.links.removeFirst(from: &lane.queued))) }
        lane.count -= Int32(truncatingIfNeeded: count)
        lane.phase = .held
        self.lanes[number] = lane
        batch.hold = Int(number)
    }

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
private struct KeyedLane: Sendable {
    enum Phase: Sendable {
        /// Without jobs. Can transition to: `ready`.
        case idle
        /// In line, with at least one job. Can transition to: `held`, `idle`.
        case ready
        /// With a worker, and with or without further jobs. Can transition to: `ready`, `idle`.
        case held
    }

    var phase = Phase.idle
    var count: Int32 = 0
    var queued = TicketLinks.List()
}
