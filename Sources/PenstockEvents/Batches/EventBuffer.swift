//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where an event stands in its buffer.
package struct EventSlice: Sendable, Equatable {
    /// The first byte's place.
    package var offset: UInt32
    /// How many bytes, without the line end.
    package var length: UInt32
    /// How far the event's position is from that of its batch.
    package var positionOffset: UInt32
}

/// Memory for bytes and the slices that stand in them.
//
// SAFETY: a plain pair of pointers, given from hand to hand by `EventBuffer` and `EventBufferPool`, one owner at a time.
struct EventStorage: @unchecked Sendable {
    let bytes: UnsafeMutablePointer<UInt8>
    let byteCapacity: Int
    let slices: UnsafeMutablePointer<EventSlice>
    let sliceCapacity: Int

    /// A slice for 16 bytes: lines that are shorter on average only make a buffer end before it is full.
    init(byteCapacity: Int) {
        self.init(byteCapacity: byteCapacity, sliceCapacity: max(1, byteCapacity / 16))
    }

    init(byteCapacity: Int, sliceCapacity: Int) {
        self.byteCapacity = byteCapacity
        self.sliceCapacity = sliceCapacity
        // One byte more, so that the last line of an input can be given the line end it lacks.
        self.bytes = .allocate(capacity: byteCapacity + 1)
        self.slices = .allocate(capacity: self.sliceCapacity)
    }

    func deallocate() {
        self.bytes.deallocate()
        self.slices.deallocate()
    }
}

/// Bytes that a source has read, with the slices that are events; goes back to its pool when nobody holds it.
///
/// Several batches may stand in one buffer. The source goes on reading into the part behind them.
//
// SAFETY: the source alone writes, and only behind the bytes and slices it has given away in batches; whoever holds a
// batch reads only what was given.
package final class EventBuffer: @unchecked Sendable {
    let storage: EventStorage
    private let pool: EventBufferPool

    init(storage: EventStorage, pool: EventBufferPool) {
        self.storage = storage
        self.pool = pool
    }

    deinit {
        self.pool.give(self.storage)
    }
}
