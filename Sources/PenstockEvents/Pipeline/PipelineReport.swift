//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// How a run ended.
package enum PipelineExit: Sendable {
    /// The sources came to their end, and every accepted event has its fate.
    case drained
    /// The run was told to stop, and every accepted event has its fate.
    case interrupted
    /// The run was told to stop, and its deadline passed before every accepted event had been handled.
    case deadlinePassed
    /// A source or a sink failed.
    case failed(PenstockError)

    /// The word for it in the report.
    package var name: String {
        switch self {
        case .drained: "drained"
        case .interrupted: "interrupted"
        case .deadlinePassed: "deadline"
        case .failed: "failed"
        }
    }
}

/// What a run did, with every event counted.
package struct PipelineReport: Sendable {
    /// One sink's part.
    package struct Sink: Sendable {
        /// The sink's name.
        package var name: String
        /// What was routed to it.
        package var ledger: SinkLedger

        /// Creates a sink's part.
        package init(name: String, ledger: SinkLedger) {
            self.name = name
            self.ledger = ledger
        }
    }

    /// The pipeline's name.
    package var pipeline: String
    /// How long the run took.
    package var seconds: Double
    /// Events with a fate, a second.
    package var eventsPerSecond: Double
    /// Whether every equation of every ledger holds, the queue's own included, and both count the same events.
    package var balanced: Bool
    /// The events.
    package var events: EventLedger
    /// The sinks, in the order of the description.
    package var sinks: [Sink]
    /// The rows of the aggregate; `nil` without one.
    package var rows: RowLedger?
    /// From the arrival of an event to its fate, in nanoseconds.
    package var latency: LatencyHistogram
    /// The most memory the process has held.
    package var memoryPeakBytes: Int
    /// How the run ended.
    package var exit: PipelineExit

    /// Creates a report.
    package init(
        pipeline: String,
        seconds: Double,
        eventsPerSecond: Double,
        balanced: Bool,
        events: EventLedger,
        sinks: [Sink],
        rows: RowLedger?,
        latency: LatencyHistogram,
        memoryPeakBytes: Int,
        exit: PipelineExit
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
    }
}

/// How far a run has come, for a line on a terminal.
package struct PipelineProgress: Sendable {
    /// The events so far.
    package var events = EventLedger()
    /// How many events and rows sinks are writing; one that goes to two sinks counts twice.
    package var writing = 0
    /// Bytes read from files and the standard input.
    package var bytesRead = 0
    /// Bytes there are to read, with repeats; `nil` when a source has no known end or has none in bytes.
    package var bytesTotal: Int?
    /// Events there are to make, when all sources are generators with a count; `nil` otherwise.
    package var countTotal: Int?
    /// Since the run began.
    package var elapsed: Duration = .zero
    /// Whether the run has been told to stop or is emptying its queue.
    package var isDraining = false

    /// Creates progress of nothing.
    package init() {}
}
