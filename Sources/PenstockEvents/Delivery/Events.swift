//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One event as steps and sinks see it.
public struct Event: Sendable {
    /// The bytes, without a line end.
    public let bytes: ArraySlice<UInt8>
    /// Where it came from.
    public let origin: EventOrigin
    /// When it arrived, in nanoseconds since 1970; before a restart, if a durable queue has kept it since.
    package let receivedAt: Int64

    /// The bytes as text; what is not UTF-8 is replaced.
    public var text: String { String(decoding: self.bytes, as: UTF8.self) }
}

/// Whole events that stand one behind the other in one piece of memory, each with its origin.
public struct Events: Sendable {
    /// Where one event stands, and who it is.
    struct Mark: Sendable, Equatable {
        /// The first byte's place.
        var start: Int
        /// How many bytes, without the line end.
        var length: Int
        var position: UInt64
        /// Its place among the routed events of its group.
        var index: Int
        /// Its place in ``Events/groups``.
        var group: Int
    }

    /// What several events have in common: they came from one source in one batch.
    struct Group: Sendable {
        var source: String
        var session: UInt64
        /// When they arrived, in nanoseconds since 1970.
        var receivedAt: Int64 = 0
        /// The accounts of the events on their way to sinks; nil before they were routed.
        var routed: RoutedEvents?
    }

    /// The bytes of all events, each with an LF behind it.
    public internal(set) var lines: [UInt8] = []
    var marks: [Mark] = []
    var groups: [Group] = []

    /// Creates no events.
    init() {}

    /// Adds an event, copying its bytes.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        position: UInt64,
        index: Int,
        group: Int
    ) {
        self.marks.append(
            Mark(start: self.lines.count, length: bytes.count, position: position, index: index, group: group)
        )
        self.lines.append(contentsOf: bytes)
        self.lines.append(UInt8(ascii: "\n"))
    }

    /// Adds an event that a function makes.
    ///
    /// - Parameters:
    ///   - position: Its position at its source.
    ///   - group: Its place in ``groups``.
    ///   - make: Appends its bytes, or says why there is none.
    /// - Returns: Why nothing was added; nil when it was.
    @inline(__always)
    mutating func append(position: UInt64, group: Int, _ make: (inout [UInt8]) -> String?) -> String? {
        let start = self.lines.count
        if let problem = make(&self.lines) {
            self.lines.removeLast(self.lines.count - start)
            return problem
        }
        self.marks.append(
            Mark(start: start, length: self.lines.count - start, position: position, index: 0, group: group)
        )
        self.lines.append(UInt8(ascii: "\n"))
        return nil
    }

    /// Adds some of other events, copying their bytes.
    mutating func append(_ range: some Collection<Int>, of other: Events) {
        let firstGroup = self.groups.count
        self.groups += other.groups
        other.lines.withUnsafeBytes { bytes in
            for place in range {
                let mark = other.marks[place]
                self.append(
                    UnsafeRawBufferPointer(rebasing: bytes[mark.start..<mark.start + mark.length]),
                    position: mark.position,
                    index: mark.index,
                    group: firstGroup + mark.group
                )
            }
        }
    }

    /// Adds some of other events that have the same groups, copying their bytes.
    mutating func append(_ range: Range<Int>, ofSameGroups other: Events) {
        other.lines.withUnsafeBytes { bytes in
            for mark in other.marks[range] {
                let line = UnsafeRawBufferPointer(rebasing: bytes[mark.start..<mark.start + mark.length])
                self.append(line, position: mark.position, index: mark.index, group: mark.group)
            }
        }
    }

    /// The bytes, and the slices of them that are events, for the time of a call.
    ///
    /// - Parameters:
    ///   - first: The position that positions are told from.
    ///   - body: What to call.
    func withSlices<Result>(
        from first: UInt64,
        _ body: (UnsafePointer<UInt8>, UnsafeBufferPointer<EventSlice>) -> Result
    ) -> Result? {
        let slices = self.marks.map { mark in
            EventSlice(
                offset: UInt32(truncatingIfNeeded: mark.start),
                length: UInt32(truncatingIfNeeded: mark.length),
                positionOffset: UInt32(truncatingIfNeeded: mark.position &- first)
            )
        }
        return self.lines.withUnsafeBufferPointer { bytes in
            slices.withUnsafeBufferPointer { slices in bytes.baseAddress.map { body($0, slices) } }
        }
    }

    /// Some of the events, in a piece of memory of their own.
    func selecting(_ places: some Collection<Int>) -> Events {
        if places.count == self.count { return self }
        var selected = Events()
        selected.append(places, of: self)
        return selected
    }
}

extension Events: RandomAccessCollection {
    /// The first event's place: 0.
    public var startIndex: Int { 0 }

    /// The place behind the last event.
    public var endIndex: Int { self.marks.count }

    /// One of the events; its bytes are not copied.
    public subscript(place: Int) -> Event {
        let mark = self.marks[place]
        let group = self.groups[mark.group]
        return Event(
            bytes: self.lines[mark.start..<mark.start + mark.length],
            origin: EventOrigin(source: group.source, session: group.session, position: mark.position),
            receivedAt: group.receivedAt
        )
    }
}
