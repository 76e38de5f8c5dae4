//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The events of a pipeline, counted by their fates.
///
/// `accepted` and `inFlight` are counts of their own, not worked out from the others: the ledger balances only if
/// every event that came in was counted again where it ended.
public struct EventLedger: Sendable, Equatable {
    /// Events handed to the queue, whatever it said.
    public var offered = 0
    /// Events the queue refused because the pipeline was draining, or because it was full and is to refuse them then.
    public var rejected = 0
    /// The same events by reason: `queue_full`, `stopping`, `store_failing`, `too_large`.
    public var rejectedReasons: [String: Int] = [:]
    /// Events a source holds until the queue has a place.
    public var waiting = 0
    /// Events the queue took.
    public var accepted = 0
    /// Events that reached every sink.
    public var delivered = 0
    /// Events that a filter ended.
    public var filtered = 0
    /// Events that went into an aggregate.
    public var aggregated = 0
    /// Events written to the dead-letter sink.
    public var deadLettered = 0
    /// Events that were lost, by reason.
    public var dropped: [String: Int] = [:]
    /// Events accepted and without a fate yet.
    public var inFlight = 0
    /// Events left safe in a durable queue.
    public var stored = 0
    /// Events that a former run has left in the durable queue; they count as offered and accepted again.
    public var recovered = 0

    /// Creates a ledger of zeros.
    public init() {}

    /// Whether both equations hold.
    public var isBalanced: Bool {
        self.offered == self.accepted + self.rejected + self.waiting && self.accepted == self.fates + self.inFlight
    }

    /// Events that have come to an end.
    public var fates: Int {
        self.delivered + self.filtered + self.aggregated + self.deadLettered + self.droppedTotal + self.stored
    }

    /// Events that were lost, whatever the reason.
    public var droppedTotal: Int { self.dropped.values.reduce(0, +) }
}

/// What was routed to a sink, counted by its fates.
public struct SinkLedger: Sendable, Equatable {
    /// Events and rows that were to be written.
    public var routed = 0
    /// Events and rows written whole.
    public var delivered = 0
    /// Events and rows that the sink refused one by one.
    public var deadLettered = 0
    /// Events and rows that were lost, by reason.
    public var dropped: [String: Int] = [:]
    /// Events and rows being written.
    public var inFlight = 0
    /// Events that the sink has not taken, and that a durable queue keeps for the next run.
    public var stored = 0

    /// Creates a ledger of zeros.
    public init() {}

    /// Whether what was routed has been counted again where it ended.
    public var isBalanced: Bool {
        self.routed
            == self.delivered + self.deadLettered + self.dropped.values.reduce(0, +) + self.stored + self.inFlight
    }
}

/// The rows of an aggregate, counted by their fates.
public struct RowLedger: Sendable, Equatable {
    /// Rows that closed windows have made.
    public var emitted = 0
    /// Rows that reached every sink.
    public var delivered = 0
    /// Rows that a sink refused one by one.
    public var deadLettered = 0
    /// Rows that were lost, by reason.
    public var dropped: [String: Int] = [:]
    /// Rows being written.
    public var inFlight = 0

    /// Creates a ledger of zeros.
    public init() {}

    /// Whether what was emitted has been counted again where it ended.
    public var isBalanced: Bool {
        self.emitted == self.delivered + self.deadLettered + self.dropped.values.reduce(0, +) + self.inFlight
    }
}
