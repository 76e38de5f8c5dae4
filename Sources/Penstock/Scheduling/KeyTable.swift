//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Gives keys the numbers of lanes.
///
/// It is inlinable, and what it looks up is hidden behind ``LaneFinder``'s closures: so keys are hashed and compared by code
/// that the compiler made for their type. Through a discipline that is generic over its keys each would go through the
/// key's witness tables.
///
/// A lane keeps its key's hash: then a key that is new costs one hash, also where another is forgotten for it. With a
/// dictionary that was three, and twice the time.
//
// SAFETY: a table belongs to one discipline, which is used under its pool's lock only. That is also why accesses are not
// checked: no method is called within another, but for those of the key, which cannot know the table.
@usableFromInline
final class KeyTable<Key: Hashable & Sendable>: @unchecked Sendable {
    @usableFromInline
    struct Lane {
        @usableFromInline var key: Key
        @usableFromInline var hash: Int

        @inlinable
        init(key: Key, hash: Int) {
            self.key = key
            self.hash = hash
        }
    }

    @usableFromInline @exclusivity(unchecked) var lanes: [Lane] = []
    /// The lane that was found last.
    @usableFromInline @exclusivity(unchecked) var last = 0
    /// Lanes by their keys' hashes, or by the next free place; -1 in a free place. At least half of the places are free, and their
    /// number is a power of two.
    @usableFromInline @exclusivity(unchecked) var places: [Int32] = Array(repeating: -1, count: 16)

    @inlinable
    init() {}

    /// The lane of a key; -1 for none.
    @inlinable
    func find(_ key: Key) -> Int32 {
        if self.isLast(key) { return Int32(truncatingIfNeeded: self.last) }
        let lane = self.places[self.place(of: key, hash: key.hashValue)]
        if lane >= 0 { self.last = Int(lane) }
        return lane
    }

    /// The lane of a key; -1 if it had none: then it is `spare` now, whose former key is forgotten.
    @inlinable
    func assign(_ key: Key, spare: Int32) -> Int32 {
        if self.isLast(key) { return Int32(truncatingIfNeeded: self.last) }
        let hash = key.hashValue
        let found = self.places[self.place(of: key, hash: hash)]
        if found >= 0 {
            self.last = Int(found)
            return found
        }
        if Int(spare) < self.lanes.count {
            self.vacate(spare)
            self.lanes[Int(spare)] = Lane(key: key, hash: hash)
        } else {
            self.lanes.append(Lane(key: key, hash: hash))
            if self.lanes.count * 2 > self.places.count { self.grow() }
        }
        // Looked up again: places have moved.
        self.places[self.freePlace(hash: hash)] = spare
        self.last = Int(spare)
        return -1
    }

    // MARK: - Private

    /// Whether a key was found last. Jobs of a key often come together, and one that is asked about comes next. Comparing
    /// is cheaper than hashing.
    @inlinable
    @inline(__always)
    func isLast(_ key: Key) -> Bool { self.last < self.lanes.count && self.lanes[self.last].key == key }

    /// Where a key's lane is, or would be.
    @inlinable
    @inline(__always)
    func place(of key: Key, hash: Int) -> Int {
        let mask = self.places.count &- 1
        var place = hash & mask
        while true {
            let lane = Int(self.places[place])
            if lane < 0 { return place }
            if self.lanes[lane].hash == hash, self.lanes[lane].key == key { return place }
            place = (place &+ 1) & mask
        }
    }

    @inlinable
    func freePlace(hash: Int) -> Int {
        let mask = self.places.count &- 1
        var place = hash & mask
        while self.places[place] >= 0 { place = (place &+ 1) & mask }
        return place
    }

    /// Frees the place of a lane, and moves those up that are behind it because theirs was taken: D. E. Knuth, "The Art of
    /// Computer Programming", volume 3, algorithm 6.4R.
    @inlinable
    func vacate(_ lane: Int32) {
        let mask = self.places.count &- 1
        var gap = self.lanes[Int(lane)].hash & mask
        while self.places[gap] != lane { gap = (gap &+ 1) & mask }
        var place = gap
        while true {
            place = (place &+ 1) & mask
            let other = self.places[place]
            if other < 0 { break }
            let home = self.lanes[Int(other)].hash & mask
            guard (place &- home) & mask >= (place &- gap) & mask else { continue }
            self.places[gap] = other
            gap = place
        }
        self.places[gap] = -1
    }

    /// Doubles the places; all lanes but the newest, which has none yet, get one again.
    @inlinable
    func grow() {
        self.places = Array(repeating: -1, count: self.places.count * 2)
        for lane in self.lanes.indices.dropLast() {
            self.places[self.freePlace(hash: self.lanes[lane].hash)] = Int32(truncatingIfNeeded: lane)
        }
    }
}
