//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds groups by their keys' bytes: open addressing over one array of bytes.
///
/// A key is written after the keys of all groups, looked up there, and either becomes a new group's where it stands or
/// is written over by the next one. So finding a group that exists allocates nothing.
struct GroupIndex: Sendable {
    private struct Group: Sendable {
        let hash: UInt64
        let offset: Int
        let length: Int
    }

    private let seed: UInt64
    private var groups: [Group] = []
    /// The group of each slot plus one, or 0; a power of two of them, at most half of them taken.
    private var slots: [UInt32] = []
    private var bytes: [UInt8] = []
    /// How many of `bytes` are keys of groups.
    private var used = 0

    init(seed: UInt64) { self.seed = seed }

    /// How many groups there are.
    var count: Int { self.groups.count }

    /// About how many bytes a group takes beside its key, with arrays that may have grown to twice what they hold.
    static func groupBytes(columns: Int) -> Int {
        2 * (MemoryLayout<Group>.stride + MemoryLayout<Int>.stride + columns * MemoryLayout<Accumulator>.stride)
            + 4 * MemoryLayout<UInt32>.stride
    }

    /// Calls `body` with room for the part of a key that begins `start` bytes into it.
    @inline(__always)
    mutating func withRoom<R>(at start: Int, for length: Int, _ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
        let first = self.used &+ start
        if first &+ length > self.bytes.count { self.grow(to: first &+ length) }
        return self.bytes.withUnsafeMutableBytes { body(UnsafeMutableRawBufferPointer(rebasing: $0[first...])) }
    }

    /// Finds the group of the key that was written last.
    ///
    /// - Parameters:
    ///   - length: How many bytes the key has.
    ///   - groupsMax: How many groups there may be.
    ///   - keyBytesMax: How many bytes their keys may have together.
    /// - Returns: The group, and whether it is new; nil when it would be one too many.
    @inline(__always)
    mutating func group(
        ofKeyWithLength length: Int,
        groupsMax: Int,
        keyBytesMax: Int
    ) -> (index: Int, isNew: Bool)? {
        let (hash, slot, group) = self.bytes.withUnsafeBytes { bytes in
            let key = UnsafeRawBufferPointer(rebasing: bytes[self.used..<self.used &+ length])
            let hash = Self.hash(key, seed: self.seed)
            let (slot, group) = self.find(key, hash, in: bytes)
            return (hash, slot, group)
        }
        if group >= 0 { return (group, false) }
        guard self.groups.count < groupsMax, self.used &+ length <= keyBytesMax else { return nil }
        self.insert(Group(hash: hash, offset: self.used, length: length), slot)
        return (self.groups.count &- 1, true)
    }

    /// Calls `body` with a group's key.
    func withKey<R>(_ group: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let group = self.groups[group]
        return self.bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[group.offset..<group.offset + group.length]))
        }
    }

    /// All groups, sorted by key.
    func sorted() -> [Int] {
        self.bytes.withUnsafeBytes { bytes in
            self.groups.indices.sorted { left, right in
                let one = self.groups[left]
                let other = self.groups[right]
                return GroupKey.precedes(
                    UnsafeRawBufferPointer(rebasing: bytes[one.offset..<one.offset + one.length]),
                    UnsafeRawBufferPointer(rebasing: bytes[other.offset..<other.offset + other.length])
                )
            }
        }
    }

    /// Forgets all groups, and keeps the memory.
    mutating func removeAll() {
        self.groups.removeAll(keepingCapacity: true)
        for slot in self.slots.indices { self.slots[slot] = 0 }
        self.used = 0
    }

    // MARK: - Private

    /// The slot and the group of a key; the slot that is free for it and -1 when there is none.
    @inline(__always)
    private func find(_ key: UnsafeRawBufferPointer, _ hash: UInt64, in bytes: UnsafeRawBufferPointer) -> (Int, Int) {
        guard !self.slots.isEmpty else { return (-1, -1) }
        let mask = self.slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while self.slots[slot] != 0 {
            let index = Int(self.slots[slot]) &- 1
            let group = self.groups[index]
            if group.hash == hash, group.length == key.count {
                guard let one = bytes.baseAddress, let other = key.baseAddress, key.count > 0 else {
                    return (slot, index)
                }
                if memcmp(one + group.offset, other, key.count) == 0 { return (slot, index) }
            }
            slot = (slot &+ 1) & mask
        }
        return (slot, -1)
    }

    @inline(never)
    private mutating func insert(_ group: Group, _ slot: Int) {
        self.groups.append(group)
        self.used += group.length
        if self.groups.count * 2 > self.slots.count {
            self.rehash(max(64, self.slots.count * 2))
        } else {
            self.slots[slot] = UInt32(self.groups.count)
        }
    }

    private mutating func rehash(_ count: Int) {
        self.slots = [UInt32](repeating: 0, count: count)
        for (index, group) in self.groups.enumerated() {
            var slot = Int(truncatingIfNeeded: group.hash) & (count - 1)
            while self.slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
            self.slots[slot] = UInt32(index + 1)
        }
    }

    @inline(never)
    private mutating func grow(to count: Int) {
        let wanted = max(count, self.bytes.count * 2, 1024)
        self.bytes.append(contentsOf: repeatElement(0, count: wanted - self.bytes.count))
    }

    /// A hash in the manner of wyhash: words are folded in by multiplications of 64 by 64 bits.
    @inline(__always)
    static func hash(_ key: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var hash = seed ^ 0xA076_1D64_78BD_642F
        var at = 0
        while at &+ 8 <= key.count {
            hash = Self.fold(hash ^ key.loadUnaligned(fromByteOffset: at, as: UInt64.self), 0xE703_7ED1_A0B4_28DB)
            at &+= 8
        }
        var tail: UInt64 = 0
        while at < key.count {
            tail = tail &<< 8 | UInt64(key[at])
            at &+= 1
        }
        return Self.fold(hash ^ tail, 0x8EBC_6AF0_9C88_C6E3 ^ UInt64(truncatingIfNeeded: key.count))
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
