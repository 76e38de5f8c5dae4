//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A job's place in the order of deadlines: one number, so that two are compared without a branch.
@usableFromInline
struct DeadlineKey: BitwiseCopyable, Sendable {
    /// The deadline in the upper half; then the serial number, which decides between equal deadlines, and the ticket.
    @usableFromInline let bits: UInt128

    @inlinable
    @inline(__always)
    init(deadline: UInt64, serial: UInt32, ticket: Int32) {
        self.bits = UInt128(deadline) << 64 | UInt128(UInt64(serial) << 32 | UInt64(UInt32(bitPattern: ticket)))
    }

    @inlinable @inline(__always) var deadline: UInt64 { UInt64(truncatingIfNeeded: self.bits >> 64) }
    @inlinable @inline(__always) var serial: UInt32 { UInt32(truncatingIfNeeded: self.bits >> 32) }
    @inlinable @inline(__always) var ticket: Int32 { Int32(truncatingIfNeeded: self.bits) }

    /// 1 if it comes before another, or 0.
    @inlinable
    @inline(__always)
    func before(_ other: DeadlineKey) -> Int { self.bits < other.bits ? 1 : 0 }
}

/// A heap with four children a node, earliest first. The children of a node share a cache line.
//
// SAFETY: the first `count` keys are written; they are plain, and need no end. Owned by one discipline.
@usableFromInline
struct DeadlineHeap: ~Copyable, @unchecked Sendable {
    @inlinable static var lineBytes: Int { 64 }

    @usableFromInline var block = UnsafeMutableRawPointer.allocate(byteCount: 0, alignment: 64)
    @usableFromInline var keys: UnsafeMutablePointer<DeadlineKey>
    @usableFromInline var capacity = 0
    @usableFromInline var count = 0

    @inlinable
    init() { self.keys = self.block.assumingMemoryBound(to: DeadlineKey.self) }

    @inlinable
    deinit { self.block.deallocate() }

    /// Reserves memory for so many keys.
    @inlinable
    mutating func prepare(capacity: Int) { self.reserve(capacity) }

    @inlinable
    @inline(__always)
    mutating func insert(_ key: DeadlineKey) {
        if self.count == self.capacity { self.reserve(max(64, self.count * 2)) }
        self.count += 1
        self.rise(key, from: self.count - 1)
    }

    /// Takes the earliest out; nil when there is none.
    ///
    /// Fills the gap with the earliest below it, down to a leaf, and puts the last key there: it comes from a leaf, and
    /// seldom belongs much higher. That saves a comparison a level.
    @inlinable
    @inline(__always)
    mutating func removeFirst() -> DeadlineKey? {
        guard self.count > 0 else { return nil }
        let first = self.keys[0]
        self.count -= 1
        guard self.count > 0 else { return first }
        let last = self.keys[self.count]
        var gap = 0
        while gap * 4 + 1 < self.count {
            let earliest = self.earliestChild(of: gap)
            self.keys[gap] = self.keys[earliest]
            gap = earliest
        }
        self.rise(last, from: gap)
        return first
    }

    /// Takes all out, in no order.
    @inlinable
    mutating func removeAll() -> [DeadlineKey] {
        defer { self.count = 0 }
        return Array(UnsafeBufferPointer(start: self.keys, count: self.count))
    }

    // MARK: - Private

    /// Moves what is later than a key down, from a position that is free on, and puts it where it belongs.
    @inlinable
    @inline(__always)
    func rise(_ key: DeadlineKey, from start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 4
            guard key.bits < self.keys[parent].bits else { break }
            self.keys[position] = self.keys[parent]
            position = parent
        }
        self.keys[position] = key
    }

    /// The earliest child of a key that has one.
    ///
    /// Which child it is cannot be foreseen, and so is computed without branches: that halves the time.
    @inlinable
    @inline(__always)
    func earliestChild(of position: Int) -> Int {
        let first = position &* 4 &+ 1
        guard first &+ 3 < self.count else {
            var earliest = first
            for child in first..<self.count where self.keys[child].bits < self.keys[earliest].bits { earliest = child }
            return earliest
        }
        let left = first &+ self.keys[first &+ 1].before(self.keys[first])
        let right = first &+ 2 &+ self.keys[first &+ 3].before(self.keys[first &+ 2])
        return left &+ (right &- left) &* self.keys[right].before(self.keys[left])
    }

    @usableFromInline
    @inline(never)
    mutating func reserve(_ capacity: Int) {
        guard capacity > self.capacity else { return }
        let stride = MemoryLayout<DeadlineKey>.stride
        // The second key begins a line: the children of a node are at 1 to 4, 5 to 8 and so on.
        let offset = Self.lineBytes - stride
        let block = UnsafeMutableRawPointer.allocate(byteCount: offset + capacity * stride, alignment: Self.lineBytes)
        let keys = (block + offset).bindMemory(to: DeadlineKey.self, capacity: capacity)
        UnsafeMutableRawPointer(keys).copyMemory(from: self.keys, byteCount: self.count * stride)
        self.block.deallocate()
        (self.block, self.keys, self.capacity) = (block, keys, capacity)
    }
}
