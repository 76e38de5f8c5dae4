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
struct JobGroupTests {
    private typealias Pool = WorkerPool<Int, Int>

    private func oneWorker(capacity: Int = 10) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(workers: 1, capacity: capacity)
        configuration.batchMax = 1
        return configuration
    }

    /// The code of what a body throws; nil for anything else.
    private func code(_ body: () async throws -> Void) async -> PenstockError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? PenstockError)?.code
        }
    }

    private func drained(_ pool: Pool) async -> Ledger {
        let report = await pool.drain()
        #expect(report.ledger.isBalanced && report.ledger.queued + report.ledger.inFlight == 0, "\(report)")
        return report.ledger
    }

    // G1
    @Test func `a group gives its outputs in the order of submission`() async throws {
        try await withWatchdog {
            let gates = (0..<50).map { _ in TaskGate() }
            var configuration = WorkerPoolConfiguration(workers: 50, capacity: 50)
            configuration.batchMax = 1
            let pool = Pool(configuration, results: .channel(capacity: 1)) { (job: Int) async -> Int in
                // Each waits for the one after it: the last to be submitted ends first.
                if job < 49 { await gates[job + 1].wait() }
                gates[job].open()
                return -job
            }
            async let run = pool.run()
            #expect(try await pool.call(contentsOf: 0..<50) == (0..<50).map { -$0 })
            // Nothing of it is among the pool's results, which nobody reads.
            #expect(pool.results.tryReceive() == nil)
            #expect(await self.drained(pool).done == 50)
            _ = try await run
        }
    }

    // G2
    @Test func `the first error of a group cancels what has not begun`() async throws {
        try await withWatchdog {
            let (gate, ran) = (TaskGate(), Notes<Int>())
            let pool = Pool(self.oneWorker(capacity: 4)) { (job: Int) async throws -> Int in
                ran.add(job)
                if job == 3 {
                    await gate.wait()
                    throw JobFailure(job: job)
                }
                return job
            }
            async let run = pool.run()
            let group = Task { try await pool.call(contentsOf: 0..<8) }
            await eventually { gate.arrivals == 1 && pool.ledger.queued == 4 }
            // Behind the group's own jobs, 4 to 7, there is no place for it.
            let outsider = Task { try await pool.submit(100) }
            await eventually { pool.ledger.waiting == 1 }
            gate.open()
            await #expect(throws: JobFailure(job: 3)) { try await group.value }
            try await outsider.value
            let ledger = await self.drained(pool)
            #expect(ran.all == [0, 1, 2, 3, 100])
            #expect(ledger.done == 4 && ledger.failed == 1 && ledger.cancelled == 4, "\(ledger)")
            _ = try await run
        }
    }

    @Test func `the first error of a group ends a submit that waits, and later ones`() async throws {
        try await withWatchdog {
            let (gate, ran) = (TaskGate(), Notes<Int>())
            let pool = Pool(self.oneWorker(capacity: 1)) { (job: Int) async throws -> Int in
                ran.add(job)
                if job == 0 {
                    await gate.wait()
                    throw JobFailure(job: job)
                }
                return job
            }
            async let run = pool.run()
            let refused = Notes<JobFailure>()
            let group = Task {
                try await pool.withGroup { group in
                    try await group.submit(0)
                    await eventually { gate.arrivals == 1 }
                    try await group.submit(1)
                    for job in 2...3 {
                        do { try await group.submit(job) } catch let error as JobFailure { refused.add(error) }
                    }
                    #expect(group.isCancelled)
                }
            }
            await eventually { pool.ledger.waiting == 1 }
            gate.open()
            await #expect(throws: JobFailure(job: 0)) { try await group.value }
            #expect(refused.all == [JobFailure(job: 0), JobFailure(job: 0)])
            let ledger = await self.drained(pool)
            #expect(ran.all == [0] && ledger.failed == 1 && ledger.cancelled == 1, "\(ledger)")
            #expect(ledger.rejections.cancelled == 2, "\(ledger)")
            _ = try await run
        }
    }

    // G3
    @Test func `a group that goes on after errors runs all and tells each`() async throws {
        try await withWatchdog {
            let ran = Notes<Int>()
            let pool = Pool(self.oneWorker()) { (job: Int) async throws -> Int in
                ran.add(job)
                if job % 2 == 0 { throw JobFailure(job: job) }
                return job
            }
            async let run = pool.run()
            let results = try await pool.withGroup(onFailure: .goOn) { group in
                for job in 0..<5 { try await group.submit(job) }
                #expect(!group.isCancelled)
            }
            #expect(ran.all == [0, 1, 2, 3, 4] && results.count == 5)
            for (job, result) in results.enumerated() {
                switch result {
                case .success(let output): #expect(output == job && job % 2 == 1)
                case .failure(let error): #expect(error as? JobFailure == JobFailure(job: job) && job % 2 == 0)
                }
            }
            #expect(await self.drained(pool).failed == 3)
            _ = try await run
        }
    }

    // G3
    @Test func `of jobs that run at once the one that fails first is the group's error`() async throws {
        try await withWatchdog {
            let (gates, ends) = ((0..<5).map { _ in TaskGate() }, Notes<Int>())
            let pool = Pool(WorkerPoolConfiguration(workers: 5, capacity: 5)) { (job: Int) async throws -> Int in
                await gates[job].wait()
                ends.add(job)
                throw JobFailure(job: job)
            }
            async let run = pool.run()
            let group = Task { try await pool.call(contentsOf: 0..<5) }
            await eventually { gates.allSatisfy { $0.arrivals == 1 } }
            gates[3].open()
            await eventually { pool.snapshot().idleWorkers == 1 }
            for gate in gates { gate.open() }
            await #expect(throws: JobFailure(job: 3)) { try await group.value }
            #expect(ends.count == 5)
            #expect(await self.drained(pool).failed == 5)
            _ = try await run
        }
    }

    // G4
    @Test func `a cancelled group runs what has begun to its end, and nothing else`() async throws {
        try await withWatchdog {
            let (gate, ran, ends) = (TaskGate(), Notes<Int>(), Notes<Int>())
            let pool = Pool(self.oneWorker()) { (job: Int) async throws -> Int in
                ran.add(job)
                await gate.wait()
                #expect(Task.isCancelled)
                ends.add(job)
                return job
            }
            async let run = pool.run()
            let group = Task { try await pool.call(contentsOf: 0..<5) }
            await eventually { gate.arrivals == 1 && pool.ledger.queued == 4 }
            group.cancel()
            #expect(pool.ledger.queued == 0 && pool.ledger.cancelled == 4 && pool.ledger.isBalanced)
            #expect(ends.count == 0)
            gate.open()
            #expect(await self.code { _ = try await group.value } == .cancelled)
            #expect(ran.all == [0] && ends.all == [0])
            #expect(await self.drained(pool).done == 1)
            _ = try await run
        }
    }

    // G5
    @Test func `an empty group ends at once with nothing`() async throws {
        try await withWatchdog {
            let pool = Pool(self.oneWorker()) { $0 }
            #expect(try await pool.call(contentsOf: []) == [])
            #expect(try await pool.withGroup(onFailure: .goOn) { _ in }.isEmpty)
            await #expect(throws: JobFailure()) { try await pool.withGroup { _ in throw JobFailure() } }
            async let run = pool.run()
            pool.pause()
            #expect(try await pool.call(contentsOf: []) == [])
            #expect(await self.drained(pool) == Ledger())
            // Of a pool that has ended too; but it takes no job.
            #expect(try await pool.call(contentsOf: []) == [])
            #expect(await self.code { _ = try await pool.call(contentsOf: [1]) } == .closed)
            #expect(pool.ledger.rejections.closed == 1 && pool.ledger.isBalanced)
            _ = try await run
        }
    }

    // G6
    @Test func `a job can cancel its own group`() async throws {
        try await withWatchdog {
            let (own, ran) = (Locked<JobGroup<Int, Int>?>(nil), Notes<Int>())
            let pool = Pool(self.oneWorker()) { (job: Int) async -> Int in
                await eventually { own.withLock { $0 != nil } }
                ran.add(job)
                if job == 1 { own.withLock { $0 }?.cancelAll() }
                return job
            }
            async let run = pool.run()
            let code = await self.code {
                try await pool.withGroup { group in
                    for job in 0..<3 { try await group.submit(job) }
                    own.withLock { $0 = group }
                }
            }
            #expect(code == .cancelled && ran.all == [0, 1])
            // It takes no more afterwards: it has ended.
            let group = try #require(own.withLock { $0 })
            #expect(await self.code { try await group.submit(4) } == .closed)
            let ledger = await self.drained(pool)
            #expect(ledger.done == 2 && ledger.cancelled == 1 && ledger.rejections.closed == 1, "\(ledger)")
            _ = try await run
        }
    }

    // G7
    @Test func `a group's jobs stand in the pool's ledger`() async throws {
        try await withWatchdog {
            let own = Locked<JobGroup<Int, Int>?>(nil)
            let pool = Pool(self.oneWorker()) { (job: Int) async throws -> Int in
                if job == 9 { throw JobFailure(job: job) }
                if job == 104 {
                    await eventually { own.withLock { $0 != nil } }
                    own.withLock { $0 }?.cancelAll()
                }
                return job
            }
            async let run = pool.run()
            async let watch: Void = {
                while pool.ledger.accepted < 20 {
                    #expect(pool.ledger.isBalanced)
                    await Task.yield()
                }
            }()
            await #expect(throws: JobFailure(job: 9)) { try await pool.call(contentsOf: 0..<10) }
            await eventually { pool.ledger.ended == 10 }
            #expect(pool.ledger.done == 9 && pool.ledger.failed == 1 && pool.ledger.accepted == 10)
            let code = await self.code {
                try await pool.withGroup { group in
                    for job in 100..<110 { try await group.submit(job) }
                    own.withLock { $0 = group }
                }
            }
            #expect(code == .cancelled)
            await watch
            let ledger = await self.drained(pool)
            #expect(ledger.done == 14 && ledger.cancelled == 5 && ledger.accepted == 20, "\(ledger)")
            _ = try await run
        }
    }

    @Test func `an error of the body cancels the rest and is thrown once all have ended`() async throws {
        try await withWatchdog {
            let (begun, ends) = (Notes<Int>(), Notes<Int>())
            let pool = Pool(self.oneWorker()) { (job: Int) async throws -> Int in
                begun.add(job)
                defer { ends.add(job) }
                try await waitForCancellation()
                return job
            }
            async let run = pool.run()
            await #expect(throws: JobFailure(job: 7)) {
                try await pool.withGroup(onFailure: .goOn) { group in
                    for job in 0..<3 { try await group.submit(job) }
                    await eventually { begun.count == 1 }
                    throw JobFailure(job: 7)
                }
            }
            #expect(begun.all == [0] && ends.all == [0])
            #expect(await self.drained(pool).cancelled == 3)
            _ = try await run
        }
    }

    @Test(arguments: [false, true])
    func `a group in a job of its own pool is refused by name, or run in place`(inline: Bool) async throws {
        try await withWatchdog {
            let (pools, codes, outputs) = (Locked<Pool?>(nil), Notes<PenstockError.Code?>(), Notes<Int>())
            var configuration = self.oneWorker(capacity: 1)
            configuration.nestedSubmission = inline ? .runInline : .refuse
            let pool = Pool(configuration) { (job: Int) async throws -> Int in
                guard job == 0, let pool = pools.withLock({ $0 }) else { return job }
                // No other worker could ever run them.
                codes.add(
                    await self.code { for output in try await pool.call(contentsOf: [1, 2]) { outputs.add(output) } }
                )
                return await withTaskGroup(of: Int.self) { group in
                    group.addTask {
                        codes.add(
                            await self.code {
                                for output in try await pool.call(contentsOf: [3]) { outputs.add(output) }
                            }
                        )
                        return 0
                    }
                    return await group.next() ?? -1
                }
            }
            pools.withLock { $0 = pool }
            async let run = pool.run()
            #expect(try await pool.call(0) == 0)
            let ledger = await self.drained(pool)
            #expect(codes.all == (inline ? [nil, nil] : [.nestedSubmission, .nestedSubmission]))
            #expect(outputs.all == (inline ? [1, 2, 3] : []))
            #expect(ledger.done == (inline ? 4 : 1) && ledger.rejections.nested == (inline ? 0 : 2), "\(ledger)")
            pools.withLock { $0 = nil }
            _ = try await run
        }
    }

    @Test func `jobs of a group may submit further ones to it`() async throws {
        try await withWatchdog {
            let own = Locked<JobGroup<Int, Int>?>(nil)
            let pool = Pool(WorkerPoolConfiguration(workers: 2, capacity: 100)) { (job: Int) async throws -> Int in
                await eventually { own.withLock { $0 != nil } }
                if job < 16, let group = own.withLock({ $0 }) {
                    try await group.submit(2 * job)
                    try await group.submit(2 * job + 1)
                }
                return job
            }
            async let run = pool.run()
            let outputs = try await pool.withGroup { group in
                try await group.submit(1)
                own.withLock { $0 = group }
            }
            #expect(outputs.sorted() == Array(1..<32))
            own.withLock { $0 = nil }
            #expect(await self.drained(pool).done == 31)
            _ = try await run
        }
    }

    @Test func `a drain ends a group, and each job says how it ended`() async throws {
        try await withWatchdog {
            let gate = TaskGate()
            let pool = Pool(self.oneWorker()) { (job: Int) async -> Int in
                if job == 1 { await gate.wait() }
                return job
            }
            async let run = pool.run()
            let group = Task {
                try await pool.withGroup(onFailure: .goOn) { group in
                    for job in 0..<3 { try await group.submit(job) }
                }
            }
            await eventually { gate.arrivals == 1 && pool.ledger.queued == 1 }
            let report = await pool.drain(deadline: .zero, grace: .zero)
            let results = try await group.value
            #expect(try results.first?.get() == 0)
            let codes = results.dropFirst().map { result -> PenstockError.Code? in
                if case .failure(let error) = result { return (error as? PenstockError)?.code }
                return nil
            }
            #expect(codes == [.abandoned, .returned])
            #expect(report.returned == [2] && report.abandoned.map(\.job) == [1] && report.ledger.isBalanced)
            gate.open()
            _ = try await run
        }
    }

    @Test func `policies that drop, refuse and run in place mean for groups what they say`() async throws {
        try await withWatchdog {
            for policy in [OverflowPolicy.dropNewest, .dropOldest, .reject, .callerRuns] {
                let (gate, ran) = (TaskGate(), Notes<Int>())
                var configuration = self.oneWorker(capacity: 1)
                configuration.overflow = policy
                let pool = Pool(configuration) { (job: Int) async -> Int in
                    if job == 0 { await gate.wait() }
                    ran.add(job)
                    return job
                }
                async let run = pool.run()
                let group = Task {
                    try await pool.withGroup(onFailure: .goOn) { group in
                        try await group.submit(0)
                        await eventually { gate.arrivals == 1 }
                        try await group.submit(1)
                        try await group.submit(2)
                    }
                }
                // The job that comes to the full queue has its end, or has cancelled what is queued.
                await eventually { pool.ledger.cancelled + pool.ledger.shed + pool.ledger.done == 1 }
                gate.open()
                switch policy {
                case .reject:
                    #expect(await self.code { _ = try await group.value } == .full)
                    #expect(ran.all == [0] && pool.ledger.rejections.full == 1)
                case .callerRuns:
                    #expect(try await group.value.map { try $0.get() } == [0, 1, 2])
                    #expect(ran.all == [2, 0, 1])
                default:
                    let outputs = try await group.value.map { try? $0.get() }
                    #expect(outputs == (policy == .dropNewest ? [0, 1, nil] : [0, nil, 2]))
                }
                _ = await self.drained(pool)
                _ = try await run
            }
        }
    }

    @Test func `a job that its submitter runs is cancelled as any other, and has the outcome that it has`() async throws
    {
        try await withWatchdog {
            let (gate, own, cancelled) = (TaskGate(), Locked<JobGroup<Int, Int>?>(nil), Notes<Bool>())
            var configuration = self.oneWorker(capacity: 1)
            configuration.overflow = .callerRuns
            let pool = Pool(configuration) { (job: Int) async -> Int in
                if job == 0 { await gate.wait() }
                if job == 2 {
                    own.withLock { $0 }?.cancelAll()
                    cancelled.add(Task.isCancelled)
                }
                return job
            }
            async let run = pool.run()
            let results = try await pool.withGroup(onFailure: .goOn) { group in
                own.withLock { $0 = group }
                for job in 0..<3 {
                    try await group.submit(job)
                    if job == 0 { await eventually { gate.arrivals == 1 } }
                }
                gate.open()
            }
            #expect(results.map { try? $0.get() } == [0, nil, 2] && cancelled.all == [true])
            own.withLock { $0 = nil }
            let ledger = await self.drained(pool)
            #expect(ledger.done == 2 && ledger.cancelled == 1, "\(ledger)")
            _ = try await run
        }
    }

    @Test func `a batch handler's jobs come in groups too`() async throws {
        try await withWatchdog {
            let pool =
                Pool(WorkerPoolConfiguration(workers: 2, capacity: 100)) { jobs, outcomes in
                    for index in jobs.indices {
                        if jobs[index] == 77 {
                            outcomes.append(failure: JobFailure(job: 77))
                        } else {
                            outcomes.append(jobs[index])
                        }
                    }
                } as Pool
            async let run = pool.run()
            #expect(try await pool.call(contentsOf: 0..<70) == Array(0..<70))
            await #expect(throws: JobFailure(job: 77)) { try await pool.call(contentsOf: 70..<90) }
            let ledger = await self.drained(pool)
            #expect(
                ledger.failed == 1 && ledger.accepted == ledger.done + ledger.failed + ledger.cancelled,
                "\(ledger)"
            )
            _ = try await run
        }
    }

    @Test func `whatever ends a group, each of its jobs has one end, on every seed`() throws {
        // Failures name the seed.
        try Simulation.run(seeds: 1...UInt64(scaled(1_000))) { try await GroupRace(simulation: $0).run() }
    }
}

