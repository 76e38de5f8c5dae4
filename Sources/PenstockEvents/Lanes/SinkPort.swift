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
    let meter: SinkMeter
    private let time: TimeSource
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
    ///   - meter: What counts the writes.
    ///   - time: The clock of writes.
    init(
        _ sink: NamedSink,
        index: Int,
        end: SinkEnd,
        isOnly: Bool,
        lane: SinkLane,
        meter: SinkMeter,
        time: TimeSource
    ) {
        self.name = sink.name
        self.index = index
        self.end = end
        self.lane = lane
        self.meter = meter
        self.time = time
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

    /// Whether events may be dropped at once: the sink's queue is full and it drops then. Where it is not, they have to be
    /// copied for it.
    var dropsWhenFull: Bool { self.whenFull == .drop }

    /// Writes lines in the worker's thread.
    ///
    /// - Returns: How many were written whole, the first ones.
    func write(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> Int {
        switch self.end {
        case .writer(let writer):
            withBlockingDownstreamWait {
                let begun = self.time.now()
                self.meter.begin()
                let delivered = writer.write(bytes, lines: count).delivered
                let failure = delivered < count ? "not all was written" : nil
                self.meter.end(elapsed: self.time.now() &- begun, failure: failure)
                return delivered
            }
        case .null: count
        case .custom: 0
        }
    }
}
