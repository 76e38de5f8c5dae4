//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How many events there were of each service and status: a hash table with open addressing.
struct ServiceCounts {
    private struct Entry {
        var key: ScanOutput
        var count: UInt64
    }

    private let lines: EventLines
    private var entries: [Entry]
    private var used = 0

    init(lines: EventLines) {
        self.lines = lines
        self.entries = Self.empty(256)
    }

    /// Counts an event.
    @inline(__always)
    mutating func count(_ output: ScanOutput) { self.add(output, 1) }

    /// Adds the counts of another table on the same lines.
    mutating func merge(_ other: ServiceCounts) {
        for entry in other.entries where entry.count > 0 { self.add(entry.key, entry.count) }
    }

    /// The sum of count x status x length of the service, modulo 2^64.
    var check: UInt64 {
        self.entries.reduce(0) { $0 &+ $1.count &* UInt64($1.key.status) &* UInt64($1.key.length) }
    }

    // MARK: - Private

    private static func empty(_ capacity: Int) -> [Entry] {
        let none = ScanOutput(due: 0, start: 0, length: 0, status: 0, prefix: 0)
        return Array(repeating: Entry(key: none, count: 0), count: capacity)
    }

    @inline(__always)
    private mutating func add(_ key: ScanOutput, _ count: UInt64) {
        var index = self.hash(key) & (self.entries.count - 1)
        while self.entries[index].count > 0 {
            if self.isSame(self.entries[index].key, key) {
                self.entries[index].count &+= count
                return
            }
            index = (index + 1) & (self.entries.count - 1)
        }
        self.insert(key, count, at: index)
    }

    private mutating func insert(_ key: ScanOutput, _ count: UInt64, at index: Int) {
        self.entries[index] = Entry(key: key, count: count)
        self.used += 1
        guard self.used * 2 > self.entries.count else { return }
        let old = self.entries
        self.entries = Self.empty(old.count * 2)
        self.used = 0
        for entry in old where entry.count > 0 { self.add(entry.key, entry.count) }
    }

    @inline(__always)
    private func hash(_ key: ScanOutput) -> Int {
        let mixed = key.prefix ^ UInt64(key.status) << 24 ^ UInt64(key.length)
        // The upper bits depend on all of them, the lower ones do not.
        return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) >> 48)
    }

    @inline(__always)
    private func isSame(_ left: ScanOutput, _ right: ScanOutput) -> Bool {
        left.prefix == right.prefix && left.status == right.status && left.length == right.length
            && (left.length <= 8 || self.isSameText(left, right))
    }

    private func isSameText(_ left: ScanOutput, _ right: ScanOutput) -> Bool {
        let length = Int(left.length)
        return self.lines.bytes[Int(left.start)...].prefix(length)
            .elementsEqual(self.lines.bytes[Int(right.start)...].prefix(length))
    }
}
