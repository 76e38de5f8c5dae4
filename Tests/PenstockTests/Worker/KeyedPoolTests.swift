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

/// Workers that have several keys at once.
@Suite struct KeyedPoolTests {
    /// Keys that a job of the slow one may be taken with.
    private static let keys = 1...40

    /// Jobs `first` on, one of each key; the slow key's is negative, and somewhere between them.
    private static func jobs(from first: Int, slowAt place: Int?) -> [Int] {
        var jobs = Self.keys.map { first + $0 }
        if let place { jobs.insert(-1, at: place) }
        return jobs
    }

    @Test(arguments: [0, 1, 20, 40])
    func `a job that does not end holds up no key that was taken with it, before or behind it, nor what comes later`(
        place: Int
    ) async throws {
        try await withWatchdog {
            let gate = ThreadGate()
            let ended = Locked(0)
            var configuration = WorkerPoolConfiguration(workers: 2, capacity: 1_000)
            configuration.threads = .perWorker
            let pool = WorkerPool(configuration, discipline: .keyed { $0 < 0 ? 0 : $0 % 100 }) { (job: Int) in
                if job < 0 { gate.wait() } else { ended.withLock { $0 += 1 } }
            }
            async let run = pool.run()
            // Short jobs, until workers take many at once.
            for round in 1...20 {
                try await pool.submit(contentsOf: Self.jobs(from: round * 1_000, slowAt: nil))
                await eventually { ended.withLock { $0 } == round * Self.keys.count }
            }
            pool.pause()
            try await pool.submit(contentsOf: Self.jobs(from: 30_000, slowAt: place))
            pool.resume()
            await eventually { gate.arrivals == 1 && ended.withLock { $0 } == 21 * Self.keys.count }
            // While the other worker is parked, and again while it is not.
            for round in 22...30 {
                try await pool.submit(contentsOf: Self.jobs(from: round * 1_000, slowAt: nil))
                await eventually { ended.withLock { $0 } == round * Self.keys.count }
            }
            gate.open()
            let ledger = await pool.drain().ledger
            #expect(ledger.isBalanced && ledger.done == 30 * Self.keys.count + 1)
            _ = try await run
        }
    }

    @Test func `jobs of a key keep their order when whole keys are stolen`() async throws {
        try await withWatchdog {
            let last = Locked([Int: Int]())
            let isRunning = Locked(Set<Int>())
            let faults = Locked(0)
            var configuration = WorkerPoolConfiguration(workers: 4, capacity: 400)
            configuration.threads = .perWorker
            let pool = WorkerPool(configuration, discipline: .keyed { $0 % 30 }) { (job: Int) in
                let key = job % 30
                let isAlone = isRunning.withLock { $0.insert(key).inserted }
                let isNext = last.withLock { ($0.updateValue(job, forKey: key) ?? -1) < job }
                if !isAlone || !isNext { faults.withLock { $0 += 1 } }
                // One in a hundred takes long, so that others take what stands behind it.
                if job % 101 == 0 { for _ in 0..<20 { pauseProcessor() } }
                isRunning.withLock { _ = $0.remove(key) }
            }
            async let run = pool.run()
            var sender = pool.sender()
            for job in 0..<scaled(20_000) { try await sender.send(job) }
            sender.flush()
            let ledger = await pool.drain(deadline: .seconds(300)).ledger
            #expect(ledger.isBalanced && ledger.done == scaled(20_000) && faults.withLock { $0 } == 0)
            _ = try await run
        }
    }
}
