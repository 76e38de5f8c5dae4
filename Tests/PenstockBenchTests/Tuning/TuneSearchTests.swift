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

@Suite("The search")
struct TuneSearchTests {
    /// Runs a search on a pool that does as `throughput` says; gives how often each setting was measured.
    private static func run(
        _ search: inout TuneSearch,
        _ throughput: (TuneSetting) -> Double
    ) -> [TuneSetting: Int] {
        var counts: [TuneSetting: Int] = [:]
        for _ in 0..<100 {
            let round = search.nextRound()
            if round.isEmpty { break }
            #expect(Set(round).count == round.count && round == round.sorted())
            for setting in round {
                counts[setting, default: 0] += 1
                search.record(figures(perSecond: throughput(setting)), of: setting)
            }
        }
        #expect(search.nextRound().isEmpty)
        return counts
    }

    @Test("measures a small grid whole, and those that decide twice", .timeLimit(.minutes(5)))
    func small() {
        let grid = TuneGrid(cores: 2, workers: [2, 1], capacities: [16, 64], batches: [8])
        var search = TuneSearch(grid, for: .throughput, tolerance: 0.03)
        #expect(search.settingsExpected == 8)
        #expect(search.recommendation == nil)
        let counts = Self.run(&search) { $0.capacity == 64 ? 1000 : 500 }
        #expect(Set(counts.keys) == Set(grid.all))
        #expect(search.recommendation?.chosen.setting == TuneSetting(workers: 1, capacity: 64, batch: 8))
        #expect(counts.filter { $0.value == 2 }.map(\.key.capacity) == [64, 64])
    }

    @Test(
        "finds the best of a large grid without measuring it all",
        .timeLimit(.minutes(5)),
        arguments: [1, 2, 4, 8, 64]
    )
    func large(_ cores: Int) throws {
        let grid = TuneGrid(cores: cores)
        var search = TuneSearch(grid, for: .throughput, tolerance: 0.03)
        // Full from 10,000 jobs on with batches of 256, and with as many workers as cores.
        let throughput = { (setting: TuneSetting) in
            Double(min(setting.workers, cores)) * Double(min(setting.capacity, 10_000)) * Double(setting.batch)
        }
        let counts = Self.run(&search, throughput)
        let found = try #require(search.recommendation)
        #expect(found.chosen.setting == TuneSetting(workers: cores, capacity: 10_000, batch: 256))
        #expect(counts.count < grid.count || cores == 1)
        #expect(counts.values.reduce(0, +) <= search.settingsExpected + 8)
        // What is shown of the choice is there.
        for setting in grid.lines(through: found.chosen.setting) + grid.plane(workers: cores) {
            #expect(counts[setting] != nil)
        }
    }

    @Test("ends when everything is equally good, and when it changes its mind all the time", .timeLimit(.minutes(5)))
    func restless() {
        var search = TuneSearch(TuneGrid(cores: 4), for: .throughput, tolerance: 0.03)
        _ = Self.run(&search) { _ in 1000 }
        #expect(search.recommendation?.chosen.setting == TuneSetting(workers: 1, capacity: 16, batch: 1))
        var restless = TuneSearch(TuneGrid(cores: 4), for: .throughput, tolerance: 0.03)
        var growing = 1.0
        let counts = Self.run(&restless) { _ in
            growing *= 1.1
            return growing
        }
        #expect(counts.values.reduce(0, +) < 200)
    }

    @Test("ends at once when nothing could be measured", .timeLimit(.minutes(5)))
    func nothing() {
        var search = TuneSearch(TuneGrid(cores: 4), for: .throughput, tolerance: 0.03)
        #expect(!search.nextRound().isEmpty)
        #expect(search.nextRound().isEmpty)
    }
}

@Suite("The grid")
struct TuneGridTests {
    @Test("has sensible values by itself", .timeLimit(.minutes(5)))
    func standard() {
        let grid = TuneGrid(cores: 2)
        #expect(grid.workers == [1, 2, 4, 8])
        #expect(grid.capacities == [16, 64, 256, 1000, 10_000, 100_000])
        #expect(grid.batches == [1, 8, 64, 256])
        #expect(grid.middle == TuneSetting(workers: 2, capacity: 1000, batch: 64))
        #expect(grid.count == 96 && Set(grid.all).count == 96)
        #expect(TuneGrid(cores: 1).workers == [1, 2, 4])
    }

    @Test("takes values in any order, and begins near a pool's defaults", .timeLimit(.minutes(5)))
    func given() {
        let grid = TuneGrid(cores: 4, workers: [9, 1, 9], capacities: [5000, 100], batches: [1])
        #expect(grid.workers == [1, 9])
        #expect(grid.middle == TuneSetting(workers: 9, capacity: 5000, batch: 1))
        let lines = grid.lines(through: grid.middle)
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.workers == 9 || $0.capacity == 5000 })
    }
}

@Suite("The number of jobs")
struct JobCountTests {
    @Test("is found by longer and longer runs", .timeLimit(.minutes(5)))
    func grows() {
        var count = JobCount(seconds: 0.1, first: 1000)
        var tried: [Int] = []
        while !count.isFound, tried.count < 20 {
            tried.append(count.count)
            count.record(figures(events: count.count, perSecond: 10_000_000))
        }
        #expect(tried == [1000, 20_000, 400_000, 1_000_000] || tried == [1000, 20_000, 400_000], "\(tried)")
        #expect((950_000...1_050_000).contains(count.count))
        #expect(count.throughput == 10_000_000)
    }

    @Test("shrinks, and is bounded", .timeLimit(.minutes(5)))
    func bounds() {
        var slow = JobCount(seconds: 0.1, first: 1000)
        slow.record(figures(events: 1000, perSecond: 100))
        #expect(slow.isFound && slow.count == 10)
        var slowest = JobCount(seconds: 0.1, first: 10)
        slowest.record(figures(events: 10, perSecond: 0.001))
        #expect(slowest.isFound && slowest.count == 1)
        var fast = JobCount(seconds: 10, first: 1000, countMax: 5000)
        fast.record(figures(events: 1000, perSecond: 1e9))
        #expect(!fast.isFound && fast.count == 5000)
        fast.record(figures(events: 5000, perSecond: 1e9))
        #expect(fast.isFound && fast.count == 5000)
    }
}
