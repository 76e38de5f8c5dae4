//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// Payments of an account are made one after another, accounts side by side.
// snippet.hide
import Penstock

struct Payment: Sendable {
    var account: Int
    var cents: Int
}

func book(_ payment: Payment) async throws {}

// snippet.show
let pool = WorkerPool(
    WorkerPoolConfiguration(name: "payments", workers: 4, capacity: 1_000),
    discipline: .keyed { $0.account }
) { (payment: Payment) in
    try await book(payment)
}

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { print(try await pool.run()) }
    for number in 0..<10_000 { try await pool.submit(Payment(account: number % 100, cents: number)) }
    _ = await pool.drain()
    try await group.waitForAll()
}
