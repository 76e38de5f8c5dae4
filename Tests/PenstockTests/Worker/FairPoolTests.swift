//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

@testable import Penstock

/// Places of tenants in a pool in which a sender waits.
@Suite(.timeLimit(.minutes(5)))
struct FairPoolTests {
    @Test func `a tenant without jobs gets a place while a sender waits for many`() async throws {
        try await withWatchdog {
            let pool = WorkerPool(
                WorkerPoolConfiguration(workers: 1, capacity: 64),
                discipline: .fair { $0 / 1_000 }
            ) { (_: Int) in }
            async let run = pool.run()
            // Short jobs: only then does a sender wait for more than one place.
            for job in 0..<1_000 { try await pool.submit(job) }
            await eventually { pool.ledger.done == 1_000 }
            pool.pause()
            for tenant in 1...3 {
                var job = tenant * 1_000
                while pool.trySubmit(job).isAccepted { job += 1 }
            }
            let waiting = Task {
                var sender = pool.sender()
                try await sender.send(1_999)
            }
            await eventually { pool.ledger.waiting == 1 }
            #expect(pool.trySubmit(1_998).rejection == .full)
            #expect(pool.trySubmit(99_000).isAccepted)
            pool.resume()
            try await waiting.value
            let ledger = await pool.drain().ledger
            #expect(ledger.isBalanced && ledger.waiting == 0)
            _ = try await run
        }
    }
}
