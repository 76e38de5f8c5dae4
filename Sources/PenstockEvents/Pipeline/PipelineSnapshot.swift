//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// A pipeline at one instant: what has become of its events, where the others are, and who waits for whom.
public struct PipelineSnapshot: Sendable {
    /// Where a run stands.
    public enum Phase: String, Sendable, CaseIterable {
        /// It has not begun, or opens what it needs.
        case starting
        /// It runs.
        case running
        /// It was told to take no more events from its queue: ``Pipeline/pause()``.
        case paused
        /// It was told to stop, and goes on to accept for as long as its shutdown's delay: nobody should send it more.
        case stopping
        /// It accepts no more, and finishes what it has.
        case draining
        /// It has ended.
        case ended

        /// Whether events move: it runs, or does what it does before its end.
        package var isMoving: Bool {
            switch self {
            case .running, .stopping, .draining: true
            case .starting, .paused, .ended: false
            }
        }
    }

    /// The pipeline's name.
    public var pipeline: String
    /// Where the run stands.
    public var phase = Phase.starting
    /// Since the run began.
    public var elapsed = Duration.zero
    /// The events.
    public var events = EventLedger()
    /// The rows of the aggregate; nil without one.
    public var rows: RowLedger?
    /// Whether every equation of every ledger holds at this instant.
    public var isBalanced = true
    /// From the arrival of an event to its fate.
    public var latency = LatencyHistogram()
    /// The queue and its workers; each event counts as a job. Nil before the run has begun.
    public var pool: PoolSnapshot?
    /// Bytes of events in the queue, and the most there may be.
    public var queueBytes = 0
    /// The most bytes of events that may be in the queue.
    public var queueBytesMax = 0
    /// Where the workers' time went: blocked is the time they waited for a place with a sink.
    public var workerTimes = WorkerTimes()
    /// What a durable queue keeps; nil for one in memory.
    public var store: StoreSnapshot?
    /// The sources, in the order of the description.
    public var sources: [SourceSnapshot] = []
    /// The sinks, in the order of the description.
    public var sinks: [SinkSnapshot] = []
    /// The pipeline's tasks that have not ended, those of its pools among them, the oldest first. A sink that hangs may keep some
    /// beyond the end of the run.
    public var tasks: [LiveTask] = []
    /// The batches that took longest of those that ended within the last minute, the longest first; at most eight.
    public var slowest: [SlowBatch] = []
    /// The key that most events of the last seconds have, of those that an aggregate groups by a key; nil without one, and while
    /// there are too few events to say.
    public var hotKey: HotKey?

    /// Creates a snapshot of nothing.
    public init(pipeline: String) {
        self.pipeline = pipeline
    }
}

/// A source at one instant.
public struct SourceSnapshot: Sendable, Equatable {
    /// The source's name.
    public var name: String
    /// Its type, as in a pipeline file; `custom` for one's own.
    public var type: String
    /// Events that it has handed over.
    public var events = 0
    /// Bytes of events that it has handed over.
    public var bytes = 0

    /// Creates the snapshot of a source that has read nothing.
    public init(name: String, type: String) {
        self.name = name
        self.type = type
    }
}

/// A sink at one instant.
public struct SinkSnapshot: Sendable, Equatable {
    /// The sink's name.
    public var name: String
    /// Its type, as in a pipeline file; `custom` for one's own.
    public var type: String
    /// What was routed to it.
    public var ledger = SinkLedger()
    /// Events in its queue, those that are being written among them.
    public var depth = 0
    /// The most there may be.
    public var capacity = 0
    /// Bytes of those.
    public var bytes = 0
    /// The most there may be.
    public var bytesMax = 0
    /// How full its queue is, from 0 to 1: of events or of bytes, whichever is more.
    public var utilization: Double {
        func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
        return max(share(self.depth, of: self.capacity), share(self.bytes, of: self.bytesMax))
    }
    /// How long the oldest event in its queue has waited there to be written.
    public var oldestAge = Duration.zero
    /// How many workers of the pool wait for a place in its queue.
    public var workersWaiting = 0
    /// How long workers have waited for a place in its queue, all together.
    public var workersWaited = Duration.zero
    /// How many writes may run at a time.
    public var writers = 0
    /// How many run.
    public var writing = 0
    /// How long writes took, those that failed among them.
    public var writeTimes = LatencyHistogram()
    /// Writes that failed, and were tried again or given up.
    public var failures = 0
    /// Writes that were tried again.
    public var retries = 0
    /// What the last failure said; nil when the last write succeeded or none was made.
    public var lastError: String?

    /// Creates the snapshot of a sink that has written nothing.
    public init(name: String, type: String) {
        self.name = name
        self.type = type
    }
}

/// A batch of events that a worker was long with.
public struct SlowBatch: Sendable, Equatable {
    /// The name of its source.
    public var source: String
    /// The position of its first event in the source.
    public var position: UInt64
    /// How many events it had.
    public var events: Int
    /// How long the worker was with it, its waits for sinks included.
    public var elapsed: Duration
    /// How long ago that ended.
    public var age: Duration

    /// Creates a slow batch.
    public init(source: String, position: UInt64, events: Int, elapsed: Duration, age: Duration) {
        self.source = source
        self.position = position
        self.events = events
        self.elapsed = elapsed
        self.age = age
    }
}
