//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Events of one source that travel together: slices of one buffer and one arrival time.
///
/// Its bytes go back to the pool when the last batch of their buffer is gone.
//
// SAFETY: immutable but for `stage` and `isStored`, which only `PipelineCounts` touches, under its lock, and `receipt`
// and `origin`, which are set before anyone else has the batch. What the pointers lead to is not written any more: see `EventBuffer`.
package final class EventBatch: @unchecked Sendable {
    /// What is wrong with the events before anyone has looked at them.
    enum Defect: Sendable {
        /// Nothing.
        case none
        /// One line that is longer than lines may be; its slice is only the beginning.
        case lineTooLong
        /// It came back from a durable queue other than it went in; its slices are what is left of it.
        case damaged
    }

    /// What a batch says of itself that a durable queue has given back; the pipeline may have no such source any more.
    struct Recalled: Sendable {
        var source: String
        /// In nanoseconds since 1970.
        var receivedAt: Int64
    }

    /// How far the batch has come, as the ledger has counted it.
    enum Stage: Sendable {
        /// Made, and not handed to the queue. Can transition to: `offered`.
        case new
        /// Handed to the queue. Can transition to: `accepted`, `ended`.
        case offered
        /// Taken by the queue; so many events have no fate yet. Can transition to: `accepted`, `ended`.
        case accepted(open: Int)
        /// Each event has its fate, or was refused or given up. Final.
        case ended
    }

    /// Which source it came from, by its place in the description.
    let sourceIndex: Int
    /// The position of the first event: a line, from 1, or the number of a made-up event.
    let firstPosition: UInt64
    /// When the events arrived, on the pipeline's clock; for paced ones, when the first was meant to.
    let arrival: UInt64
    /// What the batch counts towards the queue's limit on bytes: the memory it keeps from other uses.
    let byteCharge: Int
    let defect: Defect
    /// Which stream of its source's positions it belongs to; nil for that of the run.
    let session: UInt64?
    /// Where it came from, when a durable queue has given it back.
    let recalled: Recalled?
    var stage = Stage.new
    /// Whether a durable queue keeps it: its events are not lost when they find no fate.
    var isStored = false
    /// Who waits for the fates of its events; set before it is handed to the queue.
    var receipt: BatchReceipt?
    /// What a tracer knows of whoever handed it over; set before it is handed to the queue.
    var origin: (any Sendable)?

    private let buffer: EventBuffer
    private let sliceStart: Int
    private let sliceCount: Int

    init(
        buffer: EventBuffer,
        slices: Range<Int>,
        sourceIndex: Int,
        firstPosition: UInt64,
        arrival: UInt64,
        byteCharge: Int,
        defect: Defect = .none,
        session: UInt64? = nil,
        recalled: Recalled? = nil
    ) {
        self.buffer = buffer
        self.sliceStart = slices.lowerBound
        self.sliceCount = slices.count
        self.sourceIndex = sourceIndex
        self.firstPosition = firstPosition
        self.arrival = arrival
        self.byteCharge = byteCharge
        self.defect = defect
        self.session = session
        self.recalled = recalled
    }

    /// How many events it has; at least 1.
    var count: Int { self.sliceCount }

    /// Where its events stand in the bytes of the buffer: from the first one's first byte to behind the last one's
    /// last.
    var byteRange: Range<Int> {
        self.withEvents { _, slices in
            let last = slices[slices.count - 1]
            return Int(slices[0].offset)..<Int(last.offset) + Int(last.length)
        }
    }

    /// The bytes of the buffer and the batch's slices, for the time of a call.
    ///
    /// An LF or a CR follows each slice.
    @inline(__always)
    func withEvents<Result>(
        _ body: (UnsafePointer<UInt8>, UnsafeBufferPointer<EventSlice>) throws -> Result
    ) rethrows -> Result {
        let storage = self.buffer.storage
        let slices = UnsafeBufferPointer(start: storage.slices + self.sliceStart, count: self.sliceCount)
        return try withExtendedLifetime(self.buffer) { try body(UnsafePointer(storage.bytes), slices) }
    }

    /// Each event's position and bytes, copied: for tests and messages.
    var contents: [(position: UInt64, bytes: [UInt8])] {
        self.withEvents { bytes, slices in
            slices.map { slice in
                let line = UnsafeBufferPointer(start: bytes + Int(slice.offset), count: Int(slice.length))
                return (self.firstPosition + UInt64(slice.positionOffset), Array(line))
            }
        }
    }
}
