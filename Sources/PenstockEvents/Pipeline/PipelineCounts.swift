//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

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
        /// Events that the steps have made dead letters, as the workers count them.
        var stepLetters = 0
        /// Events that the queue has given back unstarted.
        var returned = 0
        /// Events that a full queue has dropped.
        var shed = 0
        /// Whether anything was given up that somebody had begun.
        var hasAbandoned = false
        /// Events that a durable queue has handed on to the workers' queue, and those of them that were refused there.
        var fed = 0
        var unfed = 0
        var bytesRead = 0
        /// What each source has handed over.
        var sources: [SourceTally] = []
        var latency = LatencyHistogram()
    }

    /// What a source has handed over.
    struct SourceTally: Sendable, Equatable {
        var events = 0
        var bytes = 0
    }

    struct State: Sendable {
        var totals: Totals
        /// What is on its way to sinks.
        var routed: [ObjectIdentifier: RoutedEvents] = [:]
        /// Nobody waits for sinks any more. What is said of them from now on comes from workers that were given up, and changes
        /// nothing: all that was on its way has been counted as abandoned.
        var isOver = false
        /// Receipts of which each event has its fate, and whose source is to be told once the lock is released.
        var settled: [BatchReceipt] = []
    }

    private let state: Locked<State>
    /// Whether a sink that fails ends the run, so that what a durable queue has of its events stays there.
    let keepsFailed: Bool
    /// Whether there is a durable queue.
    let isDurable: Bool

    /// Creates ledgers of zeros.
    init(sinkCount: Int, sourceCount: Int = 1, keepsFailed: Bool = false, isDurable: Bool = false) {
        self.keepsFailed = keepsFailed
        self.isDurable = isDurable
        var totals = Totals(sinks: Array(repeating: SinkLedger(), count: sinkCount))
        totals.sources = Array(repeating: SourceTally(), count: sourceCount)
        self.state = Locked(State(totals: totals))
    }

    /// Everything at one moment.
    var current: Totals { self.state.withLock { $0.totals } }

    /// The events at one moment, those that sinks have to write, and the bytes read so far.
    var progress: (events: EventLedger, writing: Int, bytesRead: Int) {
        self.state.withLock { state in
            (state.totals.events, state.totals.sinks.reduce(0) { $0 + $1.inFlight }, state.totals.bytesRead)
        }
    }

    /// Changes what is counted, and then tells the sources whose batches are settled by it.
    func change<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, settled) = self.state.withLock { state in
            let result = body(&state)
            if state.settled.isEmpty { return (result, [BatchReceipt]()) }
            defer { state.settled = [] }
            return (result, state.settled)
        }
        for receipt in settled { receipt.tell() }
        return result
    }

    /// A source has read more.
    func read(bytes: Int) {
        self.change { $0.totals.bytesRead += bytes }
    }

    /// A source hands a batch to the queue.
    func offer(_ batch: EventBatch) {
        let bytes = batch.byteRange.count
        self.change { state in
            batch.stage = .offered
            state.totals.sources[batch.sourceIndex].events += batch.count
            state.totals.sources[batch.sourceIndex].bytes += bytes
            batch.receipt?.add(batch.count)
            state.totals.events.offered += batch.count
            state.totals.events.waiting += batch.count
        }
    }

    /// A batch was not handed to the queue, because it is time to stop.
    func refuse(_ batch: EventBatch) {
        self.change { state in
            batch.stage = .ended
            batch.receipt?.add(batch.count)
            state.settle(batch.receipt, batch.count, .rejected)
        }
    }

    /// The queue has taken a batch.
    func accept(_ batch: EventBatch) {
        self.change { $0.totals.accept(batch) }
    }

    /// The queue has refused a batch, for one of the reasons of `RejectReason`.
    func reject(_ batch: EventBatch, _ reason: String) {
        self.change { state in
            guard case .offered = batch.stage else { return }
            batch.stage = .ended
            state.totals.events.waiting -= batch.count
            state.totals.events.rejected += batch.count
            state.totals.events.rejectedReasons[reason, default: 0] += batch.count
            state.settle(batch.receipt, batch.count, .rejected)
        }
    }

    /// A source hands over no more for a receipt.
    func complete(_ receipt: BatchReceipt) {
        self.change { state in
            if receipt.complete() { state.settled.append(receipt) }
        }
    }

    /// A worker knows the fates of events of a batch; the others are on their way to sinks.
    ///
    /// Events that are aggregated keep their receipt waiting, until the rows of their window have their fates.
    ///
    /// - Returns: False when the batch has been counted as abandoned before.
    @discardableResult
    func end(_ batch: EventBatch, _ fates: BatchFates, stepLetters: Int, latency: UInt64) -> Bool {
        self.change { state in
            state.totals.accept(batch)
            guard case .accepted(let open) = batch.stage else { return false }
            state.totals.stepLetters += stepLetters
            let count = fates.count
            batch.stage = open > count ? .accepted(open: open - count) : .ended
            state.count(fates, of: batch, keepsFailed: self.keepsFailed)
            if count > 0 { state.totals.latency.record(latency, count: count) }
            return true
        }
    }

    /// A batch that was accepted will find no fate any more, as far as it has none.
    func drop(_ batch: EventBatch, _ reason: String) {
        self.change { state in
            state.totals.accept(batch)
            guard case .accepted(let open) = batch.stage else { return }
            batch.stage = .ended
            var fates = BatchFates()
            fates.drop(open, reason)
            if reason == DropReason.returned { state.totals.returned += open }
            if reason == DropReason.queueFull { state.totals.shed += open }
            if reason == DropReason.abandoned { state.totals.hasAbandoned = true }
            state.count(fates, of: batch, keepsFailed: self.keepsFailed)
        }
    }
}
