//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Synchronization

/// Sixteen numbers that any thread adds to, each thread at a place of its own.
///
/// What one place holds of the sixteen lies together, and what different threads write lies 128 bytes apart, which is what
/// processors move at a time. So a number takes 8 bytes a place, and no thread waits for another.
///
/// Not for signal handlers: one could come between another addition's load and its store.
//
// SAFETY: the memory lives as long as the object, and is reached by atomic operations only.
@usableFromInline
package final class ShardedCells: @unchecked Sendable {
    /// How many numbers there are.
    package static let count = 16

    @usableFromInline let places: CellPlaces
    @usableFromInline let cells: UnsafeMutablePointer<Atomic<UInt64>>

    /// Creates numbers that are 0.
    package init(places: CellPlaces = .ofThisMachine) {
        self.places = places
        let size = MemoryLayout<Atomic<UInt64>>.stride * Self.count
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size * places.count, alignment: 128)
        self.cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: Self.count * places.count)
        for index in 0..<(Self.count * places.count) { (self.cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        self.cells.deinitialize(count: Self.count * self.places.count)
        UnsafeMutableRawPointer(self.cells).deallocate()
    }

    /// Adds to a number; it wraps around.
    @inlinable
    @inline(__always)
    package func add(_ amount: UInt64, to cell: Int) {
        let (place, isOwn) = self.places.current()
        let target = self.cells + (place &* 16 &+ cell)
        if isOwn {
            let value = target.pointee.load(ordering: .relaxed)
            target.pointee.store(value &+ amount, ordering: .relaxed)
        } else {
            target.pointee.wrappingAdd(amount, ordering: .relaxed)
        }
    }

    /// Adds to a number that is one with fractions: it is added to in this way only.
    @inlinable
    @inline(__always)
    package func add(real amount: Double, to cell: Int) {
        let (place, isOwn) = self.places.current()
        (self.cells + (place &* 16 &+ cell)).add(real: amount, alone: isOwn)
    }

    /// What was added to a number so far.
    package func sum(of cell: Int) -> UInt64 {
        (0..<self.places.count).reduce(0) { $0 &+ self.cells[$1 * Self.count + cell].load(ordering: .relaxed) }
    }

    /// What was added so far to a number with fractions.
    package func realSum(of cell: Int) -> Double {
        (0..<self.places.count).reduce(0) {
            $0 + Double(bitPattern: self.cells[$1 * Self.count + cell].load(ordering: .relaxed))
        }
    }
}

extension UnsafeMutablePointer where Pointee == Atomic<UInt64> {
    /// Adds to the number with fractions that these bits are.
    ///
    /// - Parameter alone: Whether no other thread adds to it.
    @inlinable
    @inline(__always)
    func add(real amount: Double, alone: Bool) {
        var bits = self.pointee.load(ordering: .relaxed)
        if alone { return self.pointee.store((Double(bitPattern: bits) + amount).bitPattern, ordering: .relaxed) }
        while true {
            let (done, found) = self.pointee.weakCompareExchange(
                expected: bits,
                desired: (Double(bitPattern: bits) + amount).bitPattern,
                ordering: .relaxed
            )
            if done { return }
            bits = found
        }
    }
}
