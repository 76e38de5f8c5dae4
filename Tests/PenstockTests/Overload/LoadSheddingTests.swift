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

@Suite struct LoadSheddingTests {
    private static let millisecond: UInt64 = 1_000_000
    private let ms = Self.millisecond

    /// A controller of the defaults, 5 ms and 100 ms, in each of its states at an instant of 1 s.
    private func controller(_ steps: [(wait: UInt64, at: UInt64)]) -> CoDelController {
        var controller = CoDelController(LoadShedding())
        for step in steps { _ = controller.observe(oldestWait: step.wait * self.ms, at: step.at * self.ms) }
        return controller
    }

    @Test func `a wait above the target for an interval sheds what waited longer than the target`() {
        var controller = CoDelController(LoadShedding())
        for time in UInt64(1_000)..<1_100 {
            #expect(controller.observe(oldestWait: 5 * self.ms + 1, at: time * self.ms) == .max)
        }
        #expect(controller.observe(oldestWait: 5 * self.ms + 1, at: 1_100 * self.ms) == 5 * self.ms)
        #expect(controller.isOverloaded)
    }

    @Test func `one wait within the target begins the interval anew`() {
        var controller = self.controller([(6, 1_000), (90, 1_099), (5, 1_099), (6, 1_100)])
        #expect(controller.observe(oldestWait: 80 * self.ms, at: 1_199 * self.ms) == .max)
        #expect(controller.observe(oldestWait: 80 * self.ms, at: 1_200 * self.ms) == 5 * self.ms)
    }

    @Test func `it goes on until the wait is half of the target`() {
        var controller = self.controller([(6, 1_000), (6, 1_100)])
        for wait in [UInt64(5), 4, 3, 90] {
            #expect(controller.observe(oldestWait: wait * self.ms, at: 1_101 * self.ms) == 5 * self.ms)
        }
        #expect(controller.observe(oldestWait: 5 * self.ms / 2, at: 1_102 * self.ms) == .max)
        #expect(!controller.isOverloaded)
    }

    @Test func `an empty queue ends it at once, from every state`() {
        for steps in [[], [(6, 1_000)], [(6, 1_000), (6, 1_100)]] as [[(wait: UInt64, at: UInt64)]] {
            var controller = self.controller(steps)
            controller.drained()
            #expect(!controller.isOverloaded)
            #expect(controller.observe(oldestWait: 500 * self.ms, at: 1_101 * self.ms) == .max)
            #expect(controller.observe(oldestWait: 500 * self.ms, at: 1_200 * self.ms) == .max)
            #expect(controller.observe(oldestWait: 500 * self.ms, at: 1_201 * self.ms) == 5 * self.ms)
        }
    }

    @Test func `a clock near its end, or one that seems to go back, overflows nothing`() {
        var controller = CoDelController(LoadShedding(target: .seconds(Int64.max), interval: .seconds(Int64.max)))
        #expect(controller.observe(oldestWait: .max, at: .max) == .max)
        #expect(controller.observe(oldestWait: .max, at: 0) == .max)
        #expect(!controller.isOverloaded)
        #expect(controller.observe(oldestWait: .max, at: .max) == .max)
    }

    @Test(arguments: [1, 4])
    func `ten times too much keeps those that run as quick as at four fifths, and the workers busy`(batch: Int) {
        for seed in 0..<UInt64(scaled(3)) {
            var model = QueueModel(batch: batch, seed: seed)
            // Those that come in the first interval wait long: less than a hundredth of all.
            let end = 12_000 * self.ms
            let easy = model.run(until: end, loads: [(0, 0.8)])
            let peak = model.run(until: end, loads: [(0, 1.0)])
            let unbounded = model.run(until: 1_000 * self.ms, loads: [(0, 10)])
            model.shedding = LoadShedding()
            let hard = model.run(until: end, loads: [(0, 10)])
            #expect(unbounded.p99 > 10 * easy.p99, "the load is not too much, seed \(seed)")
            #expect(hard.p99 <= 2 * easy.p99, "\(hard.p99) ns against \(easy.p99), seed \(seed)")
            let goodput = (hard.latencies.count, peak.latencies.count)
            #expect(goodput.0 * 10 >= goodput.1 * 9, "\(goodput), seed \(seed)")
            #expect(hard.latencies.count + hard.shed == hard.offered, "seed \(seed)")
        }
    }

    @Test func `at four fifths nearly nothing is shed`() {
        for seed in 0..<UInt64(scaled(5)) {
            let model = QueueModel(shedding: LoadShedding(), seed: seed)
            let outcome = model.run(until: 10_000 * self.ms, loads: [(0, 0.8)])
            #expect(outcome.shed * 1_000 <= outcome.offered, "\(outcome.shed) of \(outcome.offered), seed \(seed)")
        }
    }

    @Test func `a burst that is shorter than the interval is not shed`() {
        for seed in 0..<UInt64(scaled(10)) {
            let model = QueueModel(shedding: LoadShedding(), seed: seed)
            let loads = [(from: UInt64(0), load: 0.3), (500 * self.ms, 4.0), (508 * self.ms, 0.3)]
            let outcome = model.run(until: 2_000 * self.ms, loads: loads)
            #expect(outcome.shed == 0, "\(outcome.shed) of \(outcome.offered), seed \(seed)")
        }
    }

    @Test func `it sheds no more once an overload is over`() {
        for seed in 0..<UInt64(scaled(10)) {
            let model = QueueModel(shedding: LoadShedding(), seed: seed)
            let during = model.run(until: 3_000 * self.ms, loads: [(0, 10)])
            let after = model.run(until: 6_000 * self.ms, loads: [(0, 10), (3_000 * self.ms, 0.5)])
            #expect(during.shed > 0, "seed \(seed)")
            // The queue of the last instant is shed or run within milliseconds.
            #expect(after.shed - during.shed < 100, "\(after.shed - during.shed) shed afterwards, seed \(seed)")
        }
    }

    @Test func `the last queued job is spared, so that workers stay busy where jobs take long`() {
        for seed in 0..<UInt64(scaled(10)) {
            let model = QueueModel(meanRun: 200_000_000, shedding: LoadShedding(), seed: seed)
            let seconds: UInt64 = 400
            let outcome = model.run(until: seconds * 1_000 * self.ms, loads: [(0, 3)])
            #expect(outcome.shed > 0, "seed \(seed)")
            // Two workers can do ten of these jobs in a second.
            let able = Double(seconds * 10)
            let ran = Double(outcome.latencies.count)
            #expect(ran >= 0.97 * able, "\(ran) of \(able), seed \(seed)")
        }
    }
}
