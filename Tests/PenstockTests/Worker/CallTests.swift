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
struct CallTests {
    @Test(arguments: ["synchronous", "asynchronous", "batch"])
    func `a call returns its own job's output, or throws its own error`(handler: String) async throws {
        try await withWatchdog {
            // Nobody reads the results: were a call's among them, the workers would be held.
            let pool = self.pool(handler, WorkerPoolConfiguration(workers: 4, capacity: 8), .channel(capacity: 1))
            async let run = pool.run()
            await withTaskGroup(of: Void.self) { group in
                for job in 0..<500 {
                    group.addTask {
                        do {
                            let output = try await pool.call(job)
                            #expect(output == -job && job % 3 != 0)
                        } catch {
                            #expect(error as? JobFailure == JobFailure(job: job) && job % 3 == 0)
                        }
                    }
                }
            }
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.done == 333 && report.ledger.failed == 167 && report.ledger.isBalanced, "\(report)")
            // A call's result goes to its caller only.
            #expect(pool.results.hasEnded && report.undelivered.isEmpty)
            _ = try await run
        }
    }

    /// A pool that fails every third job.
    private func pool(
        _ handler: String,
        _ configuration: WorkerPoolConfiguration,
        _ results: ResultsPolicy<Int>
    ) -> WorkerPool<Int, Int> {
        switch handler {
        case "synchronous":
            WorkerPool(configuration, results: results) { (job: Int) throws -> Int in
                if job % 3 == 0 { throw JobFailure(job: job) }
                return -job
            }
        case "asynchronous":
            WorkerPool(configuration, results: results) { (job: Int) async throws -> Int in
                await Task.yield()
                if job % 3 == 0 { throw JobFailure(job: job) }
                return -job
            }
        default:
            WorkerPool(
                configuration,
                results: results,
                batchHandler: { jobs, outcomes in
                    for index in jobs.indices {
                        if jobs[index] % 3 == 0 {
                            outcomes.append(failure: JobFailure(job: jobs[index]))
                        } else {
                            outcomes.append(-jobs[index])
                        }
                    }
                }
            )
        }
    }

    // MARK: - Cancelling

    @Test func `a cancelled call frees its place in the queue at once, and returns at once`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let ran = Notes<Int>()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) async in
                ran.add(job)
                if job == 0 { await gate.wait() }
            }
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { gate.arrivals == 1 }
            let call = Task { try await pool.call(1) }
            await eventually { pool.ledger.queued == 1 }
            try await pool.submit(2)
            let producer = Task { try await pool.submit(3) }
            await eventually { pool.ledger.waiting == 1 }
            call.cancel()
            // The producer that waited has the place, although no job has ended.
            try await producer.value
            #expect(pool.ledger.queued == 2 && pool.ledger.waiting == 0)
            #expect(pool.ledger.cancelled == 1 && pool.ledger.isBalanced)
            let error = await #expect(throws: PenstockError.self) { try await call.value }
            #expect(error?.code == .cancelled)
            gate.open()
            let report = await pool.drain(deadline: .seconds(300))
            #expect(ran.all == [0, 2, 3] && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `cancelling a call cancels its running job`() async throws {
        try await withWatchdog {
            let begun = Notes<Int>()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) async throws -> Int in
                begun.add(job)
                while job == 1 { try await yieldUntilCancelled() }
                return job
            }
            async let run = pool.run()
            let call = Task { try await pool.call(1) }
            await eventually { begun.count == 1 }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            #expect(try await pool.call(2) == 2)
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.cancelled == 1 && report.ledger.done == 1 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `a cancelled call whose job runs on returns together with its job, and has its output`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let ends = Notes<String>()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) async -> Int in
                await gate.wait()
                ends.add("job")
                return -job
            }
            async let run = pool.run()
            let call = Task {
                let output = try await pool.call(1)
                ends.add("call")
                return output
            }
            await eventually { gate.arrivals == 1 }
            call.cancel()
            for _ in 0..<100 { await Task.yield() }
            #expect(ends.all == [])
            gate.open()
            #expect(try await call.value == -1)
            #expect(ends.all == ["job", "call"])
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.done == 1 && report.ledger.cancelled == 0 && report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `a call ends in one way, whenever it is cancelled`() throws {
        let ways = Notes<CallEnd>()
        try Simulation.run(seeds: 1...UInt64(scaled(1_000))) { simulation in
            ways.add(try await CallEnd.play(simulation))
        }
        // The seeds lead to each of the ways.
        #expect(Set(ways.all) == Set(CallEnd.allCases))
    }

    // MARK: - Draining

    @Test func `a call whose job a drain returns throws so, one whose job still ends has its output`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) async -> Int in
                await gate.wait()
                return -job
            }
            async let run = pool.run()
            let running = Task { try await pool.call(1) }
            await eventually { gate.arrivals == 1 }
            let queued = Task { try await pool.call(2) }
            await eventually { pool.ledger.queued == 1 }
            async let drained = pool.drain(deadline: .zero, grace: .seconds(100))
            // At the deadline, and not at the drain's end.
            let error = await #expect(throws: PenstockError.self) { try await queued.value }
            #expect(error?.code == .returned)
            gate.open()
            #expect(try await running.value == -1)
            let report = await drained
            #expect(report.returned == [2] && report.abandoned.isEmpty && report.ledger.done == 1, "\(report)")
            #expect(report.ledger.isBalanced, "\(report)")
            _ = try await run
        }
    }

    @Test func `a call whose job a drain gives up throws so, although the job runs on`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1, capacity: 2)) { (job: Int) async -> Int in
                await gate.wait()
                return -job
            }
            async let run = pool.run()
            let call = Task { try await pool.call(1) }
            await eventually { gate.arrivals == 1 }
            let report = await pool.drain(deadline: .zero, grace: .zero)
            let error = await #expect(throws: PenstockError.self) { try await call.value }
            #expect(error?.code == .abandoned)
            #expect(report.abandoned.map(\.job) == [1] && report.ledger.isBalanced, "\(report)")
            gate.open()
            _ = try await run
        }
    }
}

