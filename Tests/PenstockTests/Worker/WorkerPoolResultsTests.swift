//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting
import Testing

@Suite(.timeLimit(.minutes(5)))
struct WorkerPoolResultsTests {
    @Test(arguments: [1, 2, 3, 64])
    func `results of several workers all arrive through a small channel`(capacity: Int) async throws {
        try await withWatchdog(.seconds(120), "small channel \(capacity)") {
            let pool = WorkerPool(
                WorkerPoolConfiguration(workers: 4, capacity: 100),
                results: .channel(capacity: capacity)
            ) { (job: Int) in job }
            let count = scaled(5_000)
            async let report = pool.run()
            async let read = {
                var seen: [Int] = []
                for await result in pool.results { seen.append(try result.get()) }
                return seen
            }()
            try await pool.submit(contentsOf: 0..<count)
            let drained = await pool.drain()
            #expect(try await read.sorted() == Array(0..<count))
            #expect(drained.undelivered.isEmpty)
            #expect(drained.ledger.done == count)
            #expect(try await report.ledger == drained.ledger)
        }
    }
}
