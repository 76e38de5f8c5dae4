//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What became of events of one batch that have found their fates together.
struct BatchFates: Sendable, Equatable {
    var delivered = 0
    var filtered = 0
    var aggregated = 0
    var deadLettered = 0
    /// Lost, by reason.
    var dropped: [String: Int] = [:]
    /// Without a fate in this run, and safe in a durable queue.
    var stored = 0

    /// How many events it is about.
    var count: Int {
        self.delivered + self.filtered + self.aggregated + self.deadLettered + self.dropped.values.reduce(0, +)
            + self.stored
    }

    mutating func drop(_ count: Int, _ reason: String) {
        if count > 0 { self.dropped[reason, default: 0] += count }
    }

    /// Makes events that a durable queue keeps stored ones, where they would be lost for a reason that ends with the
    /// run.
    ///
    /// - Parameter keepsFailed: Whether a sink that fails ends the run.
    mutating func keep(keepsFailed: Bool) {
        for reason in self.dropped.keys where DropReason.isKept(reason, keepsFailed: keepsFailed) {
            self.stored += self.dropped.removeValue(forKey: reason) ?? 0
        }
    }
}

/// Why events are lost, as the report names it.
enum DropReason {
    static let noDeadLetter = "no_dead_letter"
    static let sinkFailed = "sink_failed"
    static let sinkFull = "sink_full"
    static let noRoute = "no_route"
    static let returned = "returned"
    static let abandoned = "abandoned"
    /// The queue was full, and drops what comes last, or what has waited longest.
    static let queueFull = "queue_full"

    /// Whether an event that a durable queue keeps stays there for the next run.
    ///
    /// - Parameters:
    ///   - reason: Why it finds no fate in this one.
    ///   - keepsFailed: Whether a sink that fails ends the run.
    static func isKept(_ reason: String, keepsFailed: Bool) -> Bool {
        reason == self.returned || reason == self.abandoned || (keepsFailed && reason == self.sinkFailed)
    }
}

/// Why the queue has refused an event.
enum RejectReason {
    static let queueFull = "queue_full"
    static let stopping = "stopping"
    /// The durable queue could not keep it.
    static let storeFailing = "store_failing"
    static let tooLarge = "too_large"

    /// The reason that an error of the queue stands for.
    static func of(_ error: PenstockError) -> String {
        switch error.code {
        case .full: self.queueFull
        case .tooLarge: self.tooLarge
        default: self.stopping
        }
    }
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
    private let keepsFailed: Bool
    /// Whether there is a durable queue.
    private let isDurable: Bool

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

// What goes to sinks.
extension PipelineCounts {
    /// Events or rows are about to be written to every sink at once, all by the worker that has them.
    func route(_ count: Int) {
        self.change { state in
            guard !state.isOver else { return }
            for index in state.totals.sinks.indices { state.totals.sinks[index].route(count) }
        }
    }

    /// All of them have reached every sink, but for those that had no place and dropped them, as bits.
    func settle(routed count: Int, droppedBy full: UInt32 = 0) {
        self.change { state in
            guard !state.isOver else { return }
            for index in state.totals.sinks.indices {
                let isDropped = full & 1 << UInt32(index) != 0
                state.totals.sinks[index].settle(count, isDropped ? .dropped(DropReason.sinkFull) : .delivered)
            }
        }
    }

    /// Events or rows are on their way to their sinks, each with a fate of its own.
    ///
    /// - Parameter isCounted: Whether the sinks' ledgers have heard of them by ``route(_:)``.
    func begin(_ routed: RoutedEvents, isCounted: Bool = false) {
        self.change { state in
            guard !state.isOver else { return }
            if case .batch(let batch) = routed.owner { state.totals.accept(batch) }
            state.routed[ObjectIdentifier(routed)] = routed
            guard !isCounted else { return }
            for index in state.totals.sinks.indices {
                state.totals.sinks[index].route(routed.pendingCount(of: index))
            }
        }
    }

    /// A sink has dealt with some events or rows.
    func settle(_ events: Events, sink: Int, _ fate: SinkFate, at now: UInt64) {
        guard !events.isEmpty else { return }
        self.change { state in
            var rest = events.marks[...]
            while let first = rest.first {
                let places = rest.prefix { $0.group == first.group }
                rest = rest.dropFirst(places.count)
                guard let routed = events.groups[first.group].routed else { continue }
                let indices = places.lazy.map(\.index)
                state.settle(indices, of: routed, sink: sink, fate, at: now, keepsFailed: self.keepsFailed)
            }
        }
    }

