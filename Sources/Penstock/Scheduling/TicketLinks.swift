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
struct TicketLinks: Sendable {
    /// The number of no ticket.
    static var none: Int32 { -1 }

    /// The ends of a list.
    struct List: Sendable {
        var first = TicketLinks.none
        var last = TicketLinks.none

        @inline(__always) var isEmpty: Bool { self.first == TicketLinks.none }
    }

    private struct Link: Sendable {
        var previous = TicketLinks.none
        var next = TicketLinks.none
    }

    private var links = TicketTable(blank: Link())

    /// Prepares for numbers below `capacity`.
    mutating func prepare(capacity: Int) { self.links.prepare(capacity: capacity) }

    /// Adds one that is in no list.
    @inline(__always)
    mutating func append(_ index: Int32, to list: inout List) {
        self.links.cover(index)
        self.links[index] = Link(previous: list.last)
        if list.isEmpty { list.first = index } else { self.links[list.last].next = index }
        list.last = index
    }

    /// Removes one from the list it is in.
    @inline(__always)
    mutating func remove(_ index: Int32, from list: inout List) {
        let link = self.links[index]
        if link.previous == Self.none { list.first = link.next } else { self.links[link.previous].next = link.next }
        if link.next == Self.none { list.last = link.previous } else { self.links[link.next].previous = link.previous }
    }

    /// Removes the first; there must be one.
    @inline(__always)
    mutating func removeFirst(from list: inout List) -> Int32 {
        let index = list.first
        list.first = self.links[index].next
        if list.isEmpty { list.last = Self.none } else { self.links[list.first].previous = Self.none }
        return index
    }

    /// Removes the last; there must be one.
    @inline(__always)
    mutating func removeLast(from list: inout List) -> Int32 {
        let index = list.last
        list.last = self.links[index].previous
        if list.last == Self.none { list.first = Self.none } else { self.links[list.last].next = Self.none }
        return index
    }

    /// The one after another in their list; `none` for the last.
    @inline(__always)
    func next(after index: Int32) -> Int32 { self.links[index].next }
}

extension JobTicket {
    @inline(__always)
    init(_ number: Int32) { self.init(Int(number)) }

    /// The number, as the disciplines' tables keep it.
    @inline(__always)
    var number: Int32 { Int32(truncatingIfNeeded: self.index) }
}
