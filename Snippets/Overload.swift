//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A pool that sheds what has waited too long, tries again what failed, and names what hangs.
// snippet.hide
import Penstock

struct Request: Sendable {
    var number: Int
    var isUrgent: Bool
}

func answer(_ request: Request) async throws {}

// snippet.show
var configuration = WorkerPoolConfiguration(name: "requests", workers: 4, capacity: 1_000)
configuration.overflow = .dropLowest
configuration.shedding = LoadShedding(target: .milliseconds(20))
configuration.queueTimeMax = .seconds(1)
configuration.jobTimeout = .seconds(5)
configuration.retry = RetryPolicy(attemptsMax: 3)
configuration.stuckAfter = .seconds(30)

let pool = WorkerPool(
    configuration,
    discipline: .priority(classes: 2) { $0.isUrgent ? 0 : 1 },
    onDrop: { request, reason in print("request \(request.number) was dropped: \(reason)") }
) { (request: Request) in
    try await answer(request)
}

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { _ = try await pool.run() }
    for number in 0..<10_000 { try await pool.submit(Request(number: number, isUrgent: number % 10 == 0)) }
    let report = await pool.drain()
    print(report.ledger.sheds, report.ledger.isBalanced)
    try await group.waitForAll()
}
