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
struct WorkerPoolTests {
    private func configuration(
        workers: Int = 2,
        capacity: Int = 100,
        threads: WorkerPoolConfiguration.Threads = .cores
    ) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(workers: workers, capacity: capacity)
        configuration.threads = threads
        return configuration
    }

    // MARK: - Handlers and results

    @Test(arguments: [1, 2, 100])
    func `synchronous, asynchronous and batch handlers run each job once`(capacity: Int) async throws {
        try await withWatchdog {
            let seen = Notes<Int>()
            let pools: [WorkerPool<Int, Void>] = [
                WorkerPool(self.configuration(capacity: capacity)) { (job: Int) in seen.add(job) },
                WorkerPool(self.configuration(capacity: capacity)) { (job: Int) async in
                    await Task.yield()
                    seen.add(job)
                },
                WorkerPool<Int, Void>(
                    self.configuration(capacity: capacity),
                    batchHandler: { jobs, outcomes in
                        for index in jobs.indices {
                            seen.add(jobs[index])
                            outcomes.append(())
                        }
                    }
                ),
            ]
            for (index, pool) in pools.enumerated() {
                async let run = pool.run()
                let base = index * 1_000
                var sender = pool.sender()
                for job in 0..<100 { try await sender.send(base + job) }
                for job in 100..<200 { try await pool.submit(base + job) }
                try await pool.submit(contentsOf: base + 200..<base + 300)
                try await sender.send(contentsOf: Array(base + 300..<base + 400))
                let report = await pool.drain(deadline: .seconds(300))
                #expect(report.ledger.done == 400 && report.ledger.isBalanced, "\(report)")
                #expect(try await run.ledger == report.ledger)
            }
            let expected = [0, 1_000, 2_000].flatMap { (base: Int) -> [Int] in Array(base..<base + 400) }
            #expect(seen.all.sorted() == expected)
        }
    }

    @Test func `a sink is told each result before its job ends`() async throws {
        try await withWatchdog {
            let (outputs, failures) = (Notes<Int>(), Notes<Int>())
            let pool = WorkerPool(
                self.configuration(),
                results: .sink { result in
                    await Task.yield()
                    switch result {
                    case .success(let output): outputs.add(output)
                    case .failure(let error): failures.add((error as? JobFailure)?.job ?? -1)
                    }
                }
            ) { (job: Int) throws -> Int in
                if job % 3 == 0 { throw JobFailure(job: job) }
                return -job
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<300)
            let report = await pool.drain(deadline: .seconds(300))
            #expect(outputs.count == 200 && failures.count == 100)
            #expect(report.ledger.done == 200 && report.ledger.failed == 100)
            #expect(Set(outputs.all + failures.all).count == 300)
            _ = try await run
        }
    }

    @Test func `a batch handler that throws fails its batch, one that forgets a job fails that`() async throws {
        try await withWatchdog {
            let pool = WorkerPool<Int, Int>(
                self.configuration(workers: 1, capacity: 1_000),
                results: .channel(capacity: 1_000),
                batchHandler: { jobs, outcomes in
                    if jobs[0] % 10 == 9 { throw JobFailure(job: jobs[0]) }
                    for index in jobs.indices.dropLast() { outcomes.append(jobs[index]) }
                }
            )
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<500)
            let report = await pool.drain(deadline: .seconds(300))
            var (done, missing, thrown) = (0, 0, 0)
            for await result in pool.results {
                switch result {
                case .success: done += 1
                case .failure(let error as PenstockError):
                    #expect(error.code == .missingOutcome)
                    missing += 1
                case .failure: thrown += 1
                }
            }
            #expect(done == report.ledger.done && missing + thrown == report.ledger.failed)
            #expect(done + missing + thrown == 500 && missing > 0)
            _ = try await run
        }
    }

    // MARK: - P8

    struct Observer: PipelineObserver {
        let failures = Notes<Int>()
        let ledgers = Notes<Ledger>()

        func jobFailed(_ error: any Error, pool: String) { self.failures.add((error as? JobFailure)?.job ?? -1) }
        func poolDrained(_ ledger: Ledger, pool: String) { self.ledgers.add(ledger) }
    }

    @Test func `a thrown error ends no worker, and the observer is told`() async throws {
        try await withWatchdog {
            let observer = Observer()
            var configuration = self.configuration(workers: 3)
            configuration.observer = observer
            let pool = WorkerPool(configuration) { (job: Int) throws in
                if job < 200 { throw JobFailure(job: job) }
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<400)
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.failed == 200 && report.ledger.done == 200)
            #expect(observer.failures.all.sorted() == Array(0..<200))
            #expect(observer.ledgers.all == [report.ledger])
            _ = try await run
        }
    }

    // MARK: - Order

    @Test func `jobs of one sender run in their order on one worker`() async throws {
        try await withWatchdog {
            let seen = Notes<Int>()
            let pool = WorkerPool(self.configuration(workers: 1, capacity: 37)) { (job: Int) in seen.add(job) }
            async let run = pool.run()
            var sender = pool.sender()
            for job in 0..<2_000 {
                if job % 50 == 17 { sender.flush() }
                try await sender.send(job)
            }
            try await sender.send(contentsOf: 2_000..<2_100)
            _ = await pool.drain()
            #expect(seen.all == Array(0..<2_100))
            _ = try await run
        }
    }

    // MARK: - Submitting

    @Test func `trySubmit says why not`() async throws {
        await withWatchdog {
            var configuration = self.configuration(capacity: 10)
            configuration.bytesMax = 100
            let pool = WorkerPool(
                configuration,
                size: { (job: borrowing Int) in JobSize(count: job % 100, bytes: job) },
                handler: { (_: Int) in }
            )
            #expect(pool.trySubmit(11).rejection == .tooLarge)
            #expect(pool.trySubmit(101).rejection == .tooLarge)
            #expect(pool.trySubmit(9).isAccepted)
            #expect(pool.trySubmit(2).rejection == .full)
            #expect(pool.trySubmit(1).isAccepted)
            await #expect(throws: PenstockError.self) { try await pool.submit(201) }
            #expect(pool.snapshot().depth == 10 && pool.snapshot().utilization == 1)
            let report = await pool.drain(deadline: .zero)
            #expect(report.returned == [9, 1])
            #expect(pool.trySubmit(1).rejection == .closed)
            #expect(report.ledger.isBalanced && pool.ledger.isBalanced)
            #expect(pool.ledger.offered == 11 + 1 + 9 + 2 + 1 + 1 + 1)
        }
    }

    @Test func `bytes are bounded as well as counts`() async throws {
        try await withWatchdog {
            var configuration = self.configuration(workers: 2, capacity: 1_000)
            configuration.threads = .perWorker
            configuration.bytesMax = 50
            let gate = ThreadGate()
            let pool = WorkerPool(
                configuration,
                size: { (_: borrowing Int) in JobSize(bytes: 20) },
                handler: { (_: Int) in gate.wait() }
            )
            #expect(pool.trySubmit(1).isAccepted && pool.trySubmit(2).isAccepted)
            #expect(pool.trySubmit(3).rejection == .full)
            async let run = pool.run()
            try await pool.submit(contentsOf: 3..<5)
            await eventually { gate.arrivals == 2 }
            #expect(pool.trySubmit(7).rejection == .full)
            gate.open()
            let report = await pool.drain(deadline: .seconds(300))
            #expect(report.ledger.done == 4 && report.ledger.rejected == 2)
            _ = try await run
        }
    }

    @Test func `a submit that times out or is cancelled has not enqueued its job`() async throws {
        try await withWatchdog {
            let pool = WorkerPool(self.configuration(capacity: 2)) { (_: Int) in }
            try await pool.submit(contentsOf: [1, 2])
            let error = await #expect(throws: PenstockError.self) {
                try await pool.submit(3, timeout: .milliseconds(1))
            }
            #expect(error?.code == .timedOut)
            let cancelled = Task { try await pool.submit(4) }
            let cancelledToo = Task { try await pool.submit(5, timeout: .seconds(100)) }
            await eventually { pool.ledger.waiting == 2 }
            cancelled.cancel()
            cancelledToo.cancel()
            for task in [cancelled, cancelledToo] {
                let error = await #expect(throws: PenstockError.self) { try await task.value }
                #expect(error?.code == .cancelled)
            }
            let bulk = Task { () async -> Int? in
                do throws(PenstockError) { try await pool.submit(contentsOf: 6..<20) } catch {
                    return error.acceptedCount
                }
                return nil
            }
            await eventually { pool.ledger.waiting == 1 }
            let report = await pool.drain(deadline: .zero)
            #expect(await bulk.value == 0)
            #expect(report.returned == [1, 2])
            #expect(pool.ledger.offered == 2 + 3 + 14 && pool.ledger.rejected == 17 && pool.ledger.isBalanced)
        }
    }

    @Test func `producers that wait are served in their order`() async throws {
        try await withWatchdog {
            let (seen, gate) = (Notes<Int>(), ThreadGate())
            let pool = WorkerPool(self.configuration(workers: 1, capacity: 1)) { (job: Int) in
                gate.wait()
                seen.add(job)
            }
            async let run = pool.run()
            try await pool.submit(0)
            await eventually { gate.arrivals == 1 }
            try await pool.submit(1)
            var tasks: [Task<Void, any Error>] = []
            for job in 2..<20 {
                tasks.append(Task { try await pool.submit(job) })
                await eventually { pool.ledger.waiting == job - 1 }
            }
            gate.open()
            for task in tasks { try await task.value }
            _ = await pool.drain()
            #expect(seen.all == Array(0..<20))
            _ = try await run
        }
    }

    @Test func `cancelled submits have not enqueued, and all others have`() async throws {
        for seed in 0..<UInt64(scaled(30)) {
            try await withWatchdog(.seconds(120), "seed \(seed)") {
                let seen = Notes<Int>()
                let pool = WorkerPool(self.configuration(workers: 2, capacity: 3)) { (job: Int) in seen.add(job) }
                let accepted = Notes<Int>()
                let tasks = (0..<80).map { job in
                    Task {
                        switch job % 4 {
                        case 0:
                            var sender = pool.sender()
                            for more in 0..<3 {
                                guard (try? await sender.send(job * 10 + more)) != nil else { return }
                                accepted.add(job * 10 + more)
                            }
                        case 1:
                            do throws(PenstockError) {
                                try await pool.submit(contentsOf: job * 10..<job * 10 + 7)
                                for more in 0..<7 { accepted.add(job * 10 + more) }
                            } catch {
                                for more in 0..<error.acceptedCount { accepted.add(job * 10 + more) }
                            }
                        case 2:
                            if (try? await pool.submit(job * 10, timeout: .seconds(50))) != nil {
                                accepted.add(job * 10)
                            }
                        default: if (try? await pool.submit(job * 10)) != nil { accepted.add(job * 10) }
                        }
                    }
                }
                var random = SeededGenerator(seed: seed)
                for _ in 0..<20 { tasks[random.below(80)].cancel() }
                async let run = pool.run()
                for _ in 0..<20 {
                    tasks[random.below(80)].cancel()
                    await Task.yield()
                }
                for task in tasks { await task.value }
                let report = await pool.drain(deadline: .seconds(300))
                #expect(seen.all.sorted() == accepted.all.sorted(), "seed \(seed)")
                #expect(report.ledger.isBalanced && report.ledger.done == seen.count, "seed \(seed): \(report)")
                _ = try await run
            }
        }
    }

    // MARK: - P15

    @Test func `under load the ledger balances in every snapshot, and the depth is within the capacity`() async throws {
        try await withWatchdog {
            let capacity = 64
            var configuration = self.configuration(workers: 3, capacity: capacity)
            configuration.drainGrace = .seconds(20)
            let pool = WorkerPool(configuration, results: .channel(capacity: 16)) { (job: Int) throws -> Int in
                if job % 11 == 0 { throw JobFailure(job: job) }
                return job
            }
            let isOver = Notes<Bool>()
            async let run = pool.run()
            async let read = {
                var count = 0
                for await _ in pool.results { count += 1 }
                return count
            }()
            let (snapshots, sent) = await withTaskGroup(of: Int.self) { group in
                for producer in 0..<4 {
                    group.addTask {
                        var sender = pool.sender()
                        var sent = 0
                        for job in 0..<scaled(3_000) {
                            let isAccepted =
                                switch producer {
                                case 0, 1: (try? await sender.send(job)) != nil
                                case 2: (try? await pool.submit(job)) != nil
                                default: pool.trySubmit(job).isAccepted
                                }
                            if isAccepted { sent += 1 }
                        }
                        return sent
                    }
                }
                async let snapshots = {
                    var count = 0
                    while isOver.count == 0 {
                        let snapshot = pool.snapshot()
                        count += 1
                        guard snapshot.ledger.isBalanced, snapshot.depth <= capacity else {
                            Issue.record("\(snapshot.ledger)")
                            break
                        }
                        await Task.yield()
                    }
                    return count
                }()
                var sent = 0
                for await part in group { sent += part }
                let report = await pool.drain(deadline: .seconds(300))
                isOver.add(true)
                #expect(report.ledger.done + report.ledger.failed == sent)
                return (await snapshots, sent)
            }
            #expect(snapshots > 10)
            #expect(await read == sent)
            let ran = try await run
            #expect(ran.ledger.isBalanced)
        }
    }

    // MARK: - Life

    @Test func `run throws when it is called a second time`() async throws {
        try await withWatchdog {
            let pool = WorkerPool(self.configuration()) { (_: Int) in }
            async let run = pool.run()
            await eventually { pool.snapshot().idleWorkers == 2 }
            let error = await #expect(throws: PenstockError.self) { try await pool.run() }
            #expect(error?.code == .alreadyRunning)
            _ = await pool.drain()
            _ = try await run
            let late = await #expect(throws: PenstockError.self) { try await pool.run() }
            #expect(late?.code == .alreadyRunning)
        }
    }

    @Test func `one results policy gives each pool a channel of its own`() async throws {
        try await withWatchdog {
            let policy = ResultsPolicy<Int>.channel(capacity: 10)
            for _ in 0..<2 {
                let pool = WorkerPool(self.configuration(), results: policy) { (number: Int) in number }
                async let run = pool.run()
                try await pool.submit(7)
                #expect(try await pool.results.receive()?.get() == 7)
                let report = await pool.drain()
                #expect(report.ledger.done == 1 && report.undelivered.isEmpty)
                _ = try await run
            }
        }
    }

    @Test func `a drain before run returns every job, and run then returns the report`() async throws {
        try await withWatchdog {
            let pool = WorkerPool(self.configuration()) { (_: Int) in }
            try await pool.submit(contentsOf: 0..<10)
            let report = await pool.drain(deadline: .zero, grace: .zero)
            #expect(report.returned == Array(0..<10) && report.ledger.isBalanced)
            #expect(try await pool.run().ledger == report.ledger)
            #expect(await pool.drain().ledger == report.ledger)
        }
    }

    @Test func `a drain before run waits for it until the deadline, and its jobs are run`() async throws {
        try await withWatchdog {
            let pool = WorkerPool(self.configuration()) { (_: Int) in }
            try await pool.submit(contentsOf: 0..<10)
            async let drained = pool.drain(deadline: .seconds(100))
            var accepted = 10
            while pool.trySubmit(accepted).isAccepted {
                accepted += 1
                await Task.yield()
            }
            let report = try await pool.run()
            #expect(report.ledger.accepted == accepted && report.ledger.done == accepted)
            #expect(await drained.returned.isEmpty)
        }
    }

    @Test func `a drain of a pool that never runs returns every job at the deadline`() async throws {
        try await withWatchdog {
            let clock = VirtualClock()
            var configuration = self.configuration()
            configuration.time = clock.time
            let pool = WorkerPool(configuration) { (_: Int) in }
            try await pool.submit(contentsOf: 0..<10)
            async let drained = pool.drain(deadline: .seconds(100))
            while clock.sleeperCount == 0 { await Task.yield() }
            #expect(pool.ledger.queued == 10)
            clock.advance(by: .seconds(100))
            let report = await drained
            #expect(report.returned == Array(0..<10) && report.ledger.isBalanced)
        }
    }

    @Test func `a drain while the pool starts loses no job`() async throws {
        for round in 0..<scaled(200) {
            try await withWatchdog(.seconds(120), "round \(round)") {
                let seen = Notes<Int>()
                let pool = WorkerPool(self.configuration()) { (job: Int) in seen.add(job) }
                try await pool.submit(contentsOf: 0..<20)
                async let run = pool.run()
                let deadline = round % 2 == 0 ? Duration.zero : .seconds(20)
                async let first = pool.drain(deadline: deadline)
                async let second = pool.drain(deadline: deadline)
                let (ledger, other) = (await first, await second)
                #expect(ledger.ledger == other.ledger && ledger.returned == other.returned)
                #expect((ledger.returned + seen.all).sorted() == Array(0..<20), "round \(round): \(ledger)")
                #expect(try await run.ledger == ledger.ledger)
            }
        }
    }

    @Test func `a cancelled run drains now, and still returns the report`() async throws {
        await withWatchdog {
            let gate = TaskGate()
            var configuration = self.configuration(workers: 1)
            configuration.drainGrace = .zero
            let pool = WorkerPool(configuration) { (_: Int) async in await gate.wait() }
            let run = Task { try await pool.run() }
            _ = try? await pool.submit(contentsOf: 0..<10)
            await eventually { gate.arrivals == 1 }
            run.cancel()
            let report = try? await run.value
            #expect(report?.returned.count == 9 && report?.abandoned.map(\.job) == [0])
            #expect(report?.abandoned.first?.worker == "pool/worker-0")
            gate.open()
        }
    }

    @Test func `a cancelled drain means now`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = WorkerPool(self.configuration(workers: 1)) { (_: Int) async in await gate.wait() }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<10)
            await eventually { gate.arrivals == 1 }
            let drain = Task { await pool.drain(deadline: .seconds(1_000), grace: .milliseconds(1)) }
            await eventually { pool.trySubmit(0).rejection == .closed }
            drain.cancel()
            let report = await drain.value
            #expect(report.returned.count == report.ledger.accepted - 1 && report.abandoned.count == 1)
            gate.open()
            _ = try await run
        }
    }

    @Test func `a second drain can bring the end nearer and not put it off`() async throws {
        try await withWatchdog {
            let gate = ThreadGate()
            let pool = WorkerPool(self.configuration(workers: 1)) { (_: Int) in gate.wait() }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<3)
            await eventually { gate.arrivals == 1 }
            async let first = pool.drain(deadline: .zero, grace: .milliseconds(50))
            await eventually { pool.ledger.returned == 2 }
            // Later than the first by its deadline, with less grace: it must not take the first one's place.
            async let second = pool.drain(deadline: .seconds(1_000), grace: .milliseconds(1))
            async let third = pool.drain(deadline: .seconds(1_000), grace: .seconds(1_000))
            #expect(await first.abandoned.count == 1)
            #expect(await second.ledger == third.ledger)
            gate.open()
            _ = try await run
        }
    }

    @Test func `a handler that listens to cancellation is counted as cancelled`() async throws {
        try await withWatchdog {
            let started = Notes<Int>()
            let pool = WorkerPool(self.configuration(workers: 1)) { (job: Int) async throws in
                started.add(job)
                let never = Channel<Int>(capacity: 1)
                _ = try? await never.receive()
                throw CancellationError()
            }
            async let run = pool.run()
            try await pool.submit(contentsOf: 0..<3)
            await eventually { started.count == 1 }
            let report = await pool.drain(deadline: .zero, grace: .seconds(20))
            #expect(report.ledger.cancelled == 1 && report.returned == [1, 2] && report.abandoned.isEmpty)
            _ = try await run
        }
    }

    @Test func `jobs that wait for each other run side by side, and none waits beside an idle worker`() async throws {
        try await withWatchdog {
            // Short jobs first, so that workers take many at once: the later ones must still get a worker each.
            for workers in [2, 3, 5] {
                let together = Notes<Int>()
                let (gate, warm) = (ThreadGate(), 200)
                var configuration = self.configuration(workers: workers, capacity: 1_000, threads: .perWorker)
                configuration.drainGrace = .zero
                let pool = WorkerPool(configuration) { (job: Int) in
                    guard job >= warm else { return }
                    together.add(job)
                    gate.wait()
                }
                async let run = pool.run()
                for round in 0..<4 {
                    try await pool.submit(contentsOf: round * 50..<round * 50 + 50)
                    await eventually { pool.snapshot().idleWorkers == workers }
                }
                try await pool.submit(contentsOf: warm..<warm + workers)
                await eventually { together.count == workers }
                gate.open()
                _ = await pool.drain()
                _ = try await run
            }
        }
    }
}
