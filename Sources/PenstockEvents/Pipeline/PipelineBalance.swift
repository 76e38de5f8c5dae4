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
            && self.letters.delivered == self.events.deadLettered
            && self.sinks.allSatisfy { sink in
                sink.isBalanced && sink.delivered >= self.events.delivered + self.rows.delivered
            }
    }

    /// Whether the queue, which counts for itself, has seen the same events.
    func agrees(with ledger: Ledger) -> Bool {
        ledger.isBalanced && ledger.offered == self.events.offered && ledger.accepted == self.events.accepted
            && ledger.rejected == self.events.rejected && ledger.waiting == self.events.waiting
            && ledger.returned == self.events.dropped[DropReason.returned, default: 0]
            && ledger.failed == 0 && ledger.cancelled == 0
    }
}
