//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

// What fates make of the ledgers.

extension PipelineCounts.State {
    /// A sink has dealt with some events or rows: counts those that it had not dealt with before.
    mutating func settle(
        _ places: some Collection<Int>,
        of routed: RoutedEvents,
        sink: Int,
        _ fate: SinkFate,
        at now: UInt64,
        keepsFailed: Bool
    ) {
        guard !self.isOver else { return }
        var news = 0
        var fates = BatchFates()
        for place in places {
            let (isNews, final) = routed.settle(place, sink: sink, fate)
            if isNews { news += 1 }
            if let final { fates.add(final) }
        }
        self.totals.sinks[sink].settle(news, fate, isStored: self.isStored(routed, fate, keepsFailed: keepsFailed))
        if routed.open == 0 { self.routed[ObjectIdentifier(routed)] = nil }
        switch routed.owner {
        case .batch(let batch): self.finish(batch, fates, at: now, keepsFailed: keepsFailed)
        case .window(let receipts):
            self.totals.rows.add(fates)
            guard routed.open == 0, fates.count > 0 else { return }
            self.settle(receipts, routed.worstFate, keepsFailed: keepsFailed)
        }
    }

    /// Whether a durable queue keeps the events of a batch that a sink has given this fate.
    private func isStored(_ routed: RoutedEvents, _ fate: SinkFate, keepsFailed: Bool) -> Bool {
        guard case .batch(let batch) = routed.owner, batch.isStored, case .dropped(let reason) = fate else {
            return false
        }
        return DropReason.isKept(reason, keepsFailed: keepsFailed)
    }

    /// Events that were on their way to sinks have their fates, unless their batch was given up before.
    private mutating func finish(_ batch: EventBatch, _ fates: BatchFates, at now: UInt64, keepsFailed: Bool) {
        let count = fates.count
        guard count > 0, case .accepted(let open) = batch.stage else { return }
        batch.stage = open > count ? .accepted(open: open - count) : .ended
        self.totals.latency.record(now &- batch.arrival, count: count)
        self.count(fates, of: batch, keepsFailed: keepsFailed)
    }

    /// Events of a batch have their fates, or none in this run if a durable queue keeps them.
    mutating func count(_ fates: BatchFates, of batch: EventBatch, keepsFailed: Bool) {
        var fates = fates
        if batch.isStored, !fates.dropped.isEmpty { fates.keep(keepsFailed: keepsFailed) }
        self.totals.events.add(fates)
        self.settle(batch.receipt, fates.delivered, .delivered)
        self.settle(batch.receipt, fates.filtered, .filtered)
        self.settle(batch.receipt, fates.deadLettered, .deadLettered)
        self.settle(batch.receipt, fates.dropped.values.reduce(0, +), .dropped)
        self.settle(batch.receipt, fates.stored, .stored)
    }

    /// Some of the events of a receipt have a fate.
    mutating func settle(
        _ receipt: BatchReceipt?,
        _ count: Int,
        _ fate: Settlement.Fate
    ) {
        if let receipt, count > 0, receipt.settle(count, fate) { self.settled.append(receipt) }
    }

    /// The rows of a window have a fate, and so have the events in it; those that a durable queue keeps stay there if
    /// the rows were lost for a reason that ends with the run.
    mutating func settle(_ receipts: [WindowReceipt], _ fate: SinkFate, keepsFailed: Bool) {
        var isKept = false
        if case .dropped(let reason) = fate { isKept = DropReason.isKept(reason, keepsFailed: keepsFailed) }
        for waiting in receipts {
            let stays = isKept && waiting.isStored
            if stays {
                self.totals.events.aggregated -= waiting.count
                self.totals.events.stored += waiting.count
            }
            self.settle(waiting.receipt, waiting.count, stays ? .stored : fate.ofWindow)
        }
    }
}

extension PipelineCounts.Totals {
    mutating func accept(_ batch: EventBatch) {
        guard case .offered = batch.stage else { return }
        batch.stage = .accepted(open: batch.count)
        self.events.waiting -= batch.count
        self.events.accepted += batch.count
        self.events.inFlight += batch.count
    }
}

extension SinkFate {
    /// What the events of a window count as whose rows have this fate.
    var ofWindow: Settlement.Fate {
        switch self {
        case .delivered: .aggregated
        case .deadLettered: .deadLettered
        case .dropped: .dropped
        }
    }
}

extension BatchFates {
    mutating func add(_ fate: SinkFate) {
        switch fate {
        case .delivered: self.delivered += 1
        case .deadLettered: self.deadLettered += 1
        case .dropped(let reason): self.drop(1, reason)
        }
    }
}

extension EventLedger {
    mutating func add(_ fates: BatchFates) {
        self.inFlight -= fates.count
        self.delivered += fates.delivered
        self.filtered += fates.filtered
        self.aggregated += fates.aggregated
        self.deadLettered += fates.deadLettered
        self.stored += fates.stored
        for (reason, count) in fates.dropped { self.dropped[reason, default: 0] += count }
    }
}

extension RowLedger {
    mutating func add(_ fates: BatchFates) {
        self.inFlight -= fates.count
        self.delivered += fates.delivered
        self.deadLettered += fates.deadLettered
        for (reason, count) in fates.dropped { self.dropped[reason, default: 0] += count }
    }

    mutating func settle(_ count: Int, _ fate: SinkFate) {
        guard count > 0 else { return }
        self.inFlight -= count
        switch fate {
        case .delivered: self.delivered += count
        case .deadLettered: self.deadLettered += count
        case .dropped(let reason): self.dropped[reason, default: 0] += count
        }
    }
}

extension SinkLedger {
    mutating func route(_ count: Int) {
        self.routed += count
        self.inFlight += count
    }

    /// - Parameter isStored: Whether a durable queue keeps what would be dropped.
    mutating func settle(_ count: Int, _ fate: SinkFate, isStored: Bool = false) {
        guard count > 0 else { return }
        self.inFlight -= count
        if isStored {
            self.stored += count
            return
        }
        switch fate {
        case .delivered: self.delivered += count
        case .deadLettered: self.deadLettered += count
        case .dropped(let reason): self.dropped[reason, default: 0] += count
        }
    }
}
