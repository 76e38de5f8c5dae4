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

/// A discipline of a user's own that gives away what it has not, in one way or another.
private struct WrongDiscipline: SchedulingDiscipline {
    enum Mistake: String, CaseIterable, Codable, Sendable {
        case unknown, negative, twice, again, removed, shedsUnknown, holdsTooMuch
    }

    let mistake: Mistake
    var tickets: [JobTicket] = []
    var ready: Int { self.tickets.count }

    mutating func prepare(capacity: Int) {}

    mutating func enqueue(_ job: borrowing Int, as ticket: JobTicket, size: Int, at now: UInt64) {
        self.tickets.append(ticket)
    }

    mutating func take(_ limit: Int, at now: UInt64, into batch: inout TicketBatch) {
        switch self.mistake {
        case .unknown: batch.append(JobTicket(1_000_000))
        case .negative: batch.append(JobTicket(-1))
        case .twice:
            batch.append(self.tickets[0])
            batch.append(self.tickets[0])
        case .again, .removed, .shedsUnknown: batch.append(self.tickets[0])
        case .holdsTooMuch:
            batch.append(self.tickets[0])
            for hold in 0..<1_000 { batch.hold(hold) }
        }
    }

    mutating func remove(_ ticket: JobTicket) {}

    func leastWanted(oldest: Bool) -> JobTicket? { JobTicket(5) }
}

@Suite struct CheckedDisciplineTests {
    @Test func `what is given away once is not checked away`() {
        let discipline = ErasedDiscipline(CheckedDiscipline(LIFODiscipline<Int>()))
        let plain = ErasedDiscipline(LIFODiscipline<Int>())
        for each in [discipline, plain] { each.prepare(capacity: 4) }
        let jobs = UnsafeMutablePointer<Int>.allocate(capacity: 4)
        let tags = UnsafeMutablePointer<JobTag>.allocate(capacity: 4)
        jobs.initialize(repeating: 0, count: 4)
        tags.initialize(repeating: JobTag(arrival: 0), count: 4)
        defer {
            jobs.deallocate()
            tags.deallocate()
        }
        let slots: [Int32] = [2, 0, 3]
        for each in [discipline, plain] {
            _ = slots.withUnsafeBufferPointer { each.enqueue(jobs, tags, in: $0, size: 1, at: 0) }
            each.remove(JobTicket(0))
            #expect(each.ready == 2)
            var batch = TicketBatch()
            each.take(4, at: 0, into: &batch)
            #expect(batch.tickets == [JobTicket(3), JobTicket(2)])
        }
    }

    #if !PENSTOCK_TSAN && !PENSTOCK_ASAN
    @Test(arguments: WrongDiscipline.Mistake.allCases)
    private func `what stands for no queued job ends the process`(mistake: WrongDiscipline.Mistake) async {
        await #expect(processExitsWith: .failure) { [mistake] in
            let discipline = ErasedDiscipline(CheckedDiscipline(WrongDiscipline(mistake: mistake)))
            discipline.prepare(capacity: 10)
            let jobs = UnsafeMutablePointer<Int>.allocate(capacity: 10)
            let tags = UnsafeMutablePointer<JobTag>.allocate(capacity: 10)
            jobs.initialize(repeating: 0, count: 10)
            tags.initialize(repeating: JobTag(arrival: 0), count: 10)
            let slots: [Int32] = [0, 1]
            _ = slots.withUnsafeBufferPointer { discipline.enqueue(jobs, tags, in: $0, size: 1, at: 0) }
            if mistake == .shedsUnknown { _ = discipline.leastWanted(oldest: true) }
            if mistake == .removed { discipline.remove(JobTicket(0)) }
            for _ in 0..<2 {
                var batch = TicketBatch()
                discipline.take(10, at: 0, into: &batch)
            }
        }
    }
    #endif
}
