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

extension KeyedDiscipline<TestJob> {
    /// The tickets of the next jobs of one key, and the hold.
    fileprivate mutating func takeKey(_ limit: Int) -> (tickets: [Int], hold: Int?) {
        let (tickets, holds) = self.take(limit, holdsMax: 1)
        return (tickets, holds.first)
    }
}

/// Keys and who holds them, one decision at a time.
@Suite struct KeyedDisciplineTests {
    private func discipline(capacity: Int) -> KeyedDiscipline<TestJob> {
        var discipline = KeyedDiscipline<TestJob>(LaneFinder { $0.key })
        discipline.prepare(capacity: capacity)
        return discipline
    }

    @Test func `a take gives one key, which nobody else gets until it is released`() throws {
        var discipline = self.discipline(capacity: 10)
        #expect(discipline.takeKey(5) == ([], nil))
        discipline.enqueue([1, 1, 2, 1, 2])
        let first = discipline.takeKey(2)
        #expect(first.tickets == [0, 1] && discipline.ready == 2)
        let second = discipline.takeKey(9)
        #expect(second.tickets == [2, 4] && discipline.ready == 0 && second.hold != first.hold)
        // One is left of key 1, which is held.
        #expect(discipline.takeKey(9) == ([], nil))
        discipline.release(try #require(first.hold))
        #expect(discipline.ready == 1)
        let third = discipline.takeKey(9)
        #expect(third.tickets == [3] && third.hold == first.hold)
    }

    @Test func `a take gives several keys, each whole but the last, and each is released by itself`() {
        var discipline = self.discipline(capacity: 10)
        discipline.enqueue([1, 2, 1, 3, 3, 3])
        let first = discipline.take(5)
        #expect(first.tickets == [0, 2, 1, 3, 4] && first.holds.count == 3 && discipline.ready == 0)
        discipline.release(first.holds[1])
        discipline.enqueue([2], from: 6)
        #expect(discipline.ready == 1)
        discipline.release(first.holds[2])
        #expect(discipline.take(5).tickets == [6, 5])
    }

    @Test func `an idle, a ready and a held key, each with what may happen to it`() throws {
        var discipline = self.discipline(capacity: 10)
        // Idle and new, ready, ready.
        discipline.enqueue([1], from: 0)
        discipline.enqueue([1], from: 1)
        #expect(discipline.ready == 2)
        // Ready: a removal that leaves a job, and one that leaves none.
        discipline.remove(JobTicket(0))
        #expect(discipline.ready == 1)
        discipline.remove(JobTicket(1))
        #expect(discipline.ready == 0 && discipline.takeKey(1) == ([], nil))
        // Idle and known.
        discipline.enqueue([1], from: 2)
        #expect(discipline.ready == 1 && discipline.keyCount == 1)
        let hold = try #require(discipline.takeKey(1).hold)
        // Held: arrivals wait, and can be removed.
        discipline.enqueue([1, 1], from: 3)
        #expect(discipline.ready == 0)
        discipline.remove(JobTicket(3))
        #expect(discipline.takeKey(1) == ([], nil))
        discipline.release(hold)
        #expect(discipline.ready == 1)
        #expect(discipline.takeKey(1).tickets == [4])
        discipline.release(hold)
        // Released with nothing left: idle.
        #expect(discipline.ready == 0 && discipline.takeKey(1) == ([], nil))
        // Held, and all that was left removed.
        discipline.enqueue([1, 1], from: 5)
        #expect(discipline.takeKey(1).tickets == [5])
        discipline.remove(JobTicket(6))
        discipline.release(hold)
        #expect(discipline.ready == 0 && discipline.takeKey(1) == ([], nil))
    }

    @Test func `keys are served in turns, and a released one goes to the end`() throws {
        var discipline = self.discipline(capacity: 10)
        discipline.enqueue([1, 1, 2, 3])
        let first = discipline.takeKey(1)
        #expect(first.tickets == [0])
        discipline.release(try #require(first.hold))
        #expect(discipline.takeKey(5).tickets == [2])
        #expect(discipline.takeKey(5).tickets == [3])
        #expect(discipline.takeKey(5).tickets == [1])
    }

    @Test func `a slow key holds up no other`() {
        var discipline = self.discipline(capacity: 100)
        discipline.enqueue(Array(repeating: 0, count: 50))
        #expect(discipline.takeKey(1).hold != nil)
        for key in 1...20 {
            discipline.enqueue([key], from: 50)
            let (tickets, hold) = discipline.takeKey(64)
            #expect(tickets == [50])
            if let hold { discipline.release(hold) }
        }
        #expect(discipline.ready == 0)
    }

    @Test func `a hold that was not given is a mistake`() async {
        await #expect(processExitsWith: .failure) {
            var discipline = KeyedDiscipline<Int>(LaneFinder { $0 })
            discipline.prepare(capacity: 2)
            discipline.enqueue(1, as: JobTicket(0), size: 1, at: 0)
            discipline.release(0)
        }
    }

    @Test func `idle keys are forgotten at the capacity, and those in use never`() throws {
        var discipline = self.discipline(capacity: 4)
        // Six keys are held, two more than there are places.
        var holds: [Int] = []
        for key in 0..<6 {
            discipline.enqueue([key])
            holds.append(try #require(discipline.takeKey(1).hold))
        }
        #expect(Set(holds).count == 6 && discipline.keyCount == 6)
        for key in 100..<5_000 {
            discipline.enqueue([key, key])
            let (tickets, hold) = discipline.takeKey(9)
            #expect(tickets == [0, 1] && !holds.contains(hold ?? -1))
            discipline.release(try #require(hold))
        }
        #expect(discipline.keyCount == 7)
        // They are still held by the same.
        discipline.enqueue([0, 5])
        #expect(discipline.ready == 0)
        for hold in holds { discipline.release(hold) }
        #expect(discipline.ready == 2)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `a table of keys is a dictionary that forgets`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let table = KeyTable<String>()
        var lanes: [String: Int32] = [:]
        let count = [1, 3, 8, 40][random.below(4)]
        for _ in 0..<1_000 {
            let key = "key \(random.below(60))"
            #expect(table.find(key) == lanes[key] ?? -1, "seed \(seed)")
            let spare = Int32(lanes.count < count ? lanes.count : random.below(count))
            #expect(table.assign(key, spare: spare) == lanes[key] ?? -1, "seed \(seed)")
            guard lanes[key] == nil else { continue }
            if let former = lanes.first(where: { $0.value == spare }) { lanes[former.key] = nil }
            lanes[key] = spare
        }
        for (key, lane) in lanes { #expect(table.find(key) == lane, "seed \(seed)") }
    }
}
