//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// The shortest job first, but no job is passed by for ever.
// snippet.hide
import Penstock

struct Export: Sendable { var rows: Int }

// snippet.show
/// Gives the export with the fewest rows; each second that one has waited counts as ten thousand rows less.
struct ShortestFirst: SchedulingDiscipline {
    /// A queued job's ticket, and what it is worth to wait: the lowest goes first.
    private struct Waiting {
        let ticket: JobTicket
        let rank: UInt64
    }

    private var waiting: [Waiting] = []  // sorted, the next one last

    var ready: Int { self.waiting.count }

    mutating func prepare(capacity: Int) { self.waiting.reserveCapacity(capacity) }

    mutating func enqueue(_ job: borrowing Export, as ticket: JobTicket, size: Int, at now: UInt64) {
        // All age alike, so that who is ahead of whom never changes: a row is worth 100 microseconds.
        let rank = now + UInt64(job.rows) * 100_000
        var (low, high) = (0, self.waiting.count)
        while low < high {
            let middle = (low + high) / 2
            if self.waiting[middle].rank > rank { low = middle + 1 } else { high = middle }
        }
        self.waiting.insert(Waiting(ticket: ticket, rank: rank), at: low)
    }

    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        for _ in 0..<min(limit, self.waiting.count) { batch.append(self.waiting.removeLast().ticket) }
    }

    mutating func remove(_ ticket: JobTicket) { self.waiting.removeAll { $0.ticket == ticket } }

    func leastWanted(oldest: Bool) -> JobTicket? { self.waiting.first?.ticket }
}

let shortestFirst = Discipline.custom(ShortestFirst())
// snippet.hide
_ = shortestFirst
