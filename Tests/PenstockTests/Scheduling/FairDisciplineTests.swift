//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Synchronization
import Testing

@testable import Penstock

/// Fair shares of workers and of places.
@Suite struct FairDisciplineTests {
    private func discipline(
        capacity: Int,
        weight: @escaping @Sendable (Int) -> Int = { _ in 1 }
    ) -> FairDiscipline<TestJob> {
        var discipline = FairDiscipline<TestJob>(LaneFinder(key: { $0.key }, weight: weight))
        discipline.prepare(capacity: capacity)
        return discipline
    }

    @Test func `tenants take turns, each with its weight, and a take may end within a turn`() {
        var discipline = self.discipline(capacity: 20) { $0 == 1 ? 2 : 1 }
        #expect(discipline.ready == 0 && discipline.next(1) == [] && discipline.leastWanted(oldest: false) == nil)
        discipline.enqueue([0, 0, 0, 1, 1, 1, 1])
        #expect(discipline.next(2) == [0, 3])
        #expect(discipline.next(2) == [4, 1])
        #expect(discipline.next(9) == [5, 6, 2])
        #expect(discipline.ready == 0)
    }

    @Test func `a tenant that runs out of jobs starts anew, behind the others and with nothing saved`() {
        var discipline = self.discipline(capacity: 20) { $0 == 1 ? 3 : 1 }
        discipline.enqueue([1, 0, 0, 0])
        #expect(discipline.next(2) == [0, 1])
        discipline.enqueue([1, 1, 1, 1], from: 4)
        #expect(discipline.next(9) == [2, 4, 5, 6, 3, 7])
    }

    @Test func `a turn ends when its last job is removed`() {
        var discipline = self.discipline(capacity: 20) { _ in 2 }
        discipline.enqueue([0, 0, 1, 1, 1])
        #expect(discipline.next(1) == [0])
        discipline.remove(JobTicket(1))
        #expect(discipline.next(1) == [2])
        discipline.enqueue([0, 0, 0], from: 5)
        discipline.remove(JobTicket(3))
        #expect(discipline.next(9) == [4, 5, 6, 7])
        #expect(discipline.ready == 0)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `between two that always have jobs service differs by a quantum and a largest job at most`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sizeMax = [1, 3, 100][random.below(3)]
        let weights = (0..<4).map { _ in [1, 2, 7][random.below(3)] }
        var discipline = self.discipline(capacity: 100) { weights[$0] }
        var free = Array(0..<100)
        var tenants: [Int: (tenant: Int, size: Int)] = [:]
        var queued = [0, 0, 0, 0]
        var served = [0.0, 0, 0, 0]
        for step in 0..<2_000 {
            for tenant in 0..<4 {
                while queued[tenant] < 20 {
                    // The first is of the largest size, so that the quantum does not grow.
                    let size = step == 0 && queued[tenant] == 0 ? sizeMax : 1 + random.below(sizeMax)
                    let ticket = free.removeLast()
                    tenants[ticket] = (tenant, size)
                    queued[tenant] += 1
                    discipline.enqueue([tenant], from: ticket, size: size)
                }
            }
            for ticket in discipline.next(1 + random.below(10)) {
                guard let (tenant, size) = tenants.removeValue(forKey: ticket) else { continue }
                free.append(ticket)
                queued[tenant] -= 1
                served[tenant] += Double(size) / Double(weights[tenant])
            }
            let lag = (served.max() ?? 0) - (served.min() ?? 0)
            #expect(lag <= Double(2 * sizeMax), "seed \(seed), step \(step): \(served)")
        }
    }

    @Test func `one that floods gets its share of takes and no more`() {
        // It has 10,000 jobs when the others come, three of weight 1 and one of weight 4.
        var discipline = self.discipline(capacity: 20_000) { $0 == 4 ? 4 : 1 }
        discipline.enqueue(Array(repeating: 0, count: 10_000))
        _ = discipline.next(100)
        for tenant in 1...4 { discipline.enqueue(Array(repeating: tenant, count: 500), from: 9_000 + tenant * 1_000) }
        let taken = discipline.next(800)
        #expect((1...3).allSatisfy { tenant in taken.count { ($0 / 1_000) == 9 + tenant } == 100 })
        #expect(taken.count { $0 / 1_000 == 13 } == 400)
        #expect(taken.count { $0 < 10_000 } == 100)
    }

    @Test func `one that floods leaves places, and the more the more there are who flood`() {
        for (weight, tenants) in [(1, 1), (1, 2), (1, 9), (4, 1)] {
            var discipline = self.discipline(capacity: 1_000) { _ in weight }
            var (queued, isFull) = (0, false)
            while !isFull {
                isFull = true
                for tenant in 0..<tenants
                where discipline.admits(TestJob(key: tenant), size: 1, free: 1_000 - queued) {
                    discipline.enqueue([tenant], from: queued)
                    queued += 1
                    isFull = false
                }
            }
            let share = 1_000 * weight * tenants / (weight * tenants + 1)
            #expect(abs(queued - share) <= tenants, "\(tenants) tenants of weight \(weight): \(queued)")
            // Who comes now finds a place.
            #expect(discipline.admits(TestJob(key: 99), size: 1, free: 1_000 - queued) == true)
        }
    }

