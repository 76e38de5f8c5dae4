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
struct SubmitBlockingTests {
    private func code(_ body: @escaping @Sendable () throws(PenstockError) -> Void) async -> PenstockError.Code? {
        await onThread {
            do throws(PenstockError) {
                try body()
                return nil
            } catch {
                return error.code
            }
        }
    }

    /// The next of a pool's results, if it is an output.
    private func output(_ pool: WorkerPool<Int, Int>) async -> Int? {
        try? await pool.results.receive()?.get()
    }

    /// A pool of one worker, which job 0 holds, and of one place, which job 1 has.
    private func withFullPool(
        overflow: OverflowPolicy = .wait,
        results: ResultsPolicy<Int> = .discard,
        onDrop: (@Sendable (Int, DropReason) -> Void)? = nil,
        handler: @escaping @Sendable (Int) throws -> Int = { $0 },
        _ body: (WorkerPool<Int, Int>, ThreadGate, Notes<Int>) async throws -> Void
    ) async throws {
        let (gate, ran) = (ThreadGate(), Notes<Int>())
        var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
        configuration.threads = .perWorker
        configuration.batchMax = 1
        configuration.overflow = overflow
        let pool = WorkerPool(configuration, results: results, onDrop: onDrop) { (job: Int) -> Int in
            ran.add(job)
            if job == 0 { gate.wait() }
            return try handler(job)
        }
        async let run = pool.run()
        try await pool.submit(0)
        await eventually { gate.arrivals == 1 }
        try await pool.submit(1)
        try await body(pool, gate, ran)
        gate.open()
        let report = await pool.drain()
        #expect(report.ledger.isBalanced, "\(report)")
        _ = try await run
    }

