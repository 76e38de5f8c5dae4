//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A source that is told what became of its events.
// snippet.hide
import PenstockEvents

struct Order: Sendable {
    var number: UInt64
    var json: String
}

struct OrderLog: Sendable {
    func next() async throws -> Order? { nil }
    func forget(_ number: UInt64) async {}
}

// snippet.show
// snippet.orders
struct Orders: AcknowledgedSource {
    let log: OrderLog

    func run(_ feed: SourceFeed) async throws {
        while let order = try await self.log.next() {
            try await feed.send(SourceBatch(id: order.number, text: order.json))  // waits while the queue is full
        }
    }

    func settle(_ settlements: [Settlement]) async {
        for settlement in settlements where settlement.isSafe { await self.log.forget(settlement.batch) }
    }
}

let pipeline = Pipeline("orders") {
    Source("orders", Orders(log: OrderLog()))
    FileSink("orders.ndjson")
}
try await pipeline.run()
