//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Events that have come to a sink's lane together.
struct LaneSegment: Sendable {
    let events: Events
    /// When they came, on the pipeline's clock.
    let arrival: UInt64
    /// What a tracer knows of the batch that they came from.
    var origin: (any Sendable)?
}

/// Some of the events of a segment that nobody has taken yet.
struct LanePart: Sendable {
    var segment: LaneSegment
    var range: Range<Int>

    /// What the first `count` events hold, with their line ends.
    func bytes(ofFirst count: Int) -> Int {
        guard count > 0 else { return 0 }
        let first = self.segment.events.marks[self.range.lowerBound]
        let last = self.segment.events.marks[self.range.lowerBound + count - 1]
        return last.start + last.length + 1 - first.start
    }
}

/// Events that a writer has taken to write them together.
struct LaneWork: Sendable {
    var events: Events
    /// Which attempt comes, or is made; from 1.
    var attempt: Int
    /// What a tracer knows of the batches that they came from; at most ``originsMax``, the first ones.
    var origins: [any Sendable] = []

    static let originsMax = 32

    /// What they count for in the lane's bounds.
    var bytes: Int { self.events.lines.count }
}
