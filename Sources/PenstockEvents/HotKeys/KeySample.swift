//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Takes some of a batch's keys, each event with the same chance: one of each stretch of events, at a place by chance.
///
/// A few keys a batch cost next to nothing, and say of a pipeline with many events as much as is wanted. Of a batch with few
/// events each is taken. Allocates nothing once warm.
struct KeySample: Sendable {
    /// A key that was taken.
    struct Key: Sendable {
        let hash: UInt64
        /// Where the kept bytes begin.
        let start: Int
        let length: Int
        let isCut: Bool
    }

    /// The most keys of a batch.
    static let keysMax = 8

    private(set) var keys: [Key] = []
    /// How many events each key stands for.
    private(set) var weight = 1
    private var bytes: [UInt8] = []
    /// How many events come before the next that is taken.
    private var left = Int.max
    /// How many of the current stretch come after it.
    private var rest = 0
    private var chance: UInt64

    /// Creates a sample; two with the same seed take the same places.
    init(seed: UInt64) { self.chance = seed | 1 }

    /// Begins a batch of at most so many events, and forgets what was taken before.
    mutating func begin(events: Int) {
        self.keys.removeAll(keepingCapacity: true)
        self.bytes.removeAll(keepingCapacity: true)
        self.weight = max(1, (events + Self.keysMax - 1) / Self.keysMax)
        self.left = 0
        self.rest = 0
        self.choose()
    }

    /// Whether the key of the event that comes now is to be taken.
    @inline(__always)
    mutating func takesNext() -> Bool {
        self.left &-= 1
        return self.left < 0
    }

    /// Takes the key of the event for which ``takesNext()`` was true.
    @inline(never)
    mutating func take(_ key: UnsafeRawBufferPointer, hash: UInt64) {
        let kept = key.prefix(KeyTally.keyBytesMax)
        self.keys.append(
            Key(hash: hash, start: self.bytes.count, length: kept.count, isCut: kept.count < key.count)
        )
        self.bytes.append(contentsOf: kept)
        self.left = self.rest
        self.choose()
    }

    /// Counts what was taken.
    func count(in tally: inout KeyTally) {
        self.bytes.withUnsafeBytes { bytes in
            for key in self.keys {
                let kept = UnsafeRawBufferPointer(rebasing: bytes[key.start..<key.start + key.length])
                tally.add(kept, hash: key.hash, isCut: key.isCut, weight: Double(self.weight))
            }
        }
    }

    // MARK: - Private

    /// Chooses the place in the next stretch; `left` is what comes before that stretch.
    private mutating func choose() {
        self.chance ^= self.chance &<< 13
        self.chance ^= self.chance &>> 7
        self.chance ^= self.chance &<< 17
        let place = Int(self.chance.multipliedFullWidth(by: UInt64(self.weight)).high)
        self.left += place
        self.rest = self.weight - 1 - place
    }
}
