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

/// Compares a key in a line with the names of a ``FieldSet``, without counting references.
///
/// SAFETY: made by ``FieldSet/withMatcher(_:)`` alone, and used only within that call.
struct FieldMatcher {
    /// What a key is compared with first: its first eight bytes and its length.
    struct Entry: Sendable {
        let prefix: UInt64
        let length: Int
        let offset: Int
    }

    private let entries: UnsafeBufferPointer<Entry>
    private let bytes: UnsafeBufferPointer<UInt8>
    /// One bit for each name, by hash: a key whose bit is not set is none of them.
    private let likely: UInt64

    init(entries: UnsafeBufferPointer<Entry>, bytes: UnsafeBufferPointer<UInt8>, likely: UInt64) {
        self.entries = entries
        self.bytes = bytes
        self.likely = likely
    }

    /// The bit of a key in `likely`.
    @inline(__always)
    static func bit(prefix: UInt64, length: Int) -> UInt64 {
        1 &<< (((prefix &+ UInt64(truncatingIfNeeded: length)) &* 0x9E37_79B9_7F4A_7C15) &>> 58)
    }

    /// The index of the name that stands at `key`, or -1.
    ///
    /// - Parameters:
    ///   - key: The first byte of the key.
    ///   - length: How many bytes it has.
    ///   - readable: How many bytes may be read from `key` on, at least `length`.
    @inline(__always)
    func index(of key: UnsafePointer<UInt8>, length: Int, readable: Int) -> Int {
        let prefix = Self.prefix(of: key, length: length, readable: readable)
        guard self.likely & Self.bit(prefix: prefix, length: length) != 0 else { return -1 }
        return self.index(of: key, length: length, prefix: prefix)
    }

    /// The index of the name that an escaped key spells, or -1.
    @inline(never)
    func index(ofEscaped key: UnsafeBufferPointer<UInt8>) -> Int {
        self.entries.firstIndex { entry in
            JSONText(key).equals(UnsafeBufferPointer(rebasing: self.bytes[entry.offset..<entry.offset + entry.length]))
        } ?? -1
    }

    // MARK: - Private

    @inline(__always)
    private static func prefix(of key: UnsafePointer<UInt8>, length: Int, readable: Int) -> UInt64 {
        if readable >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(key).loadUnaligned(as: UInt64.self))
            return length >= 8 ? word : word & ((1 &<< UInt64(truncatingIfNeeded: 8 &* length)) &- 1)
        }
        var word: UInt64 = 0
        for index in 0..<length { word |= UInt64(key[index]) &<< UInt64(truncatingIfNeeded: 8 &* index) }
        return word
    }

    @inline(__always)
    private func index(of key: UnsafePointer<UInt8>, length: Int, prefix: UInt64) -> Int {
        var index = 0
        while index < self.entries.count {
            let entry = self.entries[index]
            if entry.prefix == prefix, entry.length == length {
                if length <= 8 { return index }
                if let names = self.bytes.baseAddress, memcmp(names + entry.offset, key, length) == 0 { return index }
            }
            index &+= 1
        }
        return -1
    }
}
