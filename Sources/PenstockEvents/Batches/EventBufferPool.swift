//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Keeps the memory of event buffers for the next ones.
///
/// How many buffers exist at a time is bounded by the queue; how many are kept unused, by the pool.
package final class EventBufferPool: Sendable {
    /// The usual size of a buffer: 64 KiB stays in a core's own cache on its way from source to sink.
    package static let usualByteCapacity = 64 << 10

    /// The size of the buffers it keeps.
    package let byteCapacity: Int
    private let keptMax: Int
    private let kept: Locked<[EventStorage]>

    /// Creates an empty pool.
    ///
    /// - Parameters:
    ///   - byteCapacity: The size of its buffers.
    ///   - keptMax: The most buffers it keeps unused.
    package init(byteCapacity: Int = EventBufferPool.usualByteCapacity, keptMax: Int = 64) {
        precondition(byteCapacity > 0, "A buffer needs room for at least one byte.")
        self.byteCapacity = byteCapacity
        self.keptMax = keptMax
        self.kept = Locked([])
    }

    deinit {
        for storage in self.kept.withLock({ $0 }) { storage.deallocate() }
    }

    /// How many buffers it keeps unused.
    package var keptCount: Int { self.kept.withLock { $0.count } }

    /// A buffer for at least `byteCapacity` bytes.
    ///
    /// One larger than usual is made for this use only.
    func take(byteCapacity: Int = 0) -> EventBuffer {
        if byteCapacity > self.byteCapacity {
            return EventBuffer(storage: EventStorage(byteCapacity: byteCapacity), pool: self)
        }
        let storage = self.kept.withLock { $0.popLast() } ?? EventStorage(byteCapacity: self.byteCapacity)
        return EventBuffer(storage: storage, pool: self)
    }

    /// A buffer for so many bytes and no more, for this use only: a few events alone must not keep a whole buffer from others.
    func takeSmall(byteCapacity: Int) -> EventBuffer {
        let storage = EventStorage(byteCapacity: max(1, byteCapacity), sliceCapacity: byteCapacity / 8 + 1)
        return EventBuffer(storage: storage, pool: self)
    }

    fileprivate func keep(_ storage: EventStorage) -> Bool {
        guard storage.byteCapacity == self.byteCapacity else { return false }
        return self.kept.withLock { kept in
            guard kept.count < self.keptMax else { return false }
            kept.append(storage)
            return true
        }
    }

    func give(_ storage: EventStorage) {
        if !self.keep(storage) { storage.deallocate() }
    }
}
