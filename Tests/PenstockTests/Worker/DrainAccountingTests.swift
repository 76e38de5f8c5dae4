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

/// P7 and P1: every accepted job has one end, and comes back with its payload if it had none.
@Suite(.timeLimit(.minutes(5)))
struct DrainAccountingTests {
    static let jobs = 10_000

    /// Judges where each of the jobs 0..<10,000 has ended: in exactly one place, and the ledger says the same.
    private func judge(
        _ report: DrainReport<Int, Int>,
        ended: [Int],
        _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var fates = [UInt8](repeating: 0, count: Self.jobs)
        fates.withUnsafeMutableBufferPointer { fates in
            for job in ended { fates[job] += 1 }
            for job in report.returned { fates[job] += 1 }
            for job in report.abandoned { fates[job.job] += 1 }
        }
        let ledger = report.ledger
        let isRight =
            fates.allSatisfy { $0 == 1 } && ledger.isBalanced && ledger.accepted == Self.jobs && ledger.queued == 0
            && ledger.inFlight == 0 && ledger.waiting == 0 && ledger.returned == report.returned.count
            && ledger.abandoned == report.abandoned.count
            && ledger.done + ledger.failed + ledger.returned + ledger.abandoned == Self.jobs
        if !isRight {
            let wrong = fates.indices.filter { fates[$0] != 1 }.prefix(10).map { "\($0): \(fates[$0]) times" }
            Issue.record("\(name): \(report), \(wrong)", sourceLocation: sourceLocation)
        }
    }

