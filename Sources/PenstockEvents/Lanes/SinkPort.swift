//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// One sink of a run, with its lane.
///
/// A worker writes to a file or a stream itself while the lane is idle, which saves a copy and two hand-overs; what cannot
/// be written then goes to the lane. So the lane has all waiting and trying again, whoever began.
final class SinkPort: Sendable {
    let name: String
    let index: Int
    let whenFull: SinkOptions.WhenFull
    let lane: SinkLane
    private let end: SinkEnd
    /// Whether a worker may write.
    private let isDirect: Bool

    /// Creates a port.
    ///
    /// - Parameters:
    ///   - sink: The sink.
    ///   - index: Its place among the sinks.
    ///   - end: What the sink writes to.
    ///   - isOnly: Whether there is no other sink.
    ///   - lane: The sink's lane.
    init(_ sink: NamedSink, index: Int, end: SinkEnd, isOnly: Bool, lane: SinkLane) {
        self.name = sink.name
        self.index = index
        self.end = end
        self.lane = lane
        self.whenFull = sink.whenFull(isOnly: isOnly)
        switch end {
        // Only the lane can wait for more events.
        case _ where sink.options.linger > .zero: self.isDirect = false
        case .null: self.isDirect = true
        // A pipe that nobody reads holds up whoever writes to it: only workers that have nothing else to do may.
        case .writer(let writer): self.isDirect = writer.isRegular || (isOnly && self.whenFull == .wait)
        case .custom: self.isDirect = false
        }
    }

    /// Whether a worker may write now.
    var takesDirectly: Bool { self.isDirect && self.lane.isIdle }

    /// Writes lines in the worker's thread.
    ///
    /// - Returns: How many were written whole, the first ones.
    func write(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> Int {
        switch self.end {
        case .writer(let writer): writer.write(bytes, lines: count).delivered
        case .null: count
        case .custom: 0
        }
    }
}
