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

/// P11: a job that submits to its own pool cannot lock it up.
@Suite(.timeLimit(.minutes(5)))
struct NestedSubmitTests {
    typealias Pool = WorkerPool<Int, Int>

    /// What a job gets that submits to its own full pool in some way.
    private static let ways: [@Sendable (Pool) async throws -> Void] = [
        { try await $0.submit(10) },
        { try await $0.submit(10, timeout: .seconds(100)) },
        { try await $0.submit(contentsOf: [10]) },
        { pool in
            var sender = pool.sender()
            try await sender.send(10)
        },
        { _ = try await $0.call(10) },
        // The job waits for a child that would wait for the job.
        { pool in
            async let child: Void = pool.submit(10)
            try await child
        },
        { pool in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await pool.call(10) }
                try await group.waitForAll()
            }
        },
        { pool in try await Task { try await pool.submit(10) }.value },
    ]

    @Test(arguments: [false, true])
    func `a job that submits to its own full pool is refused by name, or runs it in place`(inline: Bool) async throws {
        try await withWatchdog {
            let itself = Locked<Pool?>(nil)
            let codes = Notes<PenstockError.Code?>()
            let ran = Notes<Int>()
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
            configuration.nestedSubmission = inline ? .runInline : .refuse
            let pool = WorkerPool(configuration) { (job: Int) async throws -> Int in
                ran.add(job)
                guard job == 0, let pool = itself.withLock({ $0 }) else { return -job }
                // Where there is room it is queued as any other; the worker is busy with this very job.
                try await pool.submit(1)
                #expect(pool.trySubmit(2).rejection == .full)
                for way in Self.ways {
                    do {
                        try await way(pool)
                        codes.add(nil)
                    } catch {
                        codes.add((error as? PenstockError)?.code)
                    }
                }
                return 0
            }
            itself.withLock { $0 = pool }
            async let run = pool.run()
            #expect(try await pool.call(0) == 0)
            let report = await pool.drain()
            itself.withLock { $0 = nil }
            let count = Self.ways.count
            #expect(codes.all == Array(repeating: inline ? nil : .nestedSubmission, count: count))
            #expect(ran.all == [0] + Array(repeating: 10, count: inline ? count : 0) + [1])
            #expect(report.ledger.rejections.nested == (inline ? 0 : count), "\(report)")
            #expect(report.ledger.rejections.full == 1 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `a task that is no job of the pool waits as ever, though a job has made it`() async throws {
        try await withWatchdog {
            let itself = Locked<Pool?>(nil)
            let made = Locked<Task<Void, any Error>?>(nil)
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 1)) { (job: Int) async throws -> Int in
                guard job == 0, let pool = itself.withLock({ $0 }) else { return -job }
                try await pool.submit(1)
                made.withLock { $0 = Task.detached { try await pool.submit(2) } }
                await eventually { pool.ledger.waiting == 1 }
                return 0
            }
            itself.withLock { $0 = pool }
            async let run = pool.run()
            #expect(try await pool.call(0) == 0)
            try await made.withLock { $0 }?.value
            itself.withLock { $0 = nil }
            #expect(await pool.drain().ledger.done == 3)
            _ = try await run
        }
    }

    @Test func `a job of one pool waits for a place in another`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let second = Pool(WorkerPoolConfiguration(name: "second", workers: 1, capacity: 1)) {
                (job: Int) async -> Int in
                await gate.wait()
                return -job
            }
            let first = Pool(WorkerPoolConfiguration(name: "first", workers: 1, capacity: 1)) {
                (job: Int) async throws -> Int in
                try await second.submit(job)
                return try await second.call(job)
            }
            async let firstRun = first.run()
            async let secondRun = second.run()
            try await second.submit(1)
            await eventually { gate.arrivals == 1 }
            try await second.submit(2)
            let call = Task { try await first.call(3) }
            await eventually { second.ledger.waiting == 1 }
            gate.open()
            #expect(try await call.value == -3)
            #expect(await first.drain().ledger.done == 1)
            #expect(await second.drain().ledger.done == 4)
            #expect(second.ledger.rejected == 0)
            _ = try await (firstRun, secondRun)
        }
    }
}
