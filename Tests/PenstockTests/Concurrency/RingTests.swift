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

@Suite struct RingTests {
    private final class Box {
        let value: Int
        init(_ value: Int) { self.value = value }
    }

    @Test func `a ring is an array of the same operations, across its end and after it has grown`() {
        for seed in 0..<UInt64(scaled(200)) {
            var random = SeededGenerator(seed: seed)
            var ring = Ring<Box>(capacity: 1 + random.below(9))
            var model: [Int] = []
            var next = 0
            for _ in 0..<200 {
                let room = ring.capacity - ring.count
                let count = random.below(room + 1)
                switch random.below(7) {
                case 0 where room > 0:
                    ring.append(Box(next))
                    model.append(next)
                case 1:
                    (next..<next + count).map(Box.init).withUnsafeBufferPointer { boxes in
                        if let base = boxes.baseAddress { ring.append(copying: base, count: count) }
                    }
                    model += next..<next + count
                case 2:
                    let source = UnsafeMutablePointer<Box>.allocate(capacity: count)
                    for index in 0..<count { (source + index).initialize(to: Box(next + index)) }
                    ring.append(moving: source, count: count)
                    source.deallocate()
                    model += next..<next + count
                case 3:
                    ring.append(repeating: Box(next), count: count)
                    model += Array(repeating: next, count: count)
                case 4 where !ring.isEmpty:
                    let first = ring.first.value
                    #expect(first == model[0])
                    let removed = ring.removeFirst().value
                    #expect(removed == model.removeFirst())
                case 5:
                    let taken = random.below(ring.count + 1)
                    let target = UnsafeMutablePointer<Box>.allocate(capacity: taken)
                    ring.removeFirst(taken, into: target)
                    #expect((0..<taken).map { target[$0].value } == Array(model.prefix(taken)))
                    target.deinitialize(count: taken)
                    target.deallocate()
                    model.removeFirst(taken)
                default:
                    if random.oneIn(8), ring.capacity < 40 { ring.grow(to: ring.capacity + random.below(4)) }
                    let dropped = random.below(min(3, ring.count + 1))
                    ring.dropFirst(dropped)
                    model.removeFirst(dropped)
                }
                next += 100
                let (isEmpty, count2, isFull) = (ring.isEmpty, ring.count, ring.isFull)
                #expect(
                    count2 == model.count && isEmpty == model.isEmpty && isFull == (count2 == ring.capacity),
                    "seed \(seed)"
                )
            }
        }
    }

    @Test func `a ring releases what it holds, also across its end`() {
        weak var left: Box?
        do {
            var ring = Ring<Box>(capacity: 3)
            ring.append(Box(0))
            ring.append(Box(1))
            ring.dropFirst(2)
            ring.append(Box(2))
            let box = Box(3)
            left = box
            ring.append(box)
            #expect(ring.count == 2)
        }
        #expect(left == nil)
    }
}
