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

@Suite("Numbers that many threads add to", .serialized, .timeLimit(.minutes(5)))
struct ShardedCellsTests {
    /// More threads than have a number of their own, so that both ways to add are taken at once.
    private static let threads = 40

    /// Few places, so that threads share some.
    private static let places = CellPlaces(processors: 1)

    private func onThreads(_ body: @escaping @Sendable (Int) -> Void) async {
        await withTaskGroup { group in
            for thread in 0..<Self.threads { group.addTask { await onThread { body(thread) } } }
        }
    }

    @Test func `no addition is lost, and no number takes another's`() async {
        let cells = ShardedCells(places: Self.places)
        let times = scaled(10_000)
        await self.onThreads { thread in
            for _ in 0..<times {
                cells.add(1, to: 3)
                cells.add(UInt64(thread), to: 15)
                cells.add(real: 0.5, to: 4)
            }
        }
        #expect(cells.sum(of: 3) == UInt64(Self.threads * times))
        #expect(cells.sum(of: 15) == UInt64(times * Self.threads * (Self.threads - 1) / 2))
        #expect(cells.realSum(of: 4) == Double(Self.threads * times) / 2)
        #expect(cells.sum(of: 0) == 0)
    }

    @Test func `no recorded value is lost`() async {
        let histogram = ShardedHistogram(places: Self.places)
        let times = scaled(5_000)
        await self.onThreads { thread in
            for time in 0..<times { histogram.record(Double(1 + (thread + time) % 1_000)) }
        }
        let (steps, sum) = histogram.contents()
        #expect(steps.reduce(0) { $0 + $1.count } == UInt64(Self.threads * times))
        let exact = (0..<Self.threads).reduce(0) { sum, thread in
            sum + (0..<times).reduce(0) { $0 + 1 + (thread + $1) % 1_000 }
        }
        #expect(sum == Double(exact))
    }

    @Test func `each value is kept within 1 %, over the whole range`() {
        var random = SeededGenerator(seed: 1)
        for turn in 0..<(95 * 8) {
            let significand = Double.random(in: 1..<2, using: &random)
            let value = Double(sign: .plus, exponent: turn / 8 - 32, significand: significand)
            let histogram = ShardedHistogram(places: Self.places)
            histogram.record(value)
            let told = histogram.contents().steps[0].middle
            #expect(abs(told - value) <= value * 0.01, "\(value) told as \(told)")
        }
    }

    @Test func `what is below the range counts in the first step, what is above in the last`() {
        let histogram = ShardedHistogram(places: Self.places)
        for value in [0, -1, -.greatestFiniteMagnitude, 1e-300, .leastNonzeroMagnitude] { histogram.record(value) }
        #expect(histogram.contents().steps.map(\.count) == [5])
        #expect(histogram.contents().steps[0].middle == 0)
        histogram.record(.greatestFiniteMagnitude)
        #expect(histogram.contents().steps.map(\.count) == [5, 1])
    }

    @Test func `there are places for each processor, within limits`() {
        #expect(CellPlaces(processors: 1).count == 16)
        #expect(CellPlaces(processors: 4).count == 16)
        #expect(CellPlaces(processors: 5).count == 32)
        #expect(CellPlaces(processors: 64).count == 256)
        #expect(CellPlaces(processors: 1_000).count == 256)
    }

    @Test func `the number of a thread that has ended is given again`() async {
        // Far more threads than there are numbers for one alone, one after another: they would run out if none came back.
        let places = CellPlaces(processors: 64)
        var own: [Bool] = []
        for _ in 0..<300 { own.append(await onThread { places.current().isOwn }) }
        #expect(own.suffix(100).contains(true))
    }

    @Test func `a thread keeps its number`() async {
        let places = CellPlaces(processors: 64)
        let seen = await onThread { Set((0..<100).map { _ in places.current().place }) }
        #expect(seen.count == 1)
    }
}
