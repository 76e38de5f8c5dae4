//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Makes batches of events out of templates.
struct EventGenerator: ~Copyable {
    private let templates: EventTemplates
    private let pool: EventBufferPool
    private let sourceIndex: Int
    private let eventsMax: Int
    private var buffer: EventBuffer
    private var filled = 0
    private var slicesUsed = 0
    private var template = 0
    /// How many events were made.
    private(set) var made = 0

    /// Creates a generator whose batches have at most `eventsMax` events.
    init(templates: EventTemplates, pool: EventBufferPool, sourceIndex: Int, eventsMax: Int) {
        precondition(pool.byteCapacity >= templates.longest, "A buffer must hold the longest generated event.")
        self.templates = templates
        self.pool = pool
        self.sourceIndex = sourceIndex
        self.eventsMax = eventsMax
        self.buffer = pool.take()
    }

    /// A batch of as many events as the buffer still holds, at most `count`.
    ///
    /// - Parameters:
    ///   - count: How many events are wanted, at least 1.
    ///   - arrival: When the first of them was meant to arrive.
    mutating func batch(of count: Int, arrival: UInt64) -> EventBatch {
        if !self.hasSpace {
            self.buffer = self.pool.take()
            self.filled = 0
            self.slicesUsed = 0
        }
        let firstSlice = self.slicesUsed
        let firstByte = self.filled
        let firstPosition = UInt64(self.made) + 1
        self.write(min(count, self.eventsMax))
        let end = self.hasSpace ? self.filled : self.buffer.storage.byteCapacity
        return EventBatch(
            buffer: self.buffer,
            slices: firstSlice..<self.slicesUsed,
            sourceIndex: self.sourceIndex,
            firstPosition: firstPosition,
            arrival: arrival,
            byteCharge: end - firstByte
        )
    }

    // MARK: - Private

    private var hasSpace: Bool {
        let storage = self.buffer.storage
        return storage.byteCapacity - self.filled >= self.templates.longest && self.slicesUsed < storage.sliceCapacity
    }

    private mutating func write(_ count: Int) {
        let storage = self.buffer.storage
        let room = storage.byteCapacity - self.templates.longest
        let first = self.slicesUsed
        let slicesEnd = min(first + count, storage.sliceCapacity)
        var digits = storage.bytes
        self.templates.bytes.withUnsafeBufferPointer { lines in
            guard let lines = lines.baseAddress else { return }
            while self.slicesUsed < slicesEnd, self.filled <= room {
                let start = self.templates.starts[self.template]
                let length = self.templates.starts[self.template + 1] - start
                let line = storage.bytes + self.filled
                line.update(from: lines + start, count: length)
                let time = line + EventTemplates.timeOffset
                if self.slicesUsed == first {
                    writeDecimal(EventTemplates.firstTime + self.made, to: time)
                } else {
                    copyIncremented(digits, to: time)
                }
                digits = time
                storage.slices[self.slicesUsed] = EventSlice(
                    offset: UInt32(truncatingIfNeeded: self.filled),
                    length: UInt32(truncatingIfNeeded: length - 1),
                    positionOffset: UInt32(truncatingIfNeeded: self.slicesUsed - first)
                )
                self.slicesUsed += 1
                self.made += 1
                self.filled += length
                self.template += 1
                if self.template == self.templates.count { self.template = 0 }
            }
        }
    }
}

private func writeDecimal(_ value: Int, to target: UnsafeMutablePointer<UInt8>) {
    var rest = value
    for index in (0..<EventTemplates.timeDigits).reversed() {
        target[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
    }
}

/// The next time from the digits of the one before: no division, and mostly one digit to change.
@inline(__always)
private func copyIncremented(_ digits: UnsafeMutablePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) {
    target.update(from: digits, count: EventTemplates.timeDigits)
    var index = EventTemplates.timeDigits - 1
    while index >= 0 {
        if target[index] != UInt8(ascii: "9") {
            target[index] += 1
            return
        }
        target[index] = UInt8(ascii: "0")
        index -= 1
    }
}