/// How a call that is cancelled at some moment has ended.
private enum CallEnd: CaseIterable {
    /// With its job's output.
    case output
    /// Its job was not accepted.
    case rejected
    /// Its job was accepted and not begun.
    case unbegun
    /// Its job ran, and listened.
    case interrupted

    /// Cancels a call after some steps, and holds its end against the ledger.
    static func play(_ simulation: Simulation) async throws -> CallEnd {
        let listens = simulation.oneIn(2)
        let configuration = simulation.configuration(workers: simulation.random(in: 1...2), capacity: 1)
        let pool = WorkerPool(configuration) { (job: Int) async throws -> Int in
            for _ in 0..<simulation.random(in: 0...4) {
                await simulation.pause()
                if listens { try Task.checkCancellation() }
            }
            return -job
        }
        simulation.watch(pool)
        let others = simulation.random(in: 0...4)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await pool.run() }
            async let submitted: Void = { for _ in 0..<others { try await pool.submit(0) } }()
            let error = await cancelledCall(of: pool, after: simulation.random(in: 0...20), simulation)
            try await submitted
            let ledger = await pool.drain().ledger
            try await group.waitForAll()
            let end: CallEnd =
                switch error {
                case nil: .output
                case is CancellationError: .interrupted
                default: ledger.rejected == 1 ? .rejected : .unbegun
                }
            let expected = (
                done: others + (end == .output ? 1 : 0), rejected: end == .rejected ? 1 : 0,
                cancelled: end == .unbegun || end == .interrupted ? 1 : 0
            )
            simulation.expect(
                (ledger.done, ledger.rejected, ledger.cancelled) == expected && ledger.isBalanced,
                "a call ended as \(end), and \(ledger)"
            )
            if end == .rejected || end == .unbegun {
                simulation.expect(
                    (error as? PenstockError)?.code == .cancelled,
                    "a call threw \(String(describing: error))"
                )
            }
            return end
        }
    }

    /// The error of a call that is cancelled after some steps; nil when it returned its output.
    private static func cancelledCall(
        of pool: WorkerPool<Int, Int>,
        after pauses: Int,
        _ simulation: Simulation
    ) async -> (any Error)? {
        await withTaskGroup(of: (any Error)?.self) { calls in
            calls.addTask {
                do {
                    let output = try await pool.call(7)
                    simulation.expect(output == -7, "a call has the output \(output)")
                    return nil
                } catch {
                    return error
                }
            }
            for _ in 0..<pauses { await simulation.pause() }
            calls.cancelAll()
            return await calls.next() ?? nil
        }
    }
}

/// What a handler does that runs until it is cancelled.
private func yieldUntilCancelled() async throws {
    try Task.checkCancellation()
    await Task.yield()
}
