//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Counts the fates of the events that a source has handed over together, until each has one.
//
// SAFETY: everything that changes is changed by `PipelineCounts` alone, under its lock.
final class BatchReceipt: @unchecked Sendable {
    private var settlement: Settlement
    /// Events handed over and without a fate.
    private var open = 0
    /// Whether the source will hand over more for it.
    private var isComplete = false
    private let desk: any SettlementTaker

    init(_ id: UInt64, desk: any SettlementTaker) {
        self.settlement = Settlement(batch: id)
        self.desk = desk
    }

    /// More events were handed over.
    func add(_ count: Int) {
        self.open += count
    }

    /// No more events come.
    ///
    /// - Returns: Whether each event has its fate.
    func complete() -> Bool {
        self.isComplete = true
        return self.open == 0
    }

    /// Some of the events have a fate.
    ///
    /// - Returns: Whether each has by now, for the first time.
    func settle(_ count: Int, _ fate: Settlement.Fate) -> Bool {
        self.settlement.add(count, fate)
        self.open -= count
        return self.isComplete && self.open == 0
    }

    /// Tells the source; called once, when nothing changes any more.
    func tell() { self.desk.put(self.settlement) }
}

/// Is told of batches of which each event has its fate, on the thread that has counted the last: so it does little.
protocol SettlementTaker: AnyObject, Sendable {
    /// Each event of a batch has its fate.
    func put(_ settlement: Settlement)
}

/// Where the news for a source lies until the source has heard it.
final class SettlementDesk: SettlementTaker {
    private let news = Locked<[Settlement]>([])
    private let bell = Channel<Void>(capacity: 1)

    /// Lays news down.
    func put(_ settlement: Settlement) {
        self.news.withLock { $0.append(settlement) }
        // A full channel: the bell has rung and was not heard yet.
        _ = self.bell.trySend(())
    }

    /// No more news comes.
    func finish() { self.bell.finish() }

    /// Brings the news to a source, until there is none any more.
    func deliver(to source: any AcknowledgedSource) async {
        while (try? await self.bell.receive()) != nil {
            let news = self.take()
            if !news.isEmpty { await source.settle(news) }
        }
        let last = self.take()
        if !last.isEmpty { await source.settle(last) }
    }

    private func take() -> [Settlement] {
        self.news.withLock { news in
            defer { news = [] }
            return news
        }
    }
}
