//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Turns for tenants, by weight, in workers and in queue places.
///
/// Who is served: deficit round robin, M. Shreedhar and G. Varghese, "Efficient Fair Queueing Using Deficit Round Robin",
/// SIGCOMM 1995. Tenants with jobs stand in line. With its turn a tenant is given the quantum, times its weight, and is
/// served while its next job costs no more than it has left; then it goes to the end of the line. What it has left it
/// keeps while it has jobs. The quantum is the size of the largest job that has come since nothing was queued: so no
/// turn is in vain, and a job is found in constant time.
///
/// Who is admitted: A. K. Choudhury and E. L. Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches",
/// IEEE/ACM Transactions on Networking 6(2), 1998. What a tenant has queued stays below its weight times the free places. The
/// fuller the queue, the less a tenant may have, so that some places always stay free for those who come new.
struct FairDiscipline<Job: Sendable>: SchedulingDiscipline {
    /// A job that counts for more does not cost more, so that no product overflows.
    private static var sizeMax: Int { 1 << 40 }

    private var directory: LaneDirectory<Job>
    private var lanes = TicketTable(blank: FairLane())
    private var line = TicketLinks.List()
    /// The first in line, if it has been given its quantum for this turn.
    private var turn = TicketLinks.none
    private var quantum = 1
    private var links = TicketLinks()
    private var entries = TicketTable(blank: FairEntry())
    private(set) var ready = 0

    init(_ finder: LaneFinder<Job>) { self.directory = LaneDirectory(finder) }

    static var limitsAdmission: Bool { true }

    /// How many tenants it knows.
    var tenantCount: Int { Int(self.directory.count) }

    mutating func prepare(capacity: Int) {
        self.directory.prepare(capacity: capacity)
        self.lanes.prepare(capacity: capacity)
        self.links.prepare(capacity: capacity)
        self.entries.prepare(capacity: capacity)
    }

    func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool {
        guard let number = self.directory.knownLane(of: job) else { return true }
        let lane = self.lanes[number]
        guard lane.size > 0 else { return true }
        let (threshold, overflow) = lane.weight.multipliedReportingOverflow(by: free)
        return overflow || lane.size < threshold
    }

    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let size = min(size, Self.sizeMax)
        let (number, isNew) = self.directory.lane(of: job)
        if isNew {
            self.lanes.cover(number)
            self.lanes[number] = FairLane(weight: self.directory.weight(of: number))
        }
        if self.lanes[number].queued.isEmpty { self.directory.use(number, in: &self.line) }
        self.entries.cover(ticket.number)
        self.entries[ticket.number] = FairEntry(size: size, lane: number)
        self.links.append(ticket.number, to: &self.lanes[number].queued)
        self.lanes[number].size += size
        if size > self.quantum { self.quantum = size }
        self.ready += 1
    }

    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        var wanted = min(limit, self.ready)
        self.ready -= wanted
        while wanted > 0 {
            let number = self.line.first
            var lane = self.lanes[number]
            if self.turn != number {
                self.turn = number
                lane.deficit += self.quantum * lane.weight
            }
            wanted -= self.serve(&lane, wanted, into: &batch)
            self.lanes[number] = lane
            if lane.queued.isEmpty {
                self.leave(number)
            } else if self.entries[lane.queued.first].size > lane.deficit {
                self.turn = TicketLinks.none
                self.directory.links.remove(number, from: &self.line)
                self.directory.links.append(number, to: &self.line)
            }
        }
        if self.ready == 0 { self.quantum = 1 }
    }

    mutating func remove(_ ticket: JobTicket) {
        let entry = self.entries[ticket.number]
        self.links.remove(ticket.number, from: &self.lanes[entry.lane].queued)
        self.lanes[entry.lane].size -= entry.size
        self.ready -= 1
        if self.lanes[entry.lane].queued.isEmpty { self.leave(entry.lane) }
        if self.ready == 0 { self.quantum = 1 }
    }

    /// The newest job of the tenant that has the most queued for its weight: the tenants with jobs are looked through.
    func leastWanted(oldest: Bool) -> JobTicket? {
        var (found, most) = (TicketLinks.none, 0.0)
        var number = self.line.first
        while number != TicketLinks.none {
            let share = Double(self.lanes[number].size) / Double(self.lanes[number].weight)
            if share > most { (found, most) = (number, share) }
            number = self.directory.links.next(after: number)
        }
        guard found != TicketLinks.none else { return nil }
        return JobTicket(oldest ? self.lanes[found].queued.first : self.lanes[found].queued.last)
    }

    // MARK: - Private

    /// Gives away what a tenant has left to be served with, and returns how many jobs that were.
    @inline(__always)
    private mutating func serve(_ lane: inout FairLane, _ limit: Int, into batch: inout TicketBatch) -> Int {
        var count = 0
        while count < limit, !lane.queued.isEmpty {
            let size = self.entries[lane.queued.first].size
            guard size <= lane.deficit else { break }
            batch.append(JobTicket(self.links.removeFirst(from: &lane.queued)))
            lane.deficit -= size
            lane.size -= size
            count += 1
        }
        return count
    }

    /// Takes a tenant without jobs out of the line. What it had left is gone: nobody saves up for later.
    @inline(__always)
    private mutating func leave(_ number: Int32) {
        self.lanes[number].deficit = 0
        if self.turn == number { self.turn = TicketLinks.none }
        self.directory.links.remove(number, from: &self.line)
        self.directory.rest(number)
    }
}

/// A tenant. It is in line when it has jobs, and idle otherwise.
private struct FairLane: Sendable {
    var queued = TicketLinks.List()
    /// What its queued jobs count for.
    var size = 0
    /// What it may still be served with before it goes to the end of the line.
    var deficit = 0
    var weight = 1
}

/// What is known of a queued job.
private struct FairEntry: Sendable {
    var size = 0
    var lane = TicketLinks.none
}
