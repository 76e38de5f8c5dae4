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

/// Thousands of deadlines against a plain list that is sorted: what a calendar could put in the wrong day.
@Suite(.timeLimit(.minutes(5)))
struct DeadlineDisciplineTests {
    /// How deadlines come.
    enum Pattern: CaseIterable {
        /// Anywhere in a span, for ever the same.
        case uniform
        /// Some time after their arrival, most short, few long.
        case drifting
        /// Each earlier than the one before it.
        case decreasing
        /// Few different ones.
        case equal
        /// One in fifty is very far away, or past already.
        case outliers
        /// At both ends of what can be written.
        case extreme

        func deadline(of number: Int, _ random: inout SeededGenerator) -> UInt64? {
            let number = UInt64(number)
            switch self {
            case .uniform: return UInt64(random.below(1 << 20))
            case .drifting: return number * 100 + (random.below(20) == 0 ? 1_000_000 : UInt64(random.below(20_000)))
            case .decreasing: return 1 << 40 - number * UInt64(1 + random.below(2))
            case .equal: return UInt64(random.below(3)) * 7
            case .outliers:
                guard random.below(50) > 0 else {
                    return [0, 1, 1 << 62, .max - 1, nil].randomElement(using: &random) ?? 0
                }
                return 1 << 50 + UInt64(random.below(1 << 16))
            case .extreme:
                return random.below(2) == 0 ? UInt64(random.below(5_000)) : .max - UInt64(random.below(5_000))
            }
        }
    }

    @Test(arguments: Pattern.allCases)
    func `the earliest goes first, however deadlines come and whatever is removed`(pattern: Pattern) {
        for seed in 0..<UInt64(scaled(30)) {
            // Half of the runs use up their serial numbers.
            let firstSerial: UInt32 = seed.isMultiple(of: 2) ? 0 : .max - 3_000
            guard self.play(pattern, seed: seed, firstSerial: firstSerial) else { return }
        }
    }

    /// Fills a queue, plays with a full one, and empties it. False: something was wrong, and is told.
    private func play(_ pattern: Pattern, seed: UInt64, firstSerial: UInt32) -> Bool {
        var random = SeededGenerator(seed: seed)
        let capacity = [40, 200, 2_000][random.below(3)]
        var discipline = DeadlineDiscipline<TestJob>(firstSerial: firstSerial) { $0.deadline }
        discipline.prepare(capacity: capacity)
        var model = SortedDeadlines(capacity: capacity)
        for step in 0..<600 {
            let isEmptying = step > 500
            switch random.below(8) {
            case 0..<4 where !isEmptying:
                for _ in 0..<random.below(120) {
                    let deadline = pattern.deadline(of: model.count, &random)
                    guard let ticket = model.enqueue(deadline) else { break }
                    discipline.enqueue(TestJob(deadline: deadline), as: JobTicket(ticket), size: 1, at: 0)
                }
            case 4:
                for _ in 0..<random.below(6) {
                    guard let ticket = model.removeAny(&random) else { break }
                    discipline.remove(JobTicket(ticket))
                }
            default:
                let limit = random.below(65)
                let taken = discipline.next(limit)
                let expected = model.take(limit)
                guard taken == expected, discipline.ready == model.jobs.count else {
                    Issue.record("\(pattern), seed \(seed), step \(step): took \(taken), not \(expected)")
                    return false
                }
            }
        }
        guard discipline.next(capacity) == model.take(capacity), discipline.ready == 0 else {
            Issue.record("\(pattern), seed \(seed): the last ones came in another order, or not all")
            return false
        }
        return true
    }
}

/// Jobs in the order of their deadlines, as plainly as can be.
private struct SortedDeadlines {
    /// Deadline, number of arrival and ticket of each.
    private(set) var jobs: [(deadline: UInt64, number: Int, ticket: Int)] = []
    /// How many have come.
    private(set) var count = 0
    private var free: [Int]

    init(capacity: Int) { self.free = Array(0..<capacity) }

    /// The job's ticket; nil when there is none.
    mutating func enqueue(_ deadline: UInt64?) -> Int? {
        guard let ticket = self.free.popLast() else { return nil }
        let deadline = deadline ?? .max
        self.count += 1
        let place = self.jobs.firstIndex { $0.deadline > deadline } ?? self.jobs.count
        self.jobs.insert((deadline, self.count, ticket), at: place)
        return ticket
    }

    mutating func removeAny(_ random: inout SeededGenerator) -> Int? {
        guard !self.jobs.isEmpty else { return nil }
        let job = self.jobs.remove(at: random.below(self.jobs.count))
        self.free.append(job.ticket)
        return job.ticket
    }

    mutating func take(_ limit: Int) -> [Int] {
        let tickets = self.jobs.prefix(limit).map(\.ticket)
        self.jobs.removeFirst(tickets.count)
        self.free += tickets
        return tickets
    }
}
