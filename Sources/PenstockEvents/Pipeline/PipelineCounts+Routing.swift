//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What goes to sinks.
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