/// A group, and a cancellation, a failure or a drain at any moment.
private struct GroupRace: Sendable {
    let simulation: Simulation

    func run() async throws {
        let simulation = self.simulation
        let count = simulation.random(in: 0...8)
        let failing = simulation.oneIn(2) ? simulation.random(in: 0...8) : -1
        let ran = Locked<[Int]>([])
        let workers = simulation.random(in: 1...3)
        let pool = WorkerPool(simulation.configuration(workers: workers, capacity: simulation.random(in: 1...3))) {
            (job: Int) async throws -> Int in
            ran.withLock { $0.append(job) }
            if simulation.oneIn(2) { await simulation.pause() }
            if job == failing { throw JobFailure(job: job) }
            return job
        }
        simulation.watch(pool)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = try await pool.run() }
            let result = await withTaskGroup(of: Result<[Int], any Error>?.self) { group in
                group.addTask {
                    do { return .success(try await pool.call(contentsOf: 0..<count)) } catch { return .failure(error) }
                }
                if simulation.oneIn(2) {
                    for _ in 0..<simulation.random(in: 0...20) { await simulation.pause() }
                    if simulation.oneIn(2) { group.cancelAll() } else { _ = await pool.drain(deadline: .zero) }
                }
                return await group.next() ?? nil
            }
            let ended = ran.withLock { $0.count }
            let ledger = await pool.drain().ledger
            switch result {
            case .success(let outputs):
                simulation.expect(outputs == Array(0..<count), "outputs \(outputs)")
                simulation.expect(ledger.done == count, "\(ledger)")
            case .failure(let error as JobFailure):
                simulation.expect(error.job == failing && ledger.failed == 1, "\(error), \(ledger)")
            case .failure, nil:
                simulation.expect(ledger.done < count, "\(String(describing: result)), \(ledger)")
            }
            simulation.expect(ran.withLock { $0.count } == ended, "a job began after its group had ended")
            simulation.expect(Set(ran.withLock { $0 }).count == ended, "a job began twice")
            simulation.expect(ledger.isBalanced, "\(ledger)")
            try await tasks.waitForAll()
        }
    }
}
