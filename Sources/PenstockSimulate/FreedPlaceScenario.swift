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

/// A full queue of calls behind a worker that is busy, and producers in line: each call that is cancelled frees its place at
/// once, and the producer that has waited longest gets it, before anything else goes on.
struct FreedPlaceScenario: Sendable {
    let simulation: Simulation

    func run() async throws {
        let capacity = self.simulation.random(in: 1...4)
        let gate = Channel<Void>(capacity: 1)
        let ran = Locked<[Int]>([])
        let pool = WorkerPool(self.simulation.configuration(workers: 1, capacity: capacity)) {
            (job: Int) async throws -> Int in
            if job == -1 { _ = try await gate.receive() }
            ran.withLock { $0.append(job) }
            return job
        }
        self.simulation.watch(pool)
        let cancelled = (0..<capacity).map { _ in self.simulation.oneIn(2) }
        let producers = self.simulation.random(in: 0...5)
        let stops = (0..<capacity).map { _ in Channel<Void>(capacity: 1) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await pool.run() }
            try await pool.submit(-1)
            while pool.ledger.inFlight == 0 { await self.simulation.pause() }
            await withTaskGroup(of: String.self) { callers in
                for job in 0..<capacity {
                    callers.addTask { await self.call(job, pool, stop: cancelled[job] ? stops[job] : nil) }
                    while pool.ledger.queued < job + 1 { await self.simulation.pause() }
                }
                let served = Locked<[Int]>([])
                for producer in 0..<producers {
                    callers.addTask {
                        do throws(PenstockError) {
                            try await pool.submit(100 + producer)
                            served.withLock { $0.append(producer) }
                            return "served"
                        } catch {
                            return "\(error)"
                        }
                    }
                    while pool.ledger.waiting < producer + 1 { await self.simulation.pause() }
                }
                var freed = 0
                for job in 0..<capacity where cancelled[job] {
                    _ = stops[job].trySend(())
                    freed += 1
                    // The caller ends, and one producer. Nothing else can.
                    for _ in 0..<(freed <= producers ? 2 : 1) { _ = await callers.next() }
                    let expected = Array(0..<min(freed, producers))
                    self.simulation.expect(
                        served.withLock { $0 } == expected,
                        "not served in order: \(served.withLock { $0 })"
                    )
                    let ledger = pool.ledger
                    self.simulation.expect(ledger.cancelled == freed, "\(freed) were cancelled: \(ledger)")
                }
                gate.finish()
                for await answer in callers {
                    self.simulation.expect(answer == "served" || answer == "own output", "a caller got \(answer)")
                }
            }
            _ = await pool.drain()
            try await group.waitForAll()
        }
        let expected = [-1] + (0..<capacity).filter { !cancelled[$0] } + (0..<producers).map { 100 + $0 }
        self.simulation.expect(ran.withLock { $0 } == expected, "ran \(ran.withLock { $0 }), not \(expected)")
    }

    // MARK: - Private

    /// Calls, and is cancelled once it hears so.
    private func call(_ job: Int, _ pool: WorkerPool<Int, Int>, stop: Channel<Void>?) async -> String {
        await withTaskGroup(of: String.self) { own in
            own.addTask {
                do {
                    return try await pool.call(job) == job ? "own output" : "another's output"
                } catch let error as PenstockError where error.code == .cancelled {
                    return "cancelled"
                } catch {
                    return "\(error)"
                }
            }
            if let stop {
                _ = try? await stop.receive()
                own.cancelAll()
            }
            return await own.next() ?? "nothing"
        }
    }
}
