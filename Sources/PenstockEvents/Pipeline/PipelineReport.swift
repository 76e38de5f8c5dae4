//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// How a run ended.
public enum PipelineExit: Sendable {
    /// The sources came to their end, and every accepted event has its fate.
    case drained
    /// The run was told to stop, and every accepted event has its fate or is safe in a durable queue.
    case interrupted
    /// The run was told to stop, and its deadline passed before every accepted event had been handled.
    case deadlinePassed
    /// A source or a sink failed.
    case failed(PenstockError)

    /// The word for it in the report.
    public var name: String {
        switch self {
        case .drained: "drained"
        case .interrupted: "interrupted"
        case .deadlinePassed: "deadline"
        case .failed: "failed"
        }
    }
}

/// What a run did, with every event counted.
public struct PipelineReport: Sendable {
    /// One sink's part.
    public struct Sink: Sendable {
        /// The sink's name.
        public var name: String
        /// What was routed to it.
        public var ledger: SinkLedger
        /// Why the last event was not taken of those that it, or its full queue, has not; `nil` when there was none.
        public var lastReason: String?

        /// Creates a sink's part.
        public init(name: String, ledger: SinkLedger, lastReason: String? = nil) {
            self.name = name
            self.ledger = ledger
            self.lastReason = lastReason
        }
    }

    /// The pipeline's name.
    public var pipeline: String
    /// How long the run took.
    public var seconds: Double
    /// Events with a fate, a second.
    public var eventsPerSecond: Double
    /// Whether every equation of every ledger holds, the queue's own included, and both count the same events.
    public var balanced: Bool
    /// The events.
    public var events: EventLedger
    /// The sinks, in the order of the description.
    public var sinks: [Sink]
    /// Why the last event was not taken of those that the decoding and the steps have not; `nil` when there was none.
    public var lastReason: String?
    /// The rows of the aggregate; `nil` without one.
    public var rows: RowLedger?
    /// From the arrival of an event to its fate, in nanoseconds.
    public var latency: LatencyHistogram
    /// The most memory the process has held.
    public var memoryPeakBytes: Int
    /// How the run ended.
    public var exit: PipelineExit

    /// The report of a run that was told to stop before it began.
    init(unstarted description: PipelineDescription, seconds: Double) {
        let aggregates = description.steps.contains { if case .aggregate = $0 { true } else { false } }
        self.init(
            pipeline: description.name,
            seconds: seconds,
            eventsPerSecond: 0,
            balanced: true,
            events: EventLedger(),
            sinks: description.sinks.map { Sink(name: $0.name, ledger: SinkLedger()) },
            rows: aggregates ? RowLedger() : nil,
            latency: LatencyHistogram(),
            memoryPeakBytes: PeakMemory.bytes(),
            exit: .interrupted
        )
    }

    /// Creates a report.
    public init(
        pipeline: String,
        seconds: Double,
        eventsPerSecond: Double,
        balanced: Bool,
        events: EventLedger,
        sinks: [Sink],
        rows: RowLedger?,
        latency: LatencyHistogram,
        memoryPeakBytes: Int,
        exit: PipelineExit,
        lastReason: String? = nil
    ) {
        self.pipeline = pipeline
        self.seconds = seconds
        self.eventsPerSecond = eventsPerSecond
        self.balanced = balanced
        self.events = events
        self.sinks = sinks
        self.rows = rows
        self.latency = latency
        self.memoryPeakBytes = memoryPeakBytes
        self.exit = exit
        self.lastReason = lastReason
    }
}

/// How far a run has come, for a line on a terminal.
public struct PipelineProgress: Sendable {
    /// The events so far.
    public var events = EventLedger()
    /// How many events and rows sinks are writing; one that goes to two sinks counts twice.
    public var writing = 0
    /// Bytes read from files and the standard input.
    public var bytesRead = 0
    /// Bytes there are to read, with repeats; `nil` when a source has no known end or has none in bytes.
    public var bytesTotal: Int?
    /// Events there are to make, when all sources are generators with a count; `nil` otherwise.
    public var countTotal: Int?
    /// Since the run began.
    public var elapsed: Duration = .zero
    /// Whether the run has been told to stop or is emptying its queue.
    public var isDraining = false

    /// Creates progress of nothing.
    public init() {}
}
