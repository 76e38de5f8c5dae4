//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockBench

@Suite("Arrivals")
struct ArrivalScheduleTests {
    private static func first(_ count: Int, of arrivals: some Arrivals) -> [(due: UInt64, lane: Int)] {
        var arrivals = arrivals
        return (0..<count).map { _ in
            defer { arrivals.advance() }
            return (arrivals.next, arrivals.lane)
        }
    }

    @Test("come at their rate, at random, and follow from their seed", .timeLimit(.minutes(5)), arguments: 1...20)
    func rate(_ seed: UInt64) {
        let count = 10_000
        let dues = Self.first(count, of: ArrivalSchedule(rate: 1e6, start: 5_000_000, seed: seed)).map(\.due)
        #expect(dues == Self.first(count, of: ArrivalSchedule(rate: 1e6, start: 5_000_000, seed: seed)).map(\.due))
        #expect(dues[0] >= 5_000_000 && dues == dues.sorted())
        // The mean gap is 1 µs; that of 10,000 deviates by 1 % in one of three seeds.
        #expect((Double(dues[count - 1] - dues[0]) / Double(count - 1) / 1000 - 1).magnitude < 0.05, "seed \(seed)")
        // Of exponential gaps, 63 % are shorter than the mean.
        let short = zip(dues, dues.dropFirst()).count { $1 - $0 < 1000 }
        #expect((Double(short) / Double(count) - 0.632).magnitude < 0.03, "seed \(seed)")
    }

    @Test("are shared among lanes alike", .timeLimit(.minutes(5)))
    func lanes() {
        let arrivals = Self.first(100_000, of: ArrivalSchedule(rate: 1e6, lanes: 10, start: 0, seed: 3))
        let counts = arrivals.reduce(into: [Int](repeating: 0, count: 10)) { $0[$1.lane] += 1 }
        #expect(counts.allSatisfy { (9500...10_500).contains($0) }, "\(counts)")
    }

    @Test("of two schedules come in order, and are as they were alone", .timeLimit(.minutes(5)))
    func merged() {
        let nine = ArrivalSchedule(rate: 9000, lanes: 9, start: 0, seed: 1)
        let one = ArrivalSchedule(rate: 100_000, start: 0, seed: 2)
        let merged = Self.first(10_000, of: MergedArrivals(nine, one))
        #expect(merged.map(\.due) == merged.map(\.due).sorted())
        let ofNine = merged.filter { $0.lane < 9 }
        let alone = Self.first(ofNine.count, of: nine)
        #expect(ofNine.map(\.due) == alone.map(\.due) && ofNine.map(\.lane) == alone.map(\.lane))
        #expect(merged.contains { $0.lane == 9 })
    }

    @Test("are all offered, each once and none before it is due", .timeLimit(.minutes(5)))
    func openLoop() {
        let start: UInt64 = 1_000_000
        // In the past: it sleeps for nothing.
        let arrivals = ArrivalSchedule(rate: 1e5, start: start, seed: 4)
        var expected = Self.first(1000, of: arrivals).map(\.due)
        expected.removeAll { $0 >= start + 2_000_000 }
        var offered: [UInt64] = []
        OpenLoop(start: start, end: start + 2_000_000).run(arrivals) { due, _ in offered.append(due) }
        #expect(offered == expected && offered.count > 100)
    }
}
