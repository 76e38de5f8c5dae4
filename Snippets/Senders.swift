//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// Each producer has a sender of its own, which stages its jobs.
// snippet.hide
import Penstock

// snippet.show
let pool = WorkerPool(WorkerPoolConfiguration(workers: 2)) { (number: Int) in number * number }

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { _ = try await pool.run() }
    try await withThrowingTaskGroup(of: Void.self) { producers in
        for producer in 0..<4 {
            producers.addTask {
                var sender = pool.sender()
                for number in 0..<25_000 { try await sender.send(producer * 25_000 + number) }
            }
        }
        try await producers.waitForAll()
    }
    let report = await pool.drain()
    print(report.ledger)
    try await group.waitForAll()
}
