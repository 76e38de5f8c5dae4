//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A pool for as long as a closure.
// snippet.hide
import Penstock

struct Order: Sendable {
    var number: Int
}

func price(_ order: Order) async throws -> Int { order.number * 100 }

// snippet.show
let report = try await withWorkerPool(workers: 4, capacity: 1_000) { (order: Order) in
    try await price(order)
} body: { pool in
    for number in 1...10_000 {
        try await pool.submit(Order(number: number))  // waits while the queue is full
    }
}
print(report)
