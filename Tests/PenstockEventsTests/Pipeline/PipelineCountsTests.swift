//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

/// The ledgers of a run after nobody waits for sinks any more.
@Suite(.timeLimit(.minutes(5))) struct PipelineCountsTests {
    @Test func whatWorkersThatWereGivenUpSayChangesNothing() {
        let counts = PipelineCounts(sinkCount: 2)
        counts.route(5)
        counts.emit(rows: 3)
        #expect(counts.current.sinks.map(\.inFlight) == [5, 5] && counts.current.rows.inFlight == 3)
        #expect(counts.abandonRouted(at: 0))
        let totals = counts.current
        #expect(totals.sinks.allSatisfy { $0.inFlight == 0 && $0.dropped == ["abandoned": 5] && $0.routed == 5 })
        #expect(totals.rows.inFlight == 0 && totals.rows.dropped == ["abandoned": 3])
        // The write returns after all, and the worker goes on.
        counts.settle(routed: 5)
        counts.settleRows(3, .delivered, of: [])
        counts.route(7)
        counts.emit(rows: 2)
        #expect(counts.current.sinks == totals.sinks && counts.current.rows == totals.rows)
        #expect(!counts.abandonRouted(at: 0))
    }
}
