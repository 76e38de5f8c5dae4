//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension PipelineCounts.Totals {
    /// Whether every equation holds, and the ledgers of events, rows, sinks and dead letters agree with one another.
    ///
    /// Each side of a comparison is a count of its own.
    var isBalanced: Bool {
        self.events.isBalanced && self.rows.isBalanced && self.letters.isBalanced
            && self.sinks.allSatisfy(\.isBalanced) && self.agreesOnLetters
            && self.sinks.reduce(0) { $0 + $1.delivered } >= self.events.delivered + self.rows.delivered
    }

    /// Whether there are as many letters as steps and sinks have made.
    ///
    /// One whose event was given up before it was counted may be more.
    private var agreesOnLetters: Bool {
        let made = self.sinks.reduce(self.stepLetters) { $0 + $1.deadLettered }
        return self.hasAbandoned ? self.letters.delivered >= made : self.letters.delivered == made
    }

    /// Whether something was left when a deadline passed, in the queue or in a lane.
    var hasReturned: Bool {
        self.events.dropped[DropReason.returned] != nil || self.rows.dropped[DropReason.returned] != nil
    }

    /// Whether the queue, which counts for itself, has seen the same events.
    func agrees(with ledger: Ledger) -> Bool {
        ledger.isBalanced && ledger.offered == self.events.offered && ledger.accepted == self.events.accepted
            && ledger.rejected == self.events.rejected && ledger.waiting == self.events.waiting
            && ledger.returned == self.returned && ledger.shed == self.shed
            && ledger.failed == 0 && ledger.cancelled == 0
    }

    /// Whether the workers' queue has seen the events that a durable queue has handed on, and the durable queue has
    /// kept what this run has given no fate.
    ///
    /// - Parameters:
    ///   - ledger: What the workers' queue has counted.
    ///   - left: How many events of batches that are not removed the durable queue has counted.
    func agrees(with ledger: Ledger, left: Int) -> Bool {
        ledger.isBalanced && ledger.offered == self.fed && ledger.rejected == self.unfed
            && ledger.accepted == self.fed - self.unfed && ledger.waiting == 0 && ledger.returned == self.returned
            && ledger.shed == 0 && ledger.failed == 0 && ledger.cancelled == 0
            && self.events.inFlight == 0 && left >= self.events.stored
    }
}
