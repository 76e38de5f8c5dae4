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
struct WithWorkerPoolTests {
    @Test func `what the body submitted is run, however soon the body returns`() async throws {
        try await withWatchdog {
            for round in 0..<scaled(300) {
                let report = try await withWorkerPool(workers: 2) { (job: Int) in
                    _ = job
                } body: { pool in
                    for job in 0..<10 { try await pool.submit(job) }
                }
                #expect(report.ledger.done == 10, "round \(round): \(report)")
            }
        }
    }

    @Test func `what the body throws is thrown after the drain`() async throws {
        await withWatchdog {
            let seen = Notes<Int>()
            await #expect(throws: JobFailure(job: 7)) {
                _ = try await withWorkerPool(workers: 2) { (job: Int) in
                    seen.add(job)
                } body: { pool in
                    try await pool.submit(contentsOf: 0..<50)
                    throw JobFailure(job: 7)
                }
            }
            #expect(seen.all.sorted() == Array(0..<50))
        }
    }

    @Test func `cancelling the surrounding task drains now`() async throws {
        await withWatchdog {
            let gate = TaskGate()
            let task = Task {
                try await withWorkerPool(workers: 1, capacity: 5) { (job: Int) async throws in
                    await gate.wait()
                    try Task.checkCancellation()
                } body: { pool in
                    // Held, until the pool closes.
                    for job in 0..<100 {
                        do { try await pool.submit(job) } catch { break }
                    }
                }
            }
            await eventually { gate.arrivals == 1 }
            task.cancel()
            gate.open()
            let report = try? await task.value
            #expect(report?.ledger.cancelled == 1, "\(String(describing: report))")
            #expect(report?.ledger.isBalanced == true && report?.ledger.queued == 0)
        }
    }
}
