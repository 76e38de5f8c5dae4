//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

/// What users name, and what a pool makes of it.
@Suite struct DisciplineTests {
    /// The job that came last but one, always.
    private struct Odd: SchedulingDiscipline {
        typealias Job = TestJob
        var tickets: [JobTicket] = []
        var ready: Int { self.tickets.count }
        mutating func prepare(capacity: Int) {}
        mutating func enqueue(_ job: borrowing TestJob, as ticket: JobTicket, size: Int, at now: UInt64) {
            self.tickets.append(ticket)
        }
        mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
            if !self.tickets.isEmpty { batch.append(self.tickets.remove(at: max(0, self.tickets.count - 2))) }
        }
        mutating func remove(_ ticket: JobTicket) { self.tickets.removeAll { $0 == ticket } }
    }

    @Test func `each has a name, and only fifo needs no state`() {
        let all: [Discipline<TestJob>] = [
            .fifo, .lifo, .priority { $0.key }, .deadline { $0.deadline }, .fair { $0.key }, .keyed(by: \.key),
            .custom(Odd()),
        ]
        #expect(all.map(\.kind.rawValue) == ["fifo", "lifo", "priority", "deadline", "fair", "keyed", "custom"])
        #expect(all.map { $0.make == nil } == all.map { $0.kind == .fifo })
        #expect(all.map { $0.make?().limitsAdmission ?? false } == [false, false, false, false, true, false, false])
    }

    @Test(arguments: ["lifo", "priority", "deadline", "fair", "keyed", "custom"])
    func `each pool has a state of its own, which answers through the box as by itself`(name: String) throws {
        let all: [Discipline<TestJob>] = [
            .lifo, .priority { $0.key }, .deadline { $0.deadline }, .fair { $0.key }, .keyed(by: \.key), .custom(Odd()),
        ]
        let make = try #require(all.first { $0.kind.rawValue == name }?.make)
        let (one, other) = (make(), make())
        one.prepare(capacity: 10)
        other.prepare(capacity: 10)
        var jobs = (0..<4).map { TestJob(key: $0 % 2, deadline: $0 == 3 ? nil : UInt64(90 - $0)) }
        var tags = (0..<4).map { JobTag(arrival: UInt64($0)) }
        for slot in 0..<4 {
            #expect(one.admits(jobs[slot], size: 1, free: 10 - slot))
            withUnsafePointer(to: Int32(slot)) { slots in
                let slots = UnsafeBufferPointer(start: slots, count: 1)
                let mayExpire = one.enqueue(&jobs, &tags, in: slots, size: 1, at: UInt64(slot))
                #expect(mayExpire == (name == "deadline" && slot < 3))
            }
        }
        #expect(one.ready == 4 && other.ready == 0)
        let expiry: UInt64 = name == "deadline" ? 89 : .max
        #expect(tags[1].expires == expiry)
        let leastWanted = ["priority": 3, "deadline": 3, "fair": 2][name].map { JobTicket($0) }
        #expect(one.leastWanted(oldest: false) == leastWanted)
        one.remove(JobTicket(1))
        var batch = TicketBatch()
        while one.ready > 0 {
            one.take(10, at: 0, into: &batch)
            for hold in batch.holds { one.release(hold) }
        }
        let order = [
            "lifo": [3, 2, 0], "priority": [0, 2, 3], "deadline": [2, 0, 3], "fair": [0, 3, 2], "keyed": [0, 2, 3],
            "custom": [2, 0, 3],
        ]
        #expect(batch.tickets.map(\.index) == order[name])
        batch.removeAll()
        other.take(10, at: 0, into: &batch)
        #expect(batch.count == 0 && batch.holds.isEmpty)
    }
}
