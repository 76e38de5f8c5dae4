//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A pool beside other tasks: results are read while it runs, then it is drained.
// snippet.hide
import Penstock

struct Order: Sendable {
    var number: Int
}

func price(_ order: Order) async throws -> Int { order.number * 100 }

// snippet.show
let configuration = WorkerPoolConfiguration(name: "orders", workers: 4, capacity: 1_000)
let pool = WorkerPool(configuration, results: .channel(capacity: 1_000)) { (order: Order) in
    try await price(order)
}

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
        let report = try await pool.run()  // returns when the pool has drained
        print(report)
    }
    group.addTask {
        var sum = 0
        for await result in pool.results {  // ends when the pool has drained
            sum += (try? result.get()) ?? 0
        }
        print("sum: \(sum)")
    }
    for number in 1...10_000 { try await pool.submit(Order(number: number)) }
    _ = await pool.drain()
    try await group.waitForAll()
}
