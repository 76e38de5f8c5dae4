//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Counts the keys that most events have, in memory that does not grow: Space-Saving (Metwally, Agrawal, El Abbadi 2005).
///
/// A key that has no place takes that of the least one and begins with its count, so counts are too high, and by how much at
/// most is known of each: `excess`, never more than a ``places``th of the total. A key with more events than that has a place.
/// Counts fade: each is half of itself after ``halfLife``, and with it the total, so the bounds hold for what is recent.
struct KeyTally: Sendable {
    /// A key that has a place.
    struct Entry: Sendable {
        let hash: UInt64
        /// How many events have the key; too high by `excess` at most.
        var count: Double
        var excess: Double
        /// How many bytes of the key are kept, and whether it has more.
        let length: Int
        let isCut: Bool
    }

    /// How many keys have a place.
    static let places = 32
    /// How much of a key is kept: enough for what is shown of it.
    static let keyBytesMax = 192
    /// After so long an event counts half.
    static let halfLife = Duration.seconds(10)

    /// Counts fade in steps of a second.
    private static let step: UInt64 = 1_000_000_000
    /// What a step leaves of a count: the tenth root of a half, as there are ten steps in ``halfLife``.
    private static let keptByStep = 0.933_032_991_536_807_4
    /// After so many steps nothing is left to speak of.
    private static let stepsMax: UInt64 = 300

    private(set) var entries: [Entry] = []
    /// How many events were counted, faded as the counts are.
    private(set) var total = 0.0
    /// How many samples they stand for, faded in the same way.
    private(set) var samples = 0.0
    /// The kept bytes of each key, at its place.
    private var bytes = [UInt8](repeating: 0, count: Self.places * Self.keyBytesMax)
    private var fadedAt: UInt64?

    /// Creates an empty tally.
    init() { self.entries.reserveCapacity(Self.places) }

    /// Counts events that have a key; allocates nothing.
    ///
    /// - Parameters:
    ///   - key: The beginning of the key.
    ///   - hash: The hash of the whole key.
    ///   - isCut: Whether the key has more bytes.
    ///   - weight: How many events the sample stands for.
    mutating func add(_ key: UnsafeRawBufferPointer, hash: UInt64, isCut: Bool = false, weight: Double = 1) {
        self.total += weight
        self.samples += 1
        var least = 0
        for place in self.entries.indices {
            if self.entries[place].hash == hash {
                self.entries[place].count += weight
                return
            }
            if self.entries[place].count < self.entries[least].count { least = place }
        }
        let kept = min(key.count, Self.keyBytesMax)
        var entry = Entry(hash: hash, count: weight, excess: 0, length: kept, isCut: isCut || kept < key.count)
        if self.entries.count < Self.places {
            least = self.entries.count
            self.entries.append(entry)
        } else {
            entry.excess = self.entries[least].count
            entry.count += entry.excess
            self.entries[least] = entry
        }
        self.bytes.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[(least * Self.keyBytesMax)...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: key[..<(key.startIndex + kept)]))
        }
    }

    /// Lets all counts fade up to a time.
    mutating func fade(to now: UInt64) {
        guard let former = self.fadedAt else {
            self.fadedAt = now
            return
        }
        guard now > former, now - former >= Self.step else { return }
        let steps = (now - former) / Self.step
        self.fadedAt = former + steps * Self.step
        var kept = 1.0
        for _ in 0..<min(steps, Self.stepsMax) { kept *= Self.keptByStep }
        if steps >= Self.stepsMax { kept = 0 }
        self.total *= kept
        self.samples *= kept
        for place in self.entries.indices {
            self.entries[place].count *= kept
            self.entries[place].excess *= kept
        }
    }

    /// The place of the key of which most is certain; nil when there is none.
    var hottest: Int? {
        self.entries.indices.max { self.entries[$0].certain < self.entries[$1].certain }
    }

    /// Calls `body` with the kept bytes of a key.
    func withKey<Result>(at place: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = place * Self.keyBytesMax
        return self.bytes.withUnsafeBytes { bytes in
            body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + self.entries[place].length]))
        }
    }
}

extension KeyTally.Entry {
    /// How many events have the key at least.
    var certain: Double { self.count - self.excess }
}
