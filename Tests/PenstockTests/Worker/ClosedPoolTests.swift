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

/// Submits to a pool that drains or has drained.
@Suite(.timeLimit(.minutes(5)))
struct ClosedPoolTests {
    typealias Pool = WorkerPool<Int, Void>

    @Test(arguments: [OverflowPolicy.wait, .reject, .dropNewest, .dropOldest, .dropLowest, .callerRuns])
    func `after a drain every way in says closed`(overflow: OverflowPolicy) async {
        await withWatchdog {
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 2)
            configuration.overflow = overflow
            let pool = WorkerPool(configuration, discipline: overflow == .dropLowest ? .priority { $0 } : .fifo) {
                (_: Int) in
            }
            // Whoever is full when it closes says closed all the same.
            #expect(pool.trySubmit(0).isAccepted && pool.trySubmit(0).isAccepted)
            #expect(await pool.drain(deadline: .zero).returned == [0, 0])
            let ways: [(String, Int, (Pool) async throws -> Void)] = [
                ("submit", 1, { try await $0.submit(1) }),
                ("submit with a timeout", 1, { try await $0.submit(1, timeout: .seconds(100)) }),
                ("submit of many", 3, { try await $0.submit(contentsOf: 1...3) }),
                ("submit of many in an array", 3, { try await $0.submit(contentsOf: [1, 2, 3]) }),
                (
                    "a sender's send", 1,
                    { pool in
                        var sender = pool.sender()
                        try await sender.send(1)
                    }
                ),
                (
                    "a sender's send of many", 3,
                    { pool in
                        var sender = pool.sender()
                        try await sender.send(contentsOf: [1, 2, 3])
                    }
                ),
                ("call", 1, { try await $0.call(1) }),
                ("a group", 1, { pool in try await pool.withGroup { try await $0.submit(1) } }),
                ("a call of many", 1, { _ = try await $0.call(contentsOf: 1...3) }),
            ]
            for (way, count, submit) in ways {
                let before = pool.ledger
                let error = await #expect(throws: PenstockError.self, "\(way)") { try await submit(pool) }
                #expect(error?.code == .closed && error?.acceptedCount == 0, "\(way)")
                #expect(pool.ledger.rejections.closed == before.rejections.closed + count, "\(way)")
                #expect(pool.ledger.isBalanced, "\(way): \(pool.ledger)")
            }
            var sender = pool.sender()
            let attempts = [pool.trySubmit(1), sender.trySend(1)]
            #expect(attempts.map(\.rejection) == [.closed, .closed])
            let blocking = await onThread { () -> PenstockError.Code? in
                do throws(PenstockError) { try pool.submitBlocking(1) } catch { return error.code }
                return nil
            }
            #expect(blocking == .closed)
            #expect(pool.ledger.offered == 2 + 15 + 3 && pool.ledger.accepted == 2 && pool.ledger.isBalanced)
        }
    }

    @Test func `a job that submits to its own draining pool is told closed and ends as done`() async throws {
        try await withWatchdog {
            let itself = Locked<Pool?>(nil)
            let codes = Notes<PenstockError.Code?>()
            let begun = Notes<Int>()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) async in
                begun.add(job)
                guard job == 0, let pool = itself.withLock({ $0 }) else { return }
                while pool.trySubmit(1).rejection != .closed { await Task.yield() }
                // Without room, where a job of the pool would else be told so.
                do throws(PenstockError) { try await pool.submit(2) } catch { codes.add(error.code) }
                do throws(PenstockError) { try await pool.submit(contentsOf: 2...3) } catch { codes.add(error.code) }
                do throws(PenstockError) { try await pool.submit(2, timeout: .seconds(100)) } catch {
                    codes.add(error.code)
                }
            }
            itself.withLock { $0 = pool }
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { begun.count == 1 && pool.ledger.queued == 2 }
            let report = await pool.drain(deadline: .seconds(100))
            itself.withLock { $0 = nil }
            #expect(codes.all == [.closed, .closed, .closed])
            #expect(begun.all == [0, 1, 1] && report.ledger.done == 3 && report.returned.isEmpty, "\(report)")
            #expect(report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `submits of every kind race a drain on real threads, and each job is accounted for`() async throws {
        for seed in 0..<UInt64(scaled(40)) {
            try await withWatchdog(.seconds(120), "seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let (accepted, ran) = (Notes<Int>(), Notes<Int>())
                let executor = ThreadExecutor(threads: 4, name: "test")
                let capacity = 1 + random.below(20)
                let pool = WorkerPool(WorkerPoolConfiguration(workers: 2, capacity: capacity)) { (job: Int) in
                    ran.add(job)
                }
                async let run = pool.run()
                let producers = (0..<200).map { producer in
                    Task(executorPreference: executor) { await self.produce(producer, pool, accepted) }
                }
                for _ in 0..<random.below(200) { await Task.yield() }
                let report = await pool.drain(deadline: seed % 2 == 0 ? .zero : .seconds(100))
                for producer in producers {
                    let refusal = await producer.value
                    #expect(refusal == nil || refusal == .closed || refusal == .full, "seed \(seed)")
                }
                #expect(accepted.all.sorted() == (ran.all + report.returned).sorted(), "seed \(seed): \(report)")
                #expect(report.ledger.isBalanced && pool.ledger.isBalanced, "seed \(seed): \(pool.ledger)")
                _ = try await run
                executor.shutdown()
            }
        }
    }

    /// Submits some jobs in one of the ways, and notes those that were accepted.
    private func produce(_ producer: Int, _ pool: Pool, _ accepted: Notes<Int>) async -> PenstockError.Code? {
        let first = producer * 10
        do throws(PenstockError) {
            switch producer % 6 {
            case 0:
                try await pool.submit(first)
                accepted.add(first)
            case 1:
                try await pool.submit(first, timeout: .seconds(100))
                accepted.add(first)
            case 2:
                try await pool.submit(contentsOf: first..<first + 5)
                for job in first..<first + 5 { accepted.add(job) }
            case 3:
                if let refusal = pool.trySubmit(first).rejection { return refusal }
                accepted.add(first)
            case 4:
                var sender = pool.sender()
                for job in first..<first + 5 {
                    try await sender.send(job)
                    accepted.add(job)
                }
            default:
                var sender = pool.sender()
                try await sender.send(contentsOf: Array(first..<first + 5))
                for job in first..<first + 5 { accepted.add(job) }
            }
            return nil
        } catch {
            for job in first..<first + error.acceptedCount { accepted.add(job) }
            return error.code
        }
    }
}