    /// A sink has dealt with some events or rows.
    func settle(_ places: some Collection<Int>, of routed: RoutedEvents, sink: Int, _ fate: SinkFate, at now: UInt64) {
        guard !places.isEmpty else { return }
        let keepsFailed = self.keepsFailed
        self.change { $0.settle(places, of: routed, sink: sink, fate, at: now, keepsFailed: keepsFailed) }
    }

    /// Everything that is still on its way to a sink is given up: nobody waits for it any more.
    ///
    /// - Returns: Whether there was anything.
    func abandonRouted(at now: UInt64) -> Bool {
        self.change { state in
            defer { state.isOver = true }
            let left = Array(state.routed.values)
            for routed in left {
                for sink in state.totals.sinks.indices {
                    let places = routed.pendingPlaces(of: sink)
                    let fate = SinkFate.dropped(DropReason.abandoned)
                    state.settle(places, of: routed, sink: sink, fate, at: now, keepsFailed: self.keepsFailed)
                }
            }
            // What a worker writes itself, without an account of its own, and has not come back from.
            let fate = SinkFate.dropped(DropReason.abandoned)
            // What is not a row is an event, and of a durable queue that keeps it.
            let keepsEvents = self.isDurable && state.totals.rows.emitted == 0
            var isLeft = !left.isEmpty
            defer { if isLeft { state.totals.hasAbandoned = true } }
            for sink in state.totals.sinks.indices where state.totals.sinks[sink].inFlight > 0 {
                let left = state.totals.sinks[sink].inFlight
                state.totals.sinks[sink].settle(left, fate, isStored: keepsEvents)
                isLeft = true
            }
            if state.totals.rows.inFlight > 0 {
                state.totals.rows.settle(state.totals.rows.inFlight, fate)
                isLeft = true
            }
            return isLeft
        }
    }

    /// Dead letters are about to be written.
    func routeLetters(_ count: Int) {
        self.change { $0.totals.letters.route(count) }
    }

    /// Of `count` dead letters, so many were written whole.
    func settleLetters(routed count: Int, delivered: Int) {
        self.change { state in
            state.totals.letters.settle(delivered, .delivered)
            state.totals.letters.settle(count - delivered, .dropped(DropReason.sinkFailed))
        }
    }

    /// A window has closed and made rows.
    func emit(rows: Int) {
        self.change { state in
            guard !state.isOver else { return }
            state.totals.rows.emitted += rows
            state.totals.rows.inFlight += rows
        }
    }

    /// Emitted rows have a fate; when they are all of their window, so have the events in it.
    func settleRows(_ count: Int, _ fate: SinkFate, of receipts: [WindowReceipt]) {
        self.change { state in
            guard !state.isOver else { return }
            state.totals.rows.settle(count, fate)
            state.settle(receipts, fate, keepsFailed: self.keepsFailed)
        }
    }

    /// A window has closed whose rows will not be written.
    func dropRows(_ rows: Int, _ reason: String, of receipts: [WindowReceipt]) {
        self.emit(rows: rows)
        self.settleRows(rows, .dropped(reason), of: receipts)
    }
}

extension PipelineCounts.State {
    /// A sink has dealt with some events or rows: counts those that it had not dealt with before.
    fileprivate mutating func settle(
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
    fileprivate mutating func count(_ fates: BatchFates, of batch: EventBatch, keepsFailed: Bool) {
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
    fileprivate mutating func settle(_ receipts: [WindowReceipt], _ fate: SinkFate, keepsFailed: Bool) {
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
    fileprivate var ofWindow: Settlement.Fate {
        switch self {
        case .delivered: .aggregated
        case .deadLettered: .deadLettered
        case .dropped: .dropped
        }
    }
}

extension BatchFates {
    fileprivate mutating func add(_ fate: SinkFate) {
        switch fate {
        case .delivered: self.delivered += 1
        case .deadLettered: self.deadLettered += 1
        case .dropped(let reason): self.drop(1, reason)
        }
    }
}

extension EventLedger {
    fileprivate mutating func add(_ fates: BatchFates) {
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
    fileprivate mutating func add(_ fates: BatchFates) {
        self.inFlight -= fates.count
        self.delivered += fates.delivered
        self.deadLettered += fates.deadLettered
        for (reason, count) in fates.dropped { self.dropped[reason, default: 0] += count }
    }

    fileprivate mutating func settle(_ count: Int, _ fate: SinkFate) {
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
    fileprivate mutating func route(_ count: Int) {
        self.routed += count
        self.inFlight += count
    }

    /// - Parameter isStored: Whether a durable queue keeps what would be dropped.
    fileprivate mutating func settle(_ count: Int, _ fate: SinkFate, isStored: Bool = false) {
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
