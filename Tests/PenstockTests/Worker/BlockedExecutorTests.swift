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
struct BlockedExecutorTests {
    @Test
    func `a drain ends although a handler blocks the only thread of an executor that was handed in`() async throws {
        try await withWatchdog {
            let executor = ThreadExecutor(threads: 1, name: "handed-in")
            defer { executor.shutdown() }
            let gate = ThreadGate()
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 10)
            configuration.executor = executor
            let pool = WorkerPool(configuration) { (job: Int) in
                gate.wait()
                return job
            }
            async let report = pool.run()
            try await pool.submit(contentsOf: [1, 2, 3])
            while pool.ledger.inFlight == 0 { await Task.yield() }
            let drained = await pool.drain(deadline: .milliseconds(20), grace: .milliseconds(20))
            gate.open()
            #expect(drained.abandoned.map(\.job) == [1])
            #expect(drained.returned == [2, 3])
            #expect(drained.ledger.isBalanced)
            #expect(try await report.ledger == drained.ledger)
        }
    }

    @Test
    func
        `jobs of a collection that is not contiguous are submitted in order, with an exact count when the pool closes`()
        async
    {
        await withWatchdog {
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 100)) { (_: Int) in }
            let jobs = Set(0..<150)
            async let submitting: PenstockError? = {
                do throws(PenstockError) {
                    try await pool.submit(contentsOf: jobs)
                    return nil
                } catch {
                    return error
                }
            }()
            while pool.ledger.waiting == 0 { await Task.yield() }
            let drained = await pool.drain(deadline: .zero)
            let failure = await submitting
            #expect(failure?.code == .closed)
            #expect(failure?.acceptedCount == 100)
            #expect(drained.returned == Array(Array(jobs).prefix(100)))
            #expect(pool.ledger.isBalanced)
            #expect(pool.ledger.rejected == 50)
        }
    }
}
