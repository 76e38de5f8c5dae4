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
package struct EventLedger: Sendable, Equatable {
    /// Events handed to the queue, whatever it said.
    package var offered = 0
    /// Events the queue refused because the pipeline was draining.
    package var rejected = 0
    /// Events a source holds until the queue has a place.
    package var waiting = 0
    /// Events the queue took.
    package var accepted = 0
    /// Events that reached every sink.
    package var delivered = 0
    /// Events that a filter ended.
    package var filtered = 0
    /// Events that went into an aggregate.
    package var aggregated = 0
    /// Events written to the dead-letter sink.
    package var deadLettered = 0
    /// Events that were lost, by reason.
    package var dropped: [String: Int] = [:]
    /// Events accepted and without a fate yet.
    package var inFlight = 0
    /// Events left safe in a durable queue.
    package var stored = 0

    /// Creates a ledger of zeros.
    package init() {}

    /// Whether both equations hold.
    package var isBalanced: Bool {
        self.offered == self.accepted + self.rejected + self.waiting && self.accepted == self.fates + self.inFlight
    }

    /// Events that have come to an end.
    package var fates: Int {
        self.delivered + self.filtered + self.aggregated + self.deadLettered + self.droppedTotal + self.stored
    }

    /// Events that were lost, whatever the reason.
    package var droppedTotal: Int { self.dropped.values.reduce(0, +) }
}

/// What was routed to a sink, counted by its fates.
package struct SinkLedger: Sendable, Equatable {
    /// Events and rows that were to be written.
    package var routed = 0
    /// Events and rows written whole.
    package var delivered = 0
    /// Events and rows that the sink refused one by one.
    package var deadLettered = 0
    /// Events and rows that were lost, by reason.
    package var dropped: [String: Int] = [:]
    /// Events and rows being written.
    package var inFlight = 0

    /// Creates a ledger of zeros.
    package init() {}

    /// Whether what was routed has been counted again where it ended.
    package var isBalanced: Bool {
        self.routed == self.delivered + self.deadLettered + self.dropped.values.reduce(0, +) + self.inFlight
    }
}

/// The rows of an aggregate, counted by their fates.
package struct RowLedger: Sendable, Equatable {
    /// Rows that closed windows have made.
    package var emitted = 0
    /// Rows that reached every sink.
    package var delivered = 0
    /// Rows that a sink refused one by one.
    package var deadLettered = 0
    /// Rows that were lost, by reason.
    package var dropped: [String: Int] = [:]
    /// Rows being written.
    package var inFlight = 0

    /// Creates a ledger of zeros.
    package init() {}

    /// Whether what was emitted has been counted again where it ended.
    package var isBalanced: Bool {
        self.emitted == self.delivered + self.deadLettered + self.dropped.values.reduce(0, +) + self.inFlight
    }
}
