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

/// Pools that say no when they are full: because they are to, or because too many wait already.
@Suite(.timeLimit(.minutes(5)))
struct FullQueueTests {
    /// A pool of one worker that is held by job 0, and whose queue is full with job 1.
    private func withFullPool(
        _ configure: (inout WorkerPoolConfiguration) -> Void,
        _ body: (WorkerPool<Int, Int>, TaskGate, Notes<Int>) async throws -> Void
    ) async throws {
        try await withWatchdog {
            let (gate, ran) = (TaskGate(), Notes<Int>())
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
            configure(&configuration)
            let pool = WorkerPool(configuration) { (job: Int) async in
                if job == 0 { await gate.wait() }
                ran.add(job)
                return job
            }
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { gate.arrivals == 1 }
            try await pool.submit(1)
            try await body(pool, gate, ran)
            gate.open()
            let report = await pool.drain()
            #expect(report.ledger.isBalanced && report.ledger.done == report.ledger.accepted, "\(report)")
            _ = try await run
        }
    }

    private func code(_ body: () async throws -> Void) async -> PenstockError.Code? {
        do { try await body() } catch { return (error as? PenstockError)?.code }
        return nil
    }

    @Test func `a pool that rejects says full at once, and accepts again when a job has gone`() async throws {
        try await self.withFullPool {
            $0.overflow = .reject
        } _: { pool, gate, ran in
            #expect(await self.code { try await pool.submit(2) } == .full)
            #expect(pool.ledger.rejections.full == 1 && pool.ledger.waiting == 0)
            let cancelled = Task { () -> PenstockError.Code? in
                withUnsafeCurrentTask { $0?.cancel() }
                return await self.code { try await pool.submit(3) }
            }
            // It does not wait, so it does not look at cancellation.
            #expect(await cancelled.value == .full)
            gate.open()
            await eventually { ran.count == 2 && pool.ledger.queued == 0 }
            try await pool.submit(4)
            #expect(await pool.drain().ledger.done == 3)
            #expect(await self.code { try await pool.submit(5) } == .closed)
            let ledger = pool.ledger
            #expect(ledger.offered == 6 && ledger.rejected == 3 && ledger.rejections.full == 2, "\(ledger)")
        }
    }

    @Test func `no more submits wait than may, a further one is refused, and those that wait are served`() async throws
    {
        try await self.withFullPool {
            $0.waitersMax = 2
        } _: { pool, gate, ran in
            let producers = [Task { try await pool.submit(2) }, Task { try await pool.submit(2) }]
            await eventually { pool.ledger.waiting == 2 }
            #expect(await self.code { try await pool.submit(3) } == .full)
            #expect(await self.code { try await pool.submit(3, timeout: .seconds(100)) } == .full)
            #expect(await self.code { _ = try await pool.call(3) } == .full)
            #expect(await self.code { try await pool.withGroup { try await $0.submit(3) } } == .full)
            #expect(
                await self.code {
                    var sender = pool.sender()
                    try await sender.send(3)
                } == .full
            )
            let blocking = await onThread { () -> PenstockError.Code? in
                do throws(PenstockError) { try pool.submitBlocking(3) } catch { return error.code }
                return nil
            }
            #expect(blocking == .full)
            let many = await #expect(throws: PenstockError.self) { try await pool.submit(contentsOf: [3, 3, 3]) }
            #expect(many?.code == .full && many?.acceptedCount == 0)
            let ledger = pool.ledger
            #expect(ledger.rejections.full == 9 && ledger.rejected == 9 && ledger.waiting == 2, "\(ledger)")
            // A wait that ends makes room for another one.
            producers[0].cancel()
            await #expect(throws: PenstockError.self) { try await producers[0].value }
            let late = Task { try await pool.submit(4) }
            await eventually { pool.ledger.waiting == 2 }
            gate.open()
            try await producers[1].value
            try await late.value
            await eventually { ran.count == 4 }
            #expect(ran.all == [0, 1, 2, 4])
        }
    }

    @Test func `where nobody may wait, a submit is accepted or refused`() async throws {
        try await self.withFullPool {
            $0.waitersMax = 0
        } _: { pool, gate, ran in
            #expect(await self.code { try await pool.submit(2) } == .full)
            #expect(pool.ledger.rejections.full == 1)
            gate.open()
            await eventually { ran.count == 2 && pool.ledger.queued == 0 }
            try await pool.submit(3)
        }
    }

    @Test func `however many come at once, no more wait than may`() async throws {
        try await withWatchdog {
            let executor = ThreadExecutor(threads: 4, name: "test")
            for round in 0..<scaled(300) {
                let waitersMax = round % 4
                var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
                configuration.waitersMax = waitersMax
                // Nobody runs it: who waits, waits for the drain.
                let pool = WorkerPool(configuration) { (job: Int) in job }
                try await pool.submit(0)
                let start = ThreadGate()
                let producers = (1...4).map { job in
                    Task(executorPreference: executor) {
                        start.wait()
                        return await self.code { try await pool.submit(job) }
                    }
                }
                await eventually { start.arrivals == 4 }
                start.open()
                await eventually { pool.ledger.waiting + pool.ledger.rejected == 4 }
                #expect(pool.ledger.waiting == waitersMax, "round \(round)")
                _ = await pool.drain(deadline: .zero)
                var codes: [PenstockError.Code?] = []
                for producer in producers { codes.append(await producer.value) }
                #expect(codes.count { $0 == .closed } == waitersMax && codes.count { $0 == .full } == 4 - waitersMax)
                #expect(pool.ledger.isBalanced && pool.ledger.rejected == 4, "\(pool.ledger)")
            }
            executor.shutdown()
        }
    }
}
