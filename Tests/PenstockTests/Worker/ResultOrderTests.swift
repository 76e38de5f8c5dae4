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

@Suite
struct ResultOrderTests {
    private func outputs(_ results: [Result<Int, any Error>]) -> [Int?] { results.map { try? $0.get() } }

    @Test func `results wait for earlier ones, and a gap holds nobody`() {
        var order = ResultOrder<Int>(capacity: 4)
        let numbers = (0..<4).map { _ in order.take() }
        #expect(numbers == [0, 1, 2, 3] && order.room == 0 && order.count == 4)
        order.settle(2, .success(2))
        order.settle(1, nil)
        #expect(order.ready == nil && order.room == 0)
        order.settle(0, .success(0))
        #expect((try? order.ready?.get()) == 0)
        order.removeFirst()
        // The gap behind it has gone with it.
        #expect((try? order.ready?.get()) == 2 && order.room == 2)
        order.removeFirst()
        #expect(order.ready == nil && order.count == 1)
        order.settle(3, nil)
        #expect(order.ready == nil && order.count == 0 && order.room == 4)
    }

    @Test func `only the first end of a job counts, and none after its place is free`() {
        var order = ResultOrder<Int>(capacity: 2)
        for _ in 0..<2 { _ = order.take() }
        order.settle(0, .success(1))
        order.settle(0, .success(2))
        order.settle(0, nil)
        order.settle(7, .success(7))
        #expect((try? order.ready?.get()) == 1)
        order.removeFirst()
        order.settle(0, .success(3))
        #expect(order.ready == nil && order.room == 1)
        // The same place, for another job.
        let third = order.take()
        #expect(third == 2)
        order.settle(1, nil)
        #expect(order.ready == nil)
        order.settle(2, .success(2))
        #expect((try? order.ready?.get()) == 2)
    }

    @Test func `all that is left comes out in order, without those that have not ended`() {
        var order = ResultOrder<Int>(capacity: 8)
        for _ in 0..<6 { _ = order.take() }
        for number in [5, 3, 1] { order.settle(Int32(number), .success(number)) }
        order.settle(2, nil)
        let left = self.outputs(order.takeAll())
        #expect(left == [1, 3, 5] && order.count == 0 && order.room == 8)
        let again = order.takeAll()
        #expect(again.isEmpty)
        order.settle(0, .success(0))
        #expect(order.ready == nil)
    }

    @Test func `the numbers of places begin anew without being mistaken`() {
        var order = ResultOrder<Int>(capacity: 3, first: Int(Int32.max) - 1)
        let places = (0..<3).map { _ in order.take() }
        #expect(places == [Int32.max - 1, Int32.max, 0])
        for (number, place) in places.enumerated().reversed() { order.settle(place, .success(number)) }
        let left = self.outputs(order.takeAll())
        #expect(left == [0, 1, 2])
        order.settle(Int32.max, .success(9))
        #expect(order.ready == nil)
    }

    @Test(arguments: 0..<20)
    func `whatever the order of the ends, results leave in that of the places`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var order = ResultOrder<Int>(capacity: 1 + generator.below(5))
        var open: [Int32] = []
        var (expected, left): ([Int], [Int]) = ([], [])
        for _ in 0..<500 {
            if order.room > 0, generator.oneIn(2) { open.append(order.take()) }
            if !open.isEmpty, generator.oneIn(2) {
                let number = open.remove(at: generator.below(open.count))
                let hasResult = !generator.oneIn(4)
                if hasResult { expected.append(Int(number)) }
                order.settle(number, hasResult ? .success(Int(number)) : nil)
            }
            while let result = order.ready, generator.oneIn(2) {
                if let number = try? result.get() { left.append(number) }
                order.removeFirst()
            }
            if let oldest = open.min(), let last = left.last { #expect(last < Int(oldest), "seed \(seed)") }
        }
        for result in order.takeAll() { if let number = try? result.get() { left.append(number) } }
        #expect(left == expected.sorted(), "seed \(seed)")
    }
}
