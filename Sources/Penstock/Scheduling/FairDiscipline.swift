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
@usableFromInline
struct FairDiscipline<Job: Sendable>: ~Copyable, SchedulingDiscipline {
    /// A job that counts for more does not cost more, so that no product overflows.
    @inlinable static var sizeMax: Int { 1 << 40 }

    /// A sender gets up to as many places at once.
    @inlinable static var grantMin: Int { 64 }

    @usableFromInline var directory: LaneDirectory<Job>
    @usableFromInline var lanes = TicketTable<FairLane>()
    @usableFromInline var line = TicketLinks.List()
    /// The first in line, if it has been given its quantum for this turn.
    @usableFromInline var turn = TicketLinks.none
    @usableFromInline var quantum = 1
    @usableFromInline var links = TicketLinks()
    @usableFromInline var entries = TicketTable<FairEntry>()
    @usableFromInline var ready = 0
    /// What all queued jobs count for.
    @usableFromInline var size = 0
    /// No tenant has more than this queued for its weight; and how many jobs were taken since that was looked up.
    @usableFromInline var heaviest = 0
    @usableFromInline var takenSinceLook = 0

    @inlinable
    init(_ finder: LaneFinder<Job>) { self.directory = LaneDirectory(finder) }

    @inlinable static var limitsAdmission: Bool { true }

    /// How many tenants it knows.
    @inlinable var tenantCount: Int { Int(self.directory.count) }

    @inlinable
    mutating func prepare(capacity: Int) {
        self.directory.prepare(capacity: capacity)
        self.lanes.prepare(capacity: capacity)
        self.links.prepare(capacity: capacity)
        self.entries.prepare(capacity: capacity)
    }

    @inlinable
    func admits(_ job: borrowing Job, size: Int, free: Int) -> Bool {
        // No tenant has more than all together.
        guard self.size >= free, let number = self.directory.knownLane(of: job) else { return true }
        let lane = self.lanes[number]
        guard lane.size > 0 else { return true }
        let (threshold, overflow) = lane.weight.multipliedReportingOverflow(by: free)
        return overflow || lane.size < threshold
    }

    /// If `count` more came, and all were the tenant's that has most: what it has queued for its weight would be at most
    /// `heaviest + promised + count`, and `free - count` places would be left.
    @inlinable
    mutating func openPlaces(free: Int, promised: Int) -> Int {
        let most = min(self.heaviest, self.size)
        if free - promised - most < 2 * Self.grantMin, self.takenSinceLook >= self.tenantCount {
            self.lookForHeaviest()
        }
        return max(0, (free - promised - min(self.heaviest, self.size)) / 2)
    }

    @inlinable
    mutating func enqueue(_ job: borrowing Job, as ticket: JobTicket, size: Int, at now: UInt64) {
        let size = min(size, Self.sizeMax)
        let (number, isNew) = self.directory.lane(of: job)
        if isNew {
            self.lanes.cover(number)
            self.lanes[number] = FairLane(weight: self.directory.weight(of: number))
        }
        if self.lanes[number].queued.isEmpty { self.directory.use(number, in: &self.line) }
        self.entries[ticket.number] = FairEntry(size: size, lane: number)
        self.links.append(ticket.number, to: &self.lanes[number].queued)
        self.lanes[number].size += size
        self.size += size
        self.heaviest = max(self.heaviest, self.lanes[number].load)
        if size > self.quantum { self.quantum = size }
        self.ready += 1
    }

    @inlinable
    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        var wanted = min(limit, self.ready)
        self.ready -= wanted
        self.takenSinceLook += wanted
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

    @inlinable
    mutating func remove(_ ticket: JobTicket) {
        let entry = self.entries[ticket.number]
        self.links.remove(ticket.number, from: &self.lanes[entry.lane].queued)
        self.lanes[entry.lane].size -= entry.size
        self.size -= entry.size
        self.ready -= 1
        if self.lanes[entry.lane].queued.isEmpty { self.leave(entry.lane) }
        if self.ready == 0 { self.quantum = 1 }
    }

    /// The newest job of the tenant that has the most queued for its weight: the tenants with jobs are looked through.
    @inlinable
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

    /// Looks through the tenants with jobs for the one that has most for its weight. Called after as many jobs as there are
    /// tenants, so that it costs a job a constant time.
    @usableFromInline
    @inline(never)
    mutating func lookForHeaviest() {
        (self.heaviest, self.takenSinceLook) = (0, 0)
        var number = self.line.first
        while number != TicketLinks.none {
            self.heaviest = max(self.heaviest, self.lanes[number].load)
            number = self.directory.links.next(after: number)
        }
    }

    /// Gives away what a tenant has left to be served with, and returns how many jobs that were.
    @inlinable
    @inline(__always)
    mutating func serve(_ lane: inout FairLane, _ limit: Int, into batch: inout TicketBatch) -> Int {
        var count = 0
        while count < limit, !lane.queued.isEmpty {
            let size = self.entries[lane.queued.first].size
            guard size <= lane.deficit else { break }
            batch.append(JobTicket(self.links.removeFirst(from: &lane.queued)))
            lane.deficit -= size
            lane.size -= size
            self.size -= size
            count += 1
        }
        return count
    }

    /// Takes a tenant without jobs out of the line. What it had left is gone: nobody saves up for later.
    @inlinable
    @inline(__always)
    mutating func leave(_ number: Int32) {
        self.lanes[number].deficit = 0
        if self.turn == number { self.turn = TicketLinks.none }
        self.directory.links.remove(number, from: &self.line)
        self.directory.rest(number)
    }
}

/// A tenant. It is in line when it has jobs, and idle otherwise.
@usableFromInline
struct FairLane: BitwiseCopyable, Sendable {
    @usableFromInline var queued = TicketLinks.List()
    /// What its queued jobs count for.
    @usableFromInline var size = 0
    /// What it may still be served with before it goes to the end of the line.
    @usableFromInline var deficit = 0
    @usableFromInline var weight: Int

    @inlinable
    init(weight: Int) { self.weight = weight }

    /// What its jobs count for, for its weight, rounded up.
    @inlinable @inline(__always) var load: Int {
        self.weight == 1 ? self.size : (self.size + self.weight - 1) / self.weight
    }
}

/// What is known of a queued job.
@usableFromInline
struct FairEntry: BitwiseCopyable, Sendable {
    @usableFromInline var size: Int
    @usableFromInline var lane: Int32

    @inlinable
    init(size: Int, lane: Int32) {
        self.size = size
        self.lane = lane
    }
}
