//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The lanes of a discipline: a number for each key that has jobs, and for some that had.
///
/// There are at most as many as the capacity, and those beyond that are in use. A new key gets a lane of its own up to there, and
/// afterwards the one that has been idle longest, whose key is forgotten. A key that comes back soon finds its lane
/// as it was.
@usableFromInline
struct LaneDirectory<Job: Sendable>: ~Copyable, Sendable {
    @usableFromInline let finder: LaneFinder<Job>
    @usableFromInline var limit: Int32 = 0
    /// How many lanes there are.
    @usableFromInline var count: Int32 = 0
    /// The lists of lanes; a lane is in one of the discipline's if it is not idle, or in none.
    @usableFromInline var links = TicketLinks()
    /// The lanes whose keys may be forgotten, the longest idle first.
    @usableFromInline var idle = TicketLinks.List()

    @inlinable
    init(_ finder: LaneFinder<Job>) { self.finder = finder }

    @inlinable
    mutating func prepare(capacity: Int) {
        self.limit = Int32(clamping: capacity)
        self.links.prepare(capacity: capacity)
    }

    /// The lane of a job's key, and whether the key is new to it. It is idle then.
    @inlinable
    @inline(__always)
    mutating func lane(of job: borrowing Job) -> (lane: Int32, isNew: Bool) {
        let mayGrow = self.count < self.limit || self.idle.isEmpty
        let spare = mayGrow ? self.count : self.idle.first
        let lane = self.finder.assign(job, spare)
        guard lane < 0 else { return (lane, false) }
        if mayGrow {
            self.count += 1
            self.links.cover(spare)
            self.links.append(spare, to: &self.idle)
        }
        return (spare, true)
    }

    /// The lane of a job's key, if it has one.
    @inlinable
    @inline(__always)
    func knownLane(of job: borrowing Job) -> Int32? {
        let lane = self.finder.find(job)
        return lane < 0 ? nil : lane
    }

    /// The weight of a lane's key, 1 to 1,000.
    @inlinable
    func weight(of lane: Int32) -> Int { min(max(self.finder.weight(lane), 1), 1_000) }

    /// Moves an idle lane to the end of a list of the discipline's.
    @inlinable
    @inline(__always)
    mutating func use(_ lane: Int32, in list: inout TicketLinks.List) {
        self.links.remove(lane, from: &self.idle)
        self.links.append(lane, to: &list)
    }

    /// Makes a lane idle that is in no list.
    @inlinable
    @inline(__always)
    mutating func rest(_ lane: Int32) { self.links.append(lane, to: &self.idle) }
}
