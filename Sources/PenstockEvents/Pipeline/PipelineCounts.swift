//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What became of the events of one batch.
struct BatchFates: Sendable, Equatable {
    var delivered = 0
    var filtered = 0
    var aggregated = 0
    var deadLettered = 0
    /// Lost for want of a dead-letter sink.
    var withoutDeadLetter = 0
    /// Lost because a sink failed.
    var sinkFailed = 0
}

/// Why events are lost, as the report names it.
enum DropReason {
    static let noDeadLetter = "no_dead_letter"
    static let sinkFailed = "sink_failed"
    static let returned = "returned"
    static let abandoned = "abandoned"
}

/// The ledgers of a run, in one place and under one lock, which a batch takes a few times in its life.
///
/// A queue may start a batch before the source has heard that it was taken. So whoever comes first, the source or the
/// worker, counts the batch as accepted: the ledger balances at every moment, not only at the end.
final class PipelineCounts: Sendable {
    /// All that is counted.
    struct Totals: Sendable {
        var events = EventLedger()
        var sinks: [SinkLedger]
        var rows = RowLedger()
        var letters = SinkLedger()
        var bytesRead = 0
        var latency = LatencyHistogram()
    }

    private let totals: Locked<Totals>

    /// Creates ledgers of zeros.
    init(sinkCount: Int) {
        self.totals = Locked(Totals(sinks: Array(repeating: SinkLedger(), count: sinkCount)))
    }

    /// Everything at one moment.
    var current: Totals { self.totals.withLock { $0 } }

    /// The events at one moment, those that sinks are writing, and the bytes read so far.
    var progress: (events: EventLedger, writing: Int, bytesRead: Int) {
        self.totals.withLock { ($0.events, $0.sinks.reduce(0) { $0 + $1.inFlight }, $0.bytesRead) }
    }

    /// A source has read more.
    func read(bytes: Int) {
        self.totals.withLock { $0.bytesRead += bytes }
    }

    /// A source hands a batch to the queue.
    func offer(_ batch: EventBatch) {
        self.totals.withLock { totals in
            batch.stage = .offered
            totals.events.offered += batch.count
            totals.events.waiting += batch.count
        }
    }

    /// The queue has taken a batch.
    func accept(_ batch: EventBatch) {
        self.totals.withLock { $0.accept(batch) }
    }

    /// The queue has refused a batch.
    func reject(_ batch: EventBatch) {
        self.totals.withLock { totals in
            guard case .offered = batch.stage else { return }
            batch.stage = .ended
            totals.events.waiting -= batch.count
            totals.events.rejected += batch.count
        }
    }

    /// A worker knows the fate of each event of a batch.
    ///
    /// - Returns: False when the batch has been counted as abandoned before.
    @discardableResult
    func end(_ batch: EventBatch, _ fates: BatchFates, latency: UInt64) -> Bool {
        self.totals.withLock { totals in
            totals.accept(batch)
            guard case .accepted = batch.stage else { return false }
            batch.stage = .ended
            totals.events.inFlight -= batch.count
            totals.events.delivered += fates.delivered
            totals.events.filtered += fates.filtered
            totals.events.aggregated += fates.aggregated
            totals.events.deadLettered += fates.deadLettered
            totals.events.drop(fates.withoutDeadLetter, DropReason.noDeadLetter)
            totals.events.drop(fates.sinkFailed, DropReason.sinkFailed)
            totals.latency.record(latency, count: batch.count)
            return true
        }
    }

    /// A batch that was accepted will find no fate any more.
    func drop(_ batch: EventBatch, _ reason: String) {
        self.totals.withLock { totals in
            totals.accept(batch)
            guard case .accepted = batch.stage else { return }
            batch.stage = .ended
            totals.events.inFlight -= batch.count
            totals.events.drop(batch.count, reason)
        }
    }

    /// Events or rows are about to be written to each sink.
    func route(_ count: Int) {
        self.totals.withLock { totals in
            for index in totals.sinks.indices { totals.sinks[index].route(count) }
        }
    }

    /// Of `count` that were routed to a sink, so many were written whole.
    func settle(sink: Int, routed count: Int, delivered: Int) {
        self.totals.withLock { $0.sinks[sink].settle(count, delivered: delivered) }
    }

    /// Dead letters are about to be written.
    func routeLetters(_ count: Int) {
        self.totals.withLock { $0.letters.route(count) }
    }

    /// Of `count` dead letters, so many were written whole.
    func settleLetters(routed count: Int, delivered: Int) {
        self.totals.withLock { $0.letters.settle(count, delivered: delivered) }
    }

    /// A window has closed and made rows.
    func emit(rows: Int) {
        self.totals.withLock { totals in
            totals.rows.emitted += rows
            totals.rows.inFlight += rows
        }
    }

    /// A window has closed whose rows will not be written.
    func dropRows(_ rows: Int, _ reason: String) {
        guard rows > 0 else { return }
        self.totals.withLock { totals in
            totals.rows.emitted += rows
            totals.rows.dropped[reason, default: 0] += rows
        }
    }

    /// Of `count` emitted rows, so many reached every sink.
    func settleRows(emitted count: Int, delivered: Int) {
        self.totals.withLock { totals in
            totals.rows.inFlight -= count
            totals.rows.delivered += delivered
            if delivered < count { totals.rows.dropped[DropReason.sinkFailed, default: 0] += count - delivered }
        }
    }
}

extension PipelineCounts.Totals {
    fileprivate mutating func accept(_ batch: EventBatch) {
        guard case .offered = batch.stage else { return }
        batch.stage = .accepted
        self.events.waiting -= batch.count
        self.events.accepted += batch.count
        self.events.inFlight += batch.count
    }
}

extension EventLedger {
    fileprivate mutating func drop(_ count: Int, _ reason: String) {
        if count > 0 { self.dropped[reason, default: 0] += count }
    }
}

extension SinkLedger {
    fileprivate mutating func route(_ count: Int) {
        self.routed += count
        self.inFlight += count
    }

    fileprivate mutating func settle(_ count: Int, delivered: Int) {
        self.inFlight -= count
        self.delivered += delivered
        if delivered < count { self.dropped[DropReason.sinkFailed, default: 0] += count - delivered }
    }
}