    @Test func `threads that are no tasks submit, and wait for a place`() async throws {
        try await withWatchdog {
            let ran = Notes<Int>()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) in ran.add(job) }
            async let run = pool.run()
            let count = scaled(500)
            await withTaskGroup(of: Void.self) { group in
                for thread in 0..<3 {
                    group.addTask {
                        let code = await self.code { () throws(PenstockError) in
                            for job in 0..<count { try pool.submitBlocking(thread * 1_000 + job) }
                        }
                        #expect(code == nil)
                    }
                }
            }
            let report = await pool.drain()
            #expect(report.ledger.done == 3 * count && report.ledger.isBalanced, "\(report)")
            for thread in 0..<3 {
                let own = ran.all.filter { $0 / 1_000 == thread }
                #expect(own == (0..<count).map { thread * 1_000 + $0 })
            }
            _ = try await run
        }
    }

    @Test func `threads and tasks wait in one line`() async throws {
        try await withWatchdog {
            try await self.withFullPool { pool, gate, ran in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for job in 2..<8 {
                        group.addTask {
                            if job % 2 == 0 {
                                #expect(
                                    await self.code { () throws(PenstockError) in try pool.submitBlocking(job) } == nil
                                )
                            }
                            if job % 2 == 1 { try await pool.submit(job) }
                        }
                        await eventually { pool.ledger.waiting == job - 1 }
                    }
                    #expect(pool.ledger.isBalanced)
                    gate.open()
                    try await group.waitForAll()
                }
                await eventually { ran.count == 8 }
                #expect(ran.all == Array(0..<8))
            }
        }
    }

    @Test func `inside a task it is refused before anything else is looked at`() async {
        await withWatchdog {
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) in }
            func refused() -> PenstockError.Code? {
                do throws(PenstockError) {
                    try pool.submitBlocking(1)
                    return nil
                } catch {
                    return error.code
                }
            }
            // There is a place, and then none ever again: neither is looked at.
            #expect(refused() == .blockingInTask)
            _ = await pool.drain(deadline: .zero)
            #expect(refused() == .blockingInTask)
            let ledger = pool.ledger
            #expect(ledger.rejections.blockingInTask == 2 && ledger.rejected == 2 && ledger.isBalanced, "\(ledger)")
            #expect(await self.code { () throws(PenstockError) in try pool.submitBlocking(1) } == .closed)
            #expect(pool.ledger.rejections.closed == 1 && pool.ledger.isBalanced)
        }
    }

    @Test func `a wait ends by its timeout, and by a drain`() async throws {
        try await withWatchdog {
            try await self.withFullPool { pool, gate, ran in
                let code = await self.code { () throws(PenstockError) in
                    try pool.submitBlocking(2, timeout: .milliseconds(1))
                }
                #expect(code == .timedOut && pool.ledger.rejections.cancelled == 1 && pool.ledger.isBalanced)
                async let closed = self.code { () throws(PenstockError) in
                    try pool.submitBlocking(3, timeout: .seconds(3_600))
                }
                await eventually { pool.ledger.waiting == 1 }
                async let report = pool.drain()
                #expect(await closed == .closed)
                gate.open()
                #expect(await report.ledger.done == 2 && ran.all == [0, 1])
                #expect(pool.ledger.rejections.closed == 1 && pool.ledger.isBalanced)
            }
        }
    }

    @Test func `a full queue does what its policy says`() async throws {
        try await withWatchdog {
            try await self.withFullPool(overflow: .reject) { pool, _, _ in
                #expect(await self.code { () throws(PenstockError) in try pool.submitBlocking(2) } == .full)
                #expect(pool.ledger.rejections.full == 1)
            }
            let dropped = Notes<Int>()
            try await self.withFullPool(overflow: .dropOldest, onDrop: { job, _ in dropped.add(job) }) { pool, _, _ in
                #expect(await self.code { () throws(PenstockError) in try pool.submitBlocking(2) } == nil)
                #expect(dropped.all == [1] && pool.ledger.sheds.oldest == 1)
            }
        }
    }

    @Test func `under callerRuns the thread itself runs a synchronous handler`() async throws {
        try await withWatchdog {
            let onThread = Notes<Bool>()
            let results = ResultsPolicy<Int>.channel(capacity: 1)
            try await self.withFullPool(
                overflow: .callerRuns,
                results: results,
                handler: { job in
                    if job > 1 { onThread.add(withUnsafeCurrentTask { $0 == nil }) }
                    if job == 3 { throw JobFailure(job: 3) }
                    return job
                }
            ) { pool, gate, ran in
                #expect(await self.code { () throws(PenstockError) in try pool.submitBlocking(2) } == nil)
                #expect(ran.all == [0, 2] && onThread.all == [true] && pool.ledger.done == 1)
                // The results channel is full: the thread waits until somebody reads.
                async let second = self.code { () throws(PenstockError) in try pool.submitBlocking(3) }
                await eventually { pool.ledger.failed == 1 }
                #expect(await self.output(pool) == 2)
                #expect(await second == nil)
                await #expect(throws: JobFailure(job: 3)) { try await pool.results.receive()?.get() }
                gate.open()
                #expect(await self.output(pool) == 0)
                #expect(await self.output(pool) == 1)
            }
        }
    }

    @Test func `under callerRuns an asynchronous handler runs in a task while the thread is blocked`() async throws {
        try await withWatchdog {
            let (gate, ran, inTask) = (TaskGate(), Notes<Int>(), Notes<Bool>())
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
            configuration.overflow = .callerRuns
            let pool = WorkerPool(configuration) { (job: Int) async throws in
                inTask.add(withUnsafeCurrentTask { $0 != nil })
                if job == 0 { await gate.wait() }
                if job == 3 { try await waitForCancellation() }
                ran.add(job)
            }
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { gate.arrivals == 1 }
            try await pool.submit(1)
            #expect(await self.code { () throws(PenstockError) in try pool.submitBlocking(2) } == nil)
            #expect(ran.all == [2] && pool.ledger.done == 1)
            // A drain cancels what it runs, as it does the workers.
            async let blocked = self.code { () throws(PenstockError) in try pool.submitBlocking(3) }
            await eventually { inTask.count == 3 }
            async let report = pool.drain(deadline: .zero, grace: .seconds(3_600))
            #expect(await blocked == nil)
            gate.open()
            let ledger = await report.ledger
            #expect(ledger.cancelled == 1 && ledger.done == 2 && ledger.returned == 1 && ledger.isBalanced, "\(ledger)")
            #expect(inTask.all == [true, true, true])
            _ = try await run
        }
    }

    @Test func `under callerRuns a sink gets the result of a synchronous handler too`() async throws {
        try await withWatchdog {
            let seen = Notes<Int>()
            let results = ResultsPolicy<Int>.sink { if case .success(let output) = $0 { seen.add(output) } }
            try await self.withFullPool(overflow: .callerRuns, results: results) { pool, _, _ in
                #expect(await self.code { () throws(PenstockError) in try pool.submitBlocking(2) } == nil)
                #expect(seen.all == [2])
            }
        }
    }
}
