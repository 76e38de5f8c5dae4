//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import CPenstock

/// Which copy of a sharded number a thread adds to.
///
/// A thread with a low number has a copy to itself: it adds by a load and a store, which costs a third of an atomic
/// addition and is all the same however many threads add. The others share what copies are left, and add atomically. With
/// four copies for each processor there are enough for the workers, the threads of Swift's own tasks, and a server's.
@usableFromInline
package struct CellPlaces: Sendable {
    /// How many copies there are: first those that are one thread's alone.
    @usableFromInline package let count: Int
    /// How many are one thread's alone.
    @usableFromInline let own: Int

    /// What this machine calls for.
    package static let ofThisMachine = CellPlaces(processors: ProcessorCount.available())

    /// Creates as many as a number of processors calls for.
    package init(processors: Int) {
        let wanted = Swift.min(Swift.max(16, processors * 4), 256)
        self.count = 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
        self.own = Swift.min(Int(CPENSTOCK_OWN_NUMBERS), self.count - 4)
    }

    /// The calling thread's copy.
    @inlinable
    @inline(__always)
    package func current() -> (place: Int, isOwn: Bool) {
        let number = Int(cpenstock_thread_number())
        if number < self.own { return (number, true) }
        return (self.own &+ number % (self.count &- self.own), false)
    }
}
