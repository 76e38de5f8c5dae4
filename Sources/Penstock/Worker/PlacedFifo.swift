//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// First in, first out, for a pool whose results leave in order: a job that has a result for the pool's results needs a place
/// before a worker may take it, and none goes ahead of one that waits for a place.
///
/// It stands where a discipline stands, so that the pools without such an order pay nothing for it.
//
// SAFETY: as its superclass. `links` has a place for each slot that there may be.
final class PlacedFifo<Job: Sendable>: AnyDiscipline<Job>, @unchecked Sendable {
    private struct Link {
        var previous: Int32
        var next: Int32
        var needsPlace: Bool
    }

    /// How many jobs may be taken that need a place.
    var room = 0
    private var links = UnsafeMutableBufferPointer<Link>(start: nil, count: 0)
    private var first: Int32 = -1
    private var last: Int32 = -1
    private var count = 0

    deinit { self.links.deallocate() }

    override func prepare(capacity: Int) {
        self.links.deallocate()
        self.links = .allocate(capacity: capacity)
    }

    override var ready: Int {
        self.room == 0 && self.first >= 0 && self.links[Int(self.first)].needsPlace ? 0 : self.count
    }

    override func enqueue(
        _ jobs: UnsafeMutablePointer<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        in slots: UnsafeBufferPointer<Int32>,
        size: Int,
        at now: UInt64
    ) -> Bool {
        for slot in slots {
            // One that is tried again has its place. Others may wait for its result: it must not wait for them.
            if tags[Int(slot)].place >= 0 { self.prepend(slot) } else { self.append(slot, tags[Int(slot)].needsPlace) }
        }
        self.count += slots.count
        return false
    }

    override func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        var room = self.room
        while self.first >= 0, batch.count < limit {
            if self.links[Int(self.first)].needsPlace {
                guard room > 0 else { return }
                room -= 1
            }
            batch.append(JobTicket(Int(self.first)))
            self.unlink(self.first)
        }
    }

    override func remove(_ ticket: JobTicket) { self.unlink(Int32(truncatingIfNeeded: ticket.index)) }

    // MARK: - Private

    private func append(_ slot: Int32, _ needsPlace: Bool) {
        self.links[Int(slot)] = Link(previous: self.last, next: -1, needsPlace: needsPlace)
        if self.last >= 0 { self.links[Int(self.last)].next = slot } else { self.first = slot }
        self.last = slot
    }

    private func prepend(_ slot: Int32) {
        self.links[Int(slot)] = Link(previous: -1, next: self.first, needsPlace: false)
        if self.first >= 0 { self.links[Int(self.first)].previous = slot } else { self.last = slot }
        self.first = slot
    }

    private func unlink(_ slot: Int32) {
        let link = self.links[Int(slot)]
        if link.previous >= 0 { self.links[Int(link.previous)].next = link.next } else { self.first = link.next }
        if link.next >= 0 { self.links[Int(link.next)].previous = link.previous } else { self.last = link.previous }
        self.count -= 1
    }
}
