//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where events go: a sink of one's own.
///
/// Each sink has a lane of its own: a bounded queue and a bounded number of writes at a time, on threads that are the
/// lane's. A sink that is slow or dead holds up no other one unless ``SinkOptions/whenFull`` says so, and a write may
/// block its thread.
///
/// What a sink can rely on:
/// - ``open()`` has returned before the first write, and ``close()`` is called after the last.
/// - At most ``SinkOptions/concurrency`` writes run at a time; with one, batches come in the order of the lane.
/// - A batch that is tried again holds the same events in the same order, and has the same ``SinkBatch/id``.
///
/// What a pipeline relies on: an event answered with ``EventAnswer/delivered`` is safe. A write that throws is one whose
/// events are all tried again.
public protocol EventSink: PipelineEnd {
    /// Makes the sink ready, before any source has started and any file has been changed.
    ///
    /// It may block its thread. Its task is cancelled when it takes longer than ``PipelineConfiguration/openTimeMax``, or when the
    /// pipeline is told to drain; one that comes back after that is closed.
    ///
    /// - Throws: Why the run cannot start.
    func open() async throws

    /// Writes a batch, and says what became of it.
    ///
    /// Its task is cancelled when the deadline of a drain has passed. A write that goes on then is abandoned: its events
    /// are counted so, whatever it answers.
    ///
    /// - Parameter batch: The events; at least one.
    /// - Returns: What became of them.
    /// - Throws: ``SinkBroken`` when the sink will never take anything again; anything else is as good as
    ///   ``SinkAnswer/retry(_:after:)``.
    func write(_ batch: SinkBatch) async throws -> SinkAnswer

    /// Ends the sink, after the last write.
    ///
    /// - Throws: Why what was written may not be safe; the run has failed then.
    func close() async throws
}

extension EventSink {
    /// Does nothing.
    public func open() async throws {}

    /// Does nothing.
    public func close() async throws {}
}

/// A sink of another module of Penstock, which can tell before a run whether it could be opened.
package protocol DescribedSink: EventSink {
    /// What and where it is, for people.
    var place: String { get }

    /// Looks whether `open()` would succeed; changes nothing.
    ///
    /// - Throws: Why it would not.
    func check() throws
}

/// A sink that has each event once, however often it is written.
package protocol OnceSink: EventSink {}

/// Events that are written together.
public struct SinkBatch: Sendable {
    /// The name of the batch: the same each time these events are tried, in this run and after a restart.
    ///
    /// It follows from the sink's name and the origins of the events in their order. When a sink has dealt with some of a
    /// batch, the others are a batch with a name of its own: a sink that keeps the names of what it has written can leave
    /// out what comes again.
    public let id: SinkBatchID
    /// Which attempt this is, from 1.
    public let attempt: Int
    /// The events.
    public let events: Events
}

/// The name of a batch: 128 bits that no other batch has.
public struct SinkBatchID: Sendable, Hashable, CustomStringConvertible {
    private var high: UInt64
    private var low: UInt64

    /// 32 hexadecimal digits.
    public var description: String {
        [self.high, self.low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Works the name out.
    init(sink: String, _ events: Events) {
        self.high = 0x9E37_79B9_7F4A_7C15
        self.low = 0xC2B2_AE3D_27D4_EB4F
        self.add(sink)
        for group in events.groups {
            self.add(group.source)
            self.add(group.session)
        }
        for mark in events.marks { self.add(mark.position &+ UInt64(truncatingIfNeeded: mark.group) << 48) }
    }

    private mutating func add(_ text: String) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        self.add(hash)
    }

    private mutating func add(_ value: UInt64) {
        self.high = Self.mixed(self.high ^ value)
        self.low = Self.mixed(self.low &+ value &* 0x9FB2_1C65_1E98_DF25)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
