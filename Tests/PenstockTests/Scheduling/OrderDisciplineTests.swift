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

/// The disciplines that order by time and urgency, one decision at a time.
@Suite struct OrderDisciplineTests {
    @Test func `lifo gives the newest, and forgets what is removed first, last and in between`() {
        var discipline = LIFODiscipline<TestJob>()
        discipline.prepare(capacity: 8)
        #expect(discipline.ready == 0 && discipline.next(3) == [])
        discipline.enqueue([0, 0, 0, 0, 0, 0])
        for ticket in [5, 0, 3] { discipline.remove(JobTicket(ticket)) }
        #expect(
            discipline.ready == 3 && discipline.leastWanted(oldest: false) == nil
                && discipline.expiry(of: JobTicket(1)) == .max
        )
        #expect(discipline.next(2) == [4, 2])
        discipline.enqueue([0], from: 4)
        #expect(discipline.next(9) == [4, 1])
        #expect(discipline.ready == 0)
    }

    @Test func `priority serves strict classes, and clamps those that are none`() {
        var discipline = PriorityDiscipline<TestJob>(classes: 3, ageing: 100) { $0.key }
        discipline.prepare(capacity: 10)
        #expect(discipline.leastWanted(oldest: false) == nil && discipline.next(1) == [])
        discipline.enqueue([2, 1, 0, 2, 1, 0, .min, .max])
        #expect(discipline.leastWanted(oldest: false) == JobTicket(7))
        #expect(discipline.next(4) == [2, 5, 6, 1])
        discipline.remove(JobTicket(7))
        #expect(discipline.leastWanted(oldest: false) == JobTicket(3))
        discipline.remove(JobTicket(4))
        #expect(discipline.ready == 2)
        #expect(discipline.next(9) == [0, 3])
    }

    @Test func `a job ages at its bound and not a nanosecond before, and the oldest goes first`() {
        var discipline = PriorityDiscipline<TestJob>(classes: 3, ageing: 100) { $0.key }
        discipline.prepare(capacity: 10)
        discipline.enqueue([1], from: 0, at: 10)
        discipline.enqueue([2], from: 1, at: 9)
        discipline.enqueue([0, 0, 0, 0], from: 2, at: 50)
        #expect(discipline.next(1, at: 108) == [2])
        #expect(discipline.next(1, at: 109) == [1])
        #expect(discipline.next(1, at: 109) == [3])
        #expect(discipline.next(2, at: 110) == [0, 4])
        // A clock that was read before the lock may seem to go back.
        #expect(discipline.next(1, at: 3) == [5])
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func `under overload no class waits longer than the ageing bound and what is older`(seed: UInt64) {
        // Two come for each that is taken, nearly all of class 0: class 2 would starve.
        var random = SeededGenerator(seed: seed)
        var discipline = PriorityDiscipline<TestJob>(classes: 3, ageing: 500) { $0.key }
        discipline.prepare(capacity: 10_000)
        var arrivals: [Int: (now: UInt64, key: Int)] = [:]
        var taken: Set<Int> = []
        for step in 0..<2_000 {
            let now = UInt64(step) * 10
            for offset in 0..<2 where step < 1_000 {
                let key = random.oneIn(20) ? 2 : 0
                arrivals[step * 2 + offset] = (now, key)
                discipline.enqueue([key], from: step * 2 + offset, at: now)
            }
            for ticket in discipline.next(1, at: now) {
                let job = arrivals.removeValue(forKey: ticket)
                let oldest = arrivals.values.map(\.now).min() ?? .max
                // Whoever goes ahead of an aged job is at least as old.
                if now.since(oldest) >= 500, let job { #expect(job.now <= oldest, "seed \(seed), step \(step)") }
                taken.insert(ticket)
            }
        }
        #expect(taken.count == 2_000 && discipline.ready == 0)
    }

    @Test(arguments: [0, 65])
    func `priority refuses a number of classes that cannot be`(classes: Int) async {
        await #expect(processExitsWith: .failure) { [classes] in
            _ = Discipline<Int>.priority(classes: classes) { $0 }
        }
    }

    @Test func `deadline gives the earliest, equal ones in order of arrival, and those without at the end`() {
        var discipline = DeadlineDiscipline<TestJob> { $0.deadline }
        discipline.prepare(capacity: 10)
        #expect(discipline.next(1) == [] && discipline.leastWanted(oldest: false) == nil)
        let deadlines: [UInt64?] = [nil, 30, 20, 30, 10, nil, .max, 20]
        for (ticket, deadline) in deadlines.enumerated() {
            discipline.enqueue(TestJob(deadline: deadline), as: JobTicket(ticket), size: 1, at: 0)
            #expect(discipline.expiry(of: JobTicket(ticket)) == deadline ?? .max)
        }
        #expect(discipline.ready == 8 && discipline.leastWanted(oldest: false) == JobTicket(6))
        discipline.remove(JobTicket(4))
        discipline.remove(JobTicket(5))
        #expect(discipline.next(3) == [2, 7, 1])
        #expect(discipline.expiry(of: JobTicket(3)) == 30)
        #expect(discipline.next(9) == [3, 0, 6])
        #expect(discipline.ready == 0)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a large heap gives all deadlines in order, with removals in between`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var discipline = DeadlineDiscipline<TestJob> { $0.deadline }
        discipline.prepare(capacity: 3_000)
        let deadlines = (0..<3_000).map { _ in UInt64(random.below(500)) }
        for (ticket, deadline) in deadlines.enumerated() {
            discipline.enqueue(TestJob(deadline: deadline), as: JobTicket(ticket), size: 1, at: 0)
        }
        let removed = Set((0..<3_000).shuffled(using: &random).prefix(1_000))
        for ticket in removed { discipline.remove(JobTicket(ticket)) }
        let expected = (0..<3_000).filter { !removed.contains($0) }.sorted {
            (deadlines[$0], $0) < (deadlines[$1], $1)
        }
        #expect(discipline.next(5_000) == expected, "seed \(seed)")
    }

    @Test func `a table has memory for what it was prepared for, and for higher numbers once they are covered`() {
        var table = TicketTable<Int>()
        table.prepare(capacity: 10_000)
        #expect(table.count == 10_000)
        table.cover(9_999)
        #expect(table.count == 10_000)
        table[9_999] = 5
        // More than was prepared for, as lanes may be.
        table.cover(10_000)
        table[10_000] = 6
        #expect(table.count > 10_000 && table[9_999] == 5)
    }

    @Test func `serial numbers begin anew when there is none left, and the order stays`() {
        var discipline = DeadlineDiscipline<TestJob>(firstSerial: .max - 3) { $0.deadline }
        discipline.prepare(capacity: 20)
        for ticket in 0..<10 {
            discipline.enqueue(TestJob(deadline: UInt64(7 - ticket % 2)), as: JobTicket(ticket), size: 1, at: 0)
            if ticket == 1 { discipline.remove(JobTicket(0)) }
        }
        #expect(discipline.next(20) == [1, 3, 5, 7, 9, 2, 4, 6, 8])
    }
}
