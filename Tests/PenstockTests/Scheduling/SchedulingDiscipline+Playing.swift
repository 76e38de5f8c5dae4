//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

extension SchedulingDiscipline where Self: ~Copyable, Job == TestJob {
    /// Puts jobs of these keys into the order; their tickets are `first` and those after it.
    mutating func enqueue(_ keys: [Int], from first: Int = 0, size: Int = 1, at now: UInt64 = 0) {
        for (offset, key) in keys.enumerated() {
            self.enqueue(TestJob(key: key), as: JobTicket(first + offset), size: size, at: now)
        }
    }

    /// The tickets of the next jobs, and the holds.
    mutating func take(_ limit: Int, at now: UInt64 = 0, holdsMax: Int = .max) -> (tickets: [Int], holds: [Int]) {
        var batch = TicketBatch()
        batch.holdsMax = holdsMax
        self.take(limit, at: now, into: &batch)
        return (batch.tickets.map(\.index), batch.holds)
    }

    /// The tickets of the next jobs of a discipline without holds.
    mutating func next(_ limit: Int, at now: UInt64 = 0) -> [Int] { self.take(limit, at: now).tickets }
}
