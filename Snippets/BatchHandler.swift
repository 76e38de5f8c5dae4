//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A handler that gets as many jobs at once as its worker has taken.
// snippet.hide
import Penstock

struct Row: Sendable {
    var text: String
}

struct EmptyRow: Error {}

// snippet.show
var configuration = WorkerPoolConfiguration(name: "rows", workers: 2)
configuration.batchMax = 100

let pool = WorkerPool<Row, Int>(configuration) { rows, outcomes in
    for index in rows.indices {
        if rows[index].text.isEmpty {
            outcomes.append(failure: EmptyRow())  // this job failed, the others go on
        } else {
            outcomes.append(rows[index].text.utf8.count)
        }
    }
}
// snippet.hide

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { _ = try await pool.run() }
    try await pool.submit(contentsOf: (0..<20_000).map { Row(text: $0 % 10 == 0 ? "" : "row \($0)") })
    let report = await pool.drain()
    print(report.ledger)
    try await group.waitForAll()
}
