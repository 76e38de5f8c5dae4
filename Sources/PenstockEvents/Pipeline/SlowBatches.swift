//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The batches that workers were longest with, of those that ended within the last minute.
final class SlowBatches: Sendable {
    private struct Entry: Sendable {
        var batch: SlowBatch
        var endedAt: UInt64
        var elapsed: UInt64
    }

    private static let countMax = 8
    private static let ageMax: UInt64 = 60_000_000_000

    private let entries = Locked<[Entry]>([])

    /// A worker is done with a batch.
    ///
    /// - Parameters:
    ///   - batch: The batch.
    ///   - source: The name of its source.
    ///   - elapsed: How long the worker was with it, in nanoseconds.
    ///   - now: The time.
    func note(_ batch: EventBatch, source: String, elapsed: UInt64, now: UInt64) {
        self.entries.withLock { entries in
            if entries.count == Self.countMax {
                // The list is in order: the last one has to go, unless an older one has to in any case.
                if let old = entries.firstIndex(where: { now &- $0.endedAt > Self.ageMax }) {
                    entries.remove(at: old)
                } else if let last = entries.last, last.elapsed < elapsed {
                    entries.removeLast()
                } else {
                    return
                }
            }
            let slow = SlowBatch(
                source: source,
                position: batch.firstPosition,
                events: batch.count,
                elapsed: .nanoseconds(Int64(clamping: elapsed)),
                age: .zero
            )
            let place = entries.firstIndex { $0.elapsed < elapsed } ?? entries.endIndex
            entries.insert(Entry(batch: slow, endedAt: now, elapsed: elapsed), at: place)
        }
    }

    /// The longest first.
    func current(now: UInt64) -> [SlowBatch] {
        self.entries.withLock { entries in
            entries.removeAll { now &- min(now, $0.endedAt) > Self.ageMax }
            return entries.map { entry in
                var batch = entry.batch
                batch.age = .nanoseconds(Int64(clamping: now &- min(now, entry.endedAt)))
                return batch
            }
        }
    }
}
