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

@Suite struct WaiterTests {
    @Test func `a line serves in order whatever is cancelled in between`() {
        for seed in 0..<UInt64(scaled(100)) {
            var random = SeededGenerator(seed: seed)
            var line = WaiterLine<Int>()
            var model: [Waiter<Int>] = []
            for _ in 0..<100 {
                switch random.below(4) {
                case 0, 1:
                    let waiter = Waiter<Int>()
                    line.append(waiter)
                    model.append(waiter)
                case 2:
                    let first = line.removeFirst(outcome: .served)
                    #expect(first === model.first, "seed \(seed)")
                    if !model.isEmpty { #expect(model.removeFirst().outcome == .served) }
                default:
                    guard !model.isEmpty else { continue }
                    let waiter = model.remove(at: random.below(model.count))
                    let (isFirst, isSecond) = (line.cancel(waiter), line.cancel(waiter))
                    #expect(isFirst && !isSecond && waiter.outcome == .cancelled, "seed \(seed)")
                }
                let (count, first) = (line.count, line.first)
                #expect(count == model.count && first === model.first, "seed \(seed)")
            }
        }
    }

    @Test func `a waiter that is cancelled before it stands in line never gets there`() {
        var line = WaiterLine<Int>()
        let waiter = Waiter<Int>()
        let waited = line.cancel(waiter)
        #expect(!waited && waiter.outcome == .cancelled)
        let count = line.count
        #expect(count == 0)
    }

    @Test func `a pooled waiter comes back as new`() {
        var pool = WaiterPool<Int>()
        let waiter = pool.take()
        var line = WaiterLine<Int>()
        waiter.element = 1
        waiter.remaining = 9
        line.append(waiter)
        _ = line.removeFirst(outcome: .closed)
        pool.give(waiter)
        let again = pool.take()
        #expect(again === waiter && again.outcome == nil && again.element == nil && again.remaining == 1)
    }
}
