//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Synchronization

/// Counts of values that any thread records, each kept with an error of at most 1 %.
///
/// Log-linear like ``LatencyHistogram``: 64 steps for each power of two. A step's number is the exponent and the first six
/// binary digits of the value as they stand in a `Double`, so that finding it takes a shift. Values from 2^-33 (a tenth
/// of a nanosecond, in seconds) to 2^63 have steps; what is less, 0 and below it too, counts in the first, what is more in the last.
/// Each thread counts at a place of its own (``CellPlaces``), and memory is taken for the powers of two that occur.
//
// SAFETY: memory is published by a release or an acquiring exchange and read by an acquire, is reached by atomic operations
// only, and lives as long as the object.
@usableFromInline
package final class ShardedHistogram: @unchecked Sendable {
    /// One power of two: 64 counts.
    @usableFromInline typealias Octave = UnsafeMutablePointer<Atomic<UInt64>>
    /// One place: the sum, and the octaves by their number.
    @usableFromInline typealias Shelf = UnsafeMutablePointer<Atomic<UInt64>>

    @usableFromInline static var stepBits: UInt64 { 6 }
    @usableFromInline static var lowest: Int { (1023 - 33) << 6 }
    @usableFromInline static var octaveCount: Int { 97 }

    @usableFromInline let places: CellPlaces
    /// For each place, the address of its shelf, or 0.
    @usableFromInline let shelves: UnsafeMutablePointer<Atomic<UInt64>>

    /// Creates an empty histogram.
    package init(places: CellPlaces = .ofThisMachine) {
        self.places = places
        self.shelves = Self.zeros(places.count)
    }

    deinit {
        for place in 0..<self.places.count {
            guard let shelf = self.memory(at: self.shelves + place) else { continue }
            for octave in 0..<Self.octaveCount { self.memory(at: shelf + (1 + octave))?.deallocate() }
            shelf.deallocate()
        }
        self.shelves.deallocate()
    }

    /// Counts a value.
    ///
    /// - Parameter value: Finite.
    @inlinable
    @inline(__always)
    package func record(_ value: Double) {
        let (place, isOwn) = self.places.current()
        let index = Self.index(of: value)
        let shelf = self.memory(at: self.shelves + place) ?? self.make(1 + Self.octaveCount, at: self.shelves + place)
        let slot = shelf + (1 &+ index >> 6)
        let octave = self.memory(at: slot) ?? self.make(64, at: slot)
        let cell = octave + (index & 63)
        if isOwn {
            cell.pointee.store(cell.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        } else {
            cell.pointee.wrappingAdd(1, ordering: .relaxed)
        }
        shelf.add(real: value, alone: isOwn)
    }

    /// What was recorded so far: the steps that have a count, ascending, each as its middle, and the sum of all values.
    package func contents() -> (steps: [(middle: Double, count: UInt64)], sum: Double) {
        var counts = [UInt64](repeating: 0, count: Self.octaveCount * 64)
        var sum = 0.0
        for place in 0..<self.places.count {
            guard let shelf = self.memory(at: self.shelves + place) else { continue }
            sum += Double(bitPattern: shelf.pointee.load(ordering: .relaxed))
            for number in 0..<Self.octaveCount {
                guard let octave = self.memory(at: shelf + (1 + number)) else { continue }
                for step in 0..<64 { counts[number * 64 + step] &+= octave[step].load(ordering: .relaxed) }
            }
        }
        let steps = counts.enumerated().filter { $0.element > 0 }
        return (steps.map { (Self.middle(of: $0.offset), $0.element) }, sum)
    }

    // MARK: - Private

    @inlinable
    @inline(__always)
    static func index(of value: Double) -> Int {
        // Negative values, whose bits are high, are least.
        let bits = value > 0 ? value.bitPattern : 0
        let step = Int(truncatingIfNeeded: bits >> (52 &- self.stepBits)) &- self.lowest
        return Swift.min(Swift.max(0, step), self.octaveCount &* 64 &- 1)
    }

    /// The middle of a step; the first one, which holds 0 and less, is 0.
    private static func middle(of index: Int) -> Double {
        if index == 0 { return 0 }
        return Double(bitPattern: UInt64(index + self.lowest) << (52 - self.stepBits) + 1 << (51 - self.stepBits))
    }

    @inlinable
    @inline(__always)
    func memory(at slot: UnsafeMutablePointer<Atomic<UInt64>>) -> UnsafeMutablePointer<Atomic<UInt64>>? {
        UnsafeMutablePointer(bitPattern: UInt(slot.pointee.load(ordering: .acquiring)))
    }

    /// Puts new memory to an address that has none, unless another thread was faster.
    @usableFromInline
    func make(
        _ count: Int,
        at slot: UnsafeMutablePointer<Atomic<UInt64>>
    ) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let made = Self.zeros(count)
        let (done, found) = slot.pointee.compareExchange(
            expected: 0,
            desired: UInt64(UInt(bitPattern: made)),
            ordering: .acquiringAndReleasing
        )
        guard !done, let other = UnsafeMutablePointer<Atomic<UInt64>>(bitPattern: UInt(found)) else { return made }
        made.deallocate()
        return other
    }

    private static func zeros(_ count: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let size = MemoryLayout<Atomic<UInt64>>.stride * count
        // Two threads' memory never shares what processors move at a time.
        let rounded = (size + 127) / 128 * 128
        let memory = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: 128)
        let cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
        return cells
    }
}
