//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A pipeline in Swift, with a step and a sink of one's own.
import Penstock
import PenstockEvents

// snippet.sink
/// Keeps rows in a table that knows which batches it has.
actor Table: EventSink {
    private var rows: [String] = []
    private var written: Set<SinkBatchID> = []

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        guard self.written.insert(batch.id).inserted else { return .delivered }  // it came before
        self.rows += batch.events.map(\.text)
        return .delivered
    }
}

// snippet.pipeline
let pipeline = Pipeline("late-flights") {
    FileSource("flights.ndjson")
    Decode.json
    Filter("delay > 60")
    Step { event in event.bytes.count > 10_000 ? .refuse("too long for a flight") : .keep }
    Aggregate(by: "origin", every: .seconds(10)) {
        Count("flights")
        Sum("distance", as: "miles")
    }
    FileSink("late.ndjson")
    Sink("table", Table()).when("flights > 100").whenFull(.wait)
    DeadLetters("dead.ndjson")
}
// snippet.run
let report = try await pipeline.run()
print(report.events.aggregated, report.balanced)