    private func configuration(
        workers: Int,
        batchMax: Int,
        threads: WorkerPoolConfiguration.Threads
    ) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(workers: workers, capacity: Self.jobs)
        configuration.batchMax = batchMax
        configuration.threads = threads
        return configuration
    }

    @Test(arguments: [WorkerPoolConfiguration.Threads.perWorker, .cores])
    func `each job is accounted for once, though synchronous handlers never return`(
        threads: WorkerPoolConfiguration.Threads
    ) async throws {
        var abandoned = 0
        for round in 0..<scaled(300) {
            try await withWatchdog(.seconds(120), "synchronous, \(threads), round \(round)") {
                var random = SeededGenerator(seed: UInt64(round))
                let gate = ThreadGate()
                let ended = Notes<Int>()
                let (blocksAt, stride) = (random.below(2_000), 1 + random.below(500))
                let pool = WorkerPool(
                    self.configuration(
                        workers: 1 + random.below(4),
                        batchMax: [1, 7, 64, 256][round % 4],
                        threads: threads
                    )
                ) { (job: Int) throws -> Int in
                    // Those that block end only after they were judged.
                    if job >= blocksAt, (job - blocksAt) % stride == 0 {
                        gate.wait()
                        return job
                    }
                    ended.add(job)
                    if job % 5 == 0 { throw JobFailure(job: job) }
                    return job
                }
                async let run = pool.run()
                try await pool.submit(contentsOf: 0..<Self.jobs)
                if round % 2 == 0 { await eventually { gate.arrivals > 0 } }
                let report = await pool.drain(deadline: .microseconds(random.below(300)), grace: .zero)
                // With no grace, a job may be given up that ends a moment later.
                let given = Set(report.abandoned.map(\.job)).union(report.returned)
                self.judge(report, ended: ended.all.filter { !given.contains($0) }, "round \(round)")
                #expect(Set(report.returned).isDisjoint(with: ended.all), "round \(round)")
                abandoned += report.abandoned.count
                gate.open()
                #expect(try await run.ledger == report.ledger)
            }
        }
        #expect(abandoned > 0)
    }

    @Test func `each job is accounted for once, though asynchronous handlers ignore cancellation`() async throws {
        for round in 0..<scaled(200) {
            try await withWatchdog(.seconds(120), "asynchronous, round \(round)") {
                var random = SeededGenerator(seed: UInt64(round) + 1_000)
                let gate = TaskGate()
                let ended = Notes<Int>()
                let stride = 1 + random.below(1_000)
                let pool = WorkerPool(
                    self.configuration(workers: 1 + random.below(8), batchMax: [1, 7, 64][round % 3], threads: .cores)
                ) { (job: Int) async throws -> Int in
                    if job % stride == stride - 1 {
                        await gate.wait()
                        return job
                    }
                    ended.add(job)
                    if job % 7 == 0 { throw JobFailure(job: job) }
                    return job
                }
                async let run = pool.run()
                try await pool.submit(contentsOf: 0..<Self.jobs)
                await eventually { gate.arrivals > 0 }
                let report = await pool.drain(deadline: .zero, grace: .microseconds(random.below(200)))
                let given = Set(report.abandoned.map(\.job))
                self.judge(report, ended: ended.all.filter { !given.contains($0) }, "round \(round)")
                gate.open()
                #expect(try await run.ledger == report.ledger)
            }
        }
    }

    @Test func `batches that were taken but not begun come back, those that begun are abandoned whole`() async throws {
        for round in 0..<scaled(100) {
            try await withWatchdog(.seconds(120), "batches, round \(round)") {
                var random = SeededGenerator(seed: UInt64(round) + 2_000)
                let gate = TaskGate()
                let ended = Notes<[Int]>()
                let blocksAt = random.below(5_000)
                let pool = WorkerPool<Int, Int>(
                    self.configuration(workers: 1 + random.below(4), batchMax: 64, threads: .cores),
                    batchHandler: { jobs, outcomes in
                        var all: [Int] = []
                        for index in jobs.indices { all.append(jobs[index]) }
                        if all.contains(where: { $0 >= blocksAt }) {
                            await gate.wait()
                        } else {
                            ended.add(all)
                            for job in all {
                                if job % 3 == 0 { outcomes.append(failure: JobFailure()) } else { outcomes.append(job) }
                            }
                        }
                    }
                )
                async let run = pool.run()
                try await pool.submit(contentsOf: 0..<Self.jobs)
                await eventually { gate.arrivals > 0 }
                let report = await pool.drain(deadline: .zero, grace: .zero)
                let given = Set(report.abandoned.map(\.job))
                self.judge(report, ended: ended.all.flatMap { $0 }.filter { !given.contains($0) }, "round \(round)")
                gate.open()
                _ = try await run
            }
        }
    }

    @Test(arguments: [false, true])
    func `results that nobody reads hold no drain, and are in the report or in the channel`(
        hasBlocked: Bool
    ) async throws {
        for round in 0..<scaled(100) {
            try await withWatchdog(.seconds(120), "unread results, round \(round)") {
                var random = SeededGenerator(seed: UInt64(round) + 3_000)
                let gate = ThreadGate()
                let blocksAt = hasBlocked ? random.below(60) : .max
                var configuration = self.configuration(workers: 1 + random.below(4), batchMax: 64, threads: .perWorker)
                configuration.drainGrace = round % 2 == 0 ? .zero : .milliseconds(2)
                let capacity = 1 + random.below(round % 3 == 0 ? 400 : 8)
                let pool = WorkerPool(configuration, results: .channel(capacity: capacity)) {
                    (job: Int) throws -> Int in
                    if job >= blocksAt { gate.wait() }
                    if job % 5 == 0 { throw JobFailure(job: job) }
                    return job
                }
                async let run = pool.run()
                try await pool.submit(contentsOf: 0..<Self.jobs)
                if hasBlocked, round % 4 < 2 {
                    await eventually { gate.arrivals > 0 || pool.results.depth == capacity }
                }
                let report = await pool.drain(deadline: .microseconds(random.below(500)))
                var results = report.undelivered
                for await result in pool.results { results.append(result) }
                let ended = results.map { result in
                    switch result {
                    case .success(let job): job
                    case .failure(let error): (error as? JobFailure)?.job ?? -1
                    }
                }
                #expect(results.count == report.ledger.done + report.ledger.failed, "round \(round): \(report)")
                self.judge(report, ended: ended, "round \(round)")
                gate.open()
                _ = try await run
                // A worker that comes back says nothing more.
                #expect(await pool.drain().undelivered.count == report.undelivered.count)
                #expect(pool.ledger == report.ledger)
            }
        }
    }

    @Test func `jobs staged by senders while a pool drains are returned or refused, never lost`() async {
        for round in 0..<scaled(200) {
            await withWatchdog(.seconds(120), "senders, round \(round)") {
                let gate = ThreadGate()
                let pool = WorkerPool(self.configuration(workers: 1, batchMax: 64, threads: .perWorker)) { (job: Int) in
                    gate.wait()
                }
                let started = Notes<Int>()
                let (accepted, report) = await withTaskGroup(of: [Int].self) { group in
                    for producer in 0..<3 {
                        group.addTask {
                            var sender = pool.sender()
                            var accepted: [Int] = []
                            for job in 0..<3_000 {
                                let job = producer * 10_000 + job
                                guard sender.trySend(job).isAccepted else { break }
                                accepted.append(job)
                                if accepted.count == 100 { started.add(producer) }
                            }
                            return accepted
                        }
                    }
                    async let run = pool.run()
                    await eventually { started.count > 0 }
                    let report = await pool.drain(deadline: .zero, grace: .zero)
                    gate.open()
                    _ = try? await run
                    var all: [Int] = []
                    for await accepted in group { all += accepted }
                    return (all, report)
                }
                let known = report.returned + report.abandoned.map(\.job)
                #expect(known.sorted() == accepted.sorted(), "round \(round): \(report)")
                #expect(report.ledger.isBalanced && report.ledger.queued == 0, "round \(round): \(report)")
            }
        }
    }
}