    @Test func `the last place is for one who has none, and sizes count`() {
        var discipline = self.discipline(capacity: 10)
        #expect(FairDiscipline<TestJob>.limitsAdmission)
        discipline.enqueue([0], size: 3)
        #expect(discipline.admits(TestJob(key: 0), size: 1, free: 1) == false)
        #expect(discipline.admits(TestJob(key: 0), size: 1, free: 3) == false)
        #expect(discipline.admits(TestJob(key: 0), size: 1, free: 4) == true)
        #expect(discipline.admits(TestJob(key: 1), size: 1, free: 1) == true)
        // Known, and with nothing queued.
        discipline.remove(JobTicket(0))
        #expect(discipline.admits(TestJob(key: 0), size: 1, free: 1) == true)
    }

    @Test func `the one that has most for its weight is shed first, its newest job`() {
        var discipline = self.discipline(capacity: 20) { $0 == 0 ? 10 : 1 }
        discipline.enqueue([0, 0, 0, 0, 0, 1, 1, 2])
        #expect(discipline.leastWanted(oldest: false) == JobTicket(6))
        discipline.remove(JobTicket(6))
        discipline.enqueue([2], from: 8)
        #expect(discipline.leastWanted(oldest: false) == JobTicket(8))
    }

    @Test func `weights are clamped, and asked for when a tenant appears`() {
        let asked = Mutex<[Int]>([])
        var discipline = self.discipline(capacity: 2_000) { tenant in
            asked.withLock { $0.append(tenant) }
            return [0: -5, 1: 100_000][tenant] ?? 1
        }
        discipline.enqueue([0, 0] + Array(repeating: 1, count: 1_100))
        #expect(discipline.next(1) == [0])
        let taken = discipline.next(1_001)
        #expect(taken == Array(2..<1_002) + [1])
        _ = discipline.next(2_000)
        discipline.enqueue([0, 1, 0, 1])
        #expect(asked.withLock { $0 } == [0, 1])
    }

    @Test func `the tenant that has been idle longest is forgotten first`() {
        let asked = Mutex<[Int]>([])
        var discipline = self.discipline(capacity: 3) { tenant in
            asked.withLock { $0.append(tenant) }
            return 1
        }
        for tenant in [0, 1, 2, 0, 3, 0, 2, 1] {
            discipline.enqueue([tenant])
            #expect(discipline.next(1) == [0])
        }
        // For 3 tenant 1 was forgotten, and for that 3.
        #expect(asked.withLock { $0 } == [0, 1, 2, 3, 1])
    }

    @Test func `huge sizes and places overflow nothing`() {
        var discipline = self.discipline(capacity: 4) { _ in 1_000 }
        discipline.enqueue([0, 0, 1, 1], size: .max)
        #expect(discipline.admits(TestJob(key: 0), size: 1, free: .max) == true)
        #expect(discipline.next(4) == [0, 1, 2, 3])
    }

    @Test func `tenants without jobs are forgotten at the capacity, the longest idle first`() {
        var discipline = self.discipline(capacity: 10)
        for tenant in 0..<10_000 {
            discipline.enqueue([tenant, 0])
            #expect(discipline.next(3).count == 2)
            #expect(discipline.tenantCount <= 10)
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `what may be promised is admitted, whosever the jobs are, and promised places count`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let capacity = 50 + random.below(500)
        let tenants = 1 + random.below(8)
        var discipline = FairDiscipline<TestJob>(LaneFinder(key: { $0.key }, weight: { 1 + $0 % 3 }))
        discipline.prepare(capacity: capacity)
        var free = Array(0..<capacity)
        var hasPromised = false
        for _ in 0..<100 {
            let promised = random.below(3) * 10
            let open = discipline.openPlaces(free: max(0, free.count - promised), promised: promised)
            // Those who were promised places before, and those who are now, all send jobs of one tenant.
            let key = random.below(tenants)
            if open > 0 {
                hasPromised = true
                for number in 0..<promised + open {
                    let job = TestJob(key: key)
                    #expect(discipline.admits(job, size: 1, free: free.count) == true, "seed \(seed), job \(number)")
                    guard let ticket = free.popLast() else { return }
                    discipline.enqueue(job, as: JobTicket(ticket), size: 1, at: 0)
                }
            }
            free += discipline.next(1 + random.below(capacity))
        }
        #expect(hasPromised)
    }
}
