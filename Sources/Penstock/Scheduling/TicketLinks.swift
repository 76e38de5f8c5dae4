//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Doubly linked lists of tickets, over one table.
///
/// Adding, taking and removing cost the same however many there are. A ticket is in at most one of the lists of a table.
/// Lanes are linked in the same way, by their numbers.
@usableFromInline
struct TicketLinks: ~Copyable, Sendable {
    /// The number of no ticket.
    @inlinable static var none: Int32 { -1 }

    /// The ends of a list.
    @usableFromInline
    struct List: BitwiseCopyable, Sendable {
        @usableFromInline var first = TicketLinks.none
        @usableFromInline var last = TicketLinks.none

        @inlinable
        init() {}

        @inlinable @inline(__always) var isEmpty: Bool { self.first == TicketLinks.none }
    }

    @usableFromInline
    struct Link: BitwiseCopyable, Sendable {
        @usableFromInline var previous: Int32
        @usableFromInline var next: Int32

        @inlinable
        init(previous: Int32, next: Int32) {
            self.previous = previous
            self.next = next
        }
    }

    @usableFromInline var links = TicketTable<Link>()

    @inlinable
    init() {}

    /// Prepares for numbers below `capacity`.
    @inlinable
    mutating func prepare(capacity: Int) { self.links.prepare(capacity: capacity) }

    /// Sees to it that there is memory for a number that may be higher than was prepared for.
    @inlinable
    @inline(__always)
    mutating func cover(_ index: Int32) { self.links.cover(index) }

    /// Adds one that is in no list.
    @inlinable
    @inline(__always)
    func append(_ index: Int32, to list: inout List) {
        self.links[index] = Link(previous: list.last, next: Self.none)
        if list.isEmpty { list.first = index } else { self.links[list.last].next = index }
        list.last = index
    }

    /// Removes one from the list it is in.
    @inlinable
    @inline(__always)
    func remove(_ index: Int32, from list: inout List) {
        let link = self.links[index]
        if link.previous == Self.none { list.first = link.next } else { self.links[link.previous].next = link.next }
        if link.next == Self.none { list.last = link.previous } else { self.links[link.next].previous = link.previous }
    }

    /// Removes the first; there must be one.
    @inlinable
    @inline(__always)
    func removeFirst(from list: inout List) -> Int32 {
        let index = list.first
        list.first = self.links[index].next
        if list.isEmpty { list.last = Self.none } else { self.links[list.first].previous = Self.none }
        return index
    }

    /// Removes the last; there must be one.
    @inlinable
    @inline(__always)
    func removeLast(from list: inout List) -> Int32 {
        let index = list.last
        list.last = self.links[index].previous
        if list.last == Self.none { list.first = Self.none } else { self.links[list.last].next = Self.none }
        return index
    }

    /// The one after another in their list; `none` for the last.
    @inlinable
    @inline(__always)
    func next(after index: Int32) -> Int32 { self.links[index].next }
}

extension JobTicket {
    @inlinable
    @inline(__always)
    init(_ number: Int32) { self.init(Int(number)) }

    /// The number, as the disciplines' tables keep it.
    @inline(__always)
    @inlinable var number: Int32 { Int32(truncatingIfNeeded: self.index) }
}
