//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Since when the batches of a store have been there, in a memory of fixed size.
///
/// Batches are kept in groups, by their numbers: those of one transaction, and of several that follow one another once there are
/// too many groups. A group is as old as its oldest batch was, until it is empty.
struct StoreAges: Sendable {
    private struct Group {
        /// The greatest number in it.
        var last: Int64
        /// How many of its batches are still there.
        var left: Int
        var since: UInt64
    }

    /// The most groups, an even number.
    static let groupsMax = 512

    private var groups: [Group] = []

    /// How many groups there are.
    var groupCount: Int { self.groups.count }

    /// Since when the oldest batch has been there; nil when there is none.
    var oldest: UInt64? { self.groups.first?.since }

    /// Batches were added.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - last: The greatest of their numbers, which is greater than all before.
    ///   - now: When.
    mutating func add(_ count: Int, through last: Int64, at now: UInt64) {
        guard count > 0 else { return }
        if self.groups.count == Self.groupsMax { self.halve() }
        self.groups.append(Group(last: last, left: count, since: now))
    }

    /// Batches were removed.
    mutating func remove(_ numbers: [Int64]) {
        var isEmptied = false
        for number in numbers {
            guard let place = self.place(of: number) else { continue }
            self.groups[place].left -= 1
            isEmptied = isEmptied || self.groups[place].left <= 0
        }
        if isEmptied { self.groups.removeAll { $0.left <= 0 } }
    }

    // MARK: - Private

    /// The group that a number belongs to.
    private func place(of number: Int64) -> Int? {
        var (low, high) = (0, self.groups.count)
        while low < high {
            let middle = (low + high) / 2
            if self.groups[middle].last < number { low = middle + 1 } else { high = middle }
        }
        return low < self.groups.count ? low : nil
    }

    /// Makes one group of every two.
    private mutating func halve() {
        self.groups = stride(from: 0, to: self.groups.count - 1, by: 2).map { place in
            let (older, newer) = (self.groups[place], self.groups[place + 1])
            return Group(last: newer.last, left: older.left + newer.left, since: older.since)
        }
    }
}
