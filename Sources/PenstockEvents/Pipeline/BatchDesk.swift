//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a worker works on a batch with: memory that is used again for the next one.
struct BatchDesk: Sendable {
    /// More than this is not kept from one batch to the next.
    static let keptBytesMax = 1 << 20

    /// Where the fields of an event are noted.
    var found: [JSONField]
    /// The fates of the batch's events so far.
    var fates = BatchFates()
    /// The places of the events that the worker writes to all sinks itself.
    var routed: [Int32] = []
    /// The dead letters, and how many.
    var letters: [UInt8] = []
    var letterCount = 0
    /// Why the last event was not taken that was not; nil while all were.
    var reason: String?
    /// What goes to sinks otherwise.
    var drafts: SinkDrafts?
    /// What goes to the next stretch of steps.
    var survivors = Events()
    /// What events are rewritten with.
    var rewriting = RewriteDesk()
    /// Some of the keys of events that are aggregated.
    var keys = KeySample(seed: .random(in: .min ... .max))

    /// Lines for the sinks, other than the current run.
    private var output: [UInt8] = []
    /// Lines for the sinks that stand one behind the other in the batch's buffer, with their LFs.
    private var run = 0..<0

    /// Creates a desk for events of which so many fields are read.
    init(fieldCount: Int) {
        self.found = Array(repeating: .absent, count: fieldCount)
    }

    /// Makes the desk ready for the next batch.
    mutating func clear() {
        self.fates = BatchFates()
        self.routed.removeAll(keepingCapacity: true)
        self.run = 0..<0
        self.letterCount = 0
        self.reason = nil
        self.drafts = nil
        self.survivors = Events()
        self.output.clear(keeping: Self.keptBytesMax)
        self.letters.clear(keeping: Self.keptBytesMax)
    }

    /// Adds an event to what the worker writes to the sinks.
    ///
    /// - Parameters:
    ///   - slice: Where it stands.
    ///   - place: Its place among the slices.
    ///   - bytes: The bytes it stands in.
    @inline(__always)
    mutating func route(_ slice: EventSlice, at place: Int, _ bytes: UnsafePointer<UInt8>) {
        self.routed.append(Int32(truncatingIfNeeded: place))
        let start = Int(slice.offset)
        let end = start + Int(slice.length)
        // Behind a slice stands an LF, or a CR that does not belong to the event.
        let isWhole = bytes[end] == UInt8(ascii: "\n")
        if isWhole, start == self.run.upperBound, !self.run.isEmpty {
            self.run = self.run.lowerBound..<end + 1
            return
        }
        self.endRun(bytes)
        if isWhole {
            self.run = start..<end + 1
        } else {
            self.output.append(contentsOf: UnsafeBufferPointer(start: bytes + start, count: end - start))
            self.output.append(UInt8(ascii: "\n"))
        }
    }

    /// Calls a function with all lines for the sinks; a batch of which every line goes on is not copied.
    mutating func withRouted<Result>(
        _ bytes: UnsafePointer<UInt8>,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if self.output.isEmpty {
            return body(UnsafeRawBufferPointer(start: bytes + self.run.lowerBound, count: self.run.count))
        }
        self.endRun(bytes)
        return self.output.withUnsafeBytes(body)
    }

    private mutating func endRun(_ bytes: UnsafePointer<UInt8>) {
        guard !self.run.isEmpty else { return }
        self.output.append(
            contentsOf: UnsafeBufferPointer(start: bytes + self.run.lowerBound, count: self.run.count)
        )
        self.run = 0..<0
    }
}

extension [UInt8] {
    fileprivate mutating func clear(keeping capacityMax: Int) {
        if self.isEmpty { return }
        self.removeAll(keepingCapacity: self.capacity <= capacityMax)
    }
}
