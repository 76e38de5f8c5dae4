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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct ThreadExecutorTests {
    @Test func `no thread starts before there is work, and all end after shutdown`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 3, name: "test")
            #expect(executor.threadCount == 0)
            let answer = await Task(executorPreference: executor) { 42 }.value
            #expect(answer == 42)
            #expect((1...3).contains(executor.threadCount))
            executor.shutdown()
            await eventually { executor.threadCount == 0 }
        }
    }

    @Test func `what comes after shutdown still runs`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 2, name: "test")
            executor.shutdown()
            for round in 0..<scaled(200) {
                let answer = await Task(executorPreference: executor) { round }.value
                #expect(answer == round)
            }
            await eventually { executor.threadCount == 0 }
        }
    }

    @Test func `there are at most as many threads as allowed, and all of them are used`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 4, name: "test")
            let gate = ThreadGate()
            let tasks = (0..<100).map { _ in Task(executorPreference: executor) { gate.wait() } }
            await eventually { gate.arrivals == 4 }
            #expect(executor.threadCount == 4)
            gate.open()
            for task in tasks { await task.value }
            #expect(gate.arrivals == 100)
            #expect(executor.threadCount == 4)
            executor.shutdown()
        }
    }

    @Test func `a task does not wait for one that blocks while a thread may still start`() async {
        for round in 0..<scaled(200) {
            await withWatchdog(.seconds(120), "round \(round)") {
                let executor = ThreadExecutor(threads: 3, name: "test")
                await Task(executorPreference: executor) {}.value
                // The one thread parks now, or has; then three tasks come that wait for each other.
                for _ in 0..<round % 20 { await Task.yield() }
                let gate = ThreadGate()
                let tasks = (0..<3).map { _ in Task(executorPreference: executor) { gate.wait() } }
                await eventually { gate.arrivals == 3 }
                gate.open()
                for task in tasks { await task.value }
                executor.shutdown()
            }
        }
    }

    @Test func `no wake-up is lost between tasks that come one by one`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 2, name: "test")
            let channel = Channel<Int>(capacity: 1)
            let back = Channel<Int>(capacity: 1)
            let echo = Task(executorPreference: executor) {
                for await number in channel { try? await back.send(number) }
            }
            for number in 0..<scaled(2_000) {
                try? await channel.send(number)
                #expect((try? await back.receive()) == number)
            }
            channel.finish()
            await echo.value
            executor.shutdown()
        }
    }

    @Test func `raising the limit starts threads for work that waits behind jobs that block`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 1, name: "test")
            let gate = ThreadGate()
            let tasks = (0..<4).map { _ in Task(executorPreference: executor) { gate.wait() } }
            await eventually { gate.arrivals == 1 && executor.pending == 3 }
            #expect(executor.threadCount == 1)
            executor.setThreadsMax(3)
            await eventually { gate.arrivals == 3 }
            #expect(executor.threadCount == 3 && executor.threadsMax == 3)
            executor.setThreadsMax(8)
            // One more is all there is work for.
            await eventually { gate.arrivals == 4 }
            #expect(executor.threadCount == 4)
            gate.open()
            for task in tasks { await task.value }
            executor.shutdown()
            await eventually { executor.threadCount == 0 }
        }
    }

    @Test func `lowering the limit ends parked threads at once, and busy ones when they are free`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 6, name: "test")
            let first = ThreadGate()
            let tasks = (0..<6).map { _ in Task(executorPreference: executor) { first.wait() } }
            await eventually { first.arrivals == 6 }
            executor.setThreadsMax(4)
            // All are busy: nobody is taken out of a job.
            #expect(executor.threadCount == 6)
            first.open()
            for task in tasks { await task.value }
            await eventually { executor.threadCount == 4 }
            let second = ThreadGate()
            let held = Task(executorPreference: executor) { second.wait() }
            await eventually { second.arrivals == 1 }
            executor.setThreadsMax(1)
            await eventually { executor.threadCount == 1 }
            // The one that is left is the busy one, and what comes waits for it.
            let later = Task(executorPreference: executor) { second.arrivals }
            await eventually { executor.pending == 1 }
            second.open()
            #expect(await later.value == 1)
            await held.value
            #expect(executor.threadCount == 1)
            executor.shutdown()
            await eventually { executor.threadCount == 0 }
        }
    }

    @Test func `a thread that ends although it was woken for work leaves it to another`() async {
        for round in 0..<scaled(2_000) {
            await withWatchdog(.seconds(120), "round \(round)") {
                let executor = ThreadExecutor(threads: 3, name: "test")
                let gate = ThreadGate()
                let warm = (0..<3).map { _ in Task(executorPreference: executor) { gate.wait() } }
                await eventually { gate.arrivals == 3 }
                gate.open()
                for task in warm { await task.value }
                for _ in 0..<round % 16 { await Task.yield() }
                // One holds a thread; of the two others one is woken for the next task and one is to end.
                let hold = ThreadGate()
                let held = Task(executorPreference: executor) { hold.wait() }
                await eventually { hold.arrivals == 1 }
                let task = Task(executorPreference: executor) { round }
                executor.setThreadsMax(2)
                #expect(await task.value == round)
                await eventually { executor.threadCount == 2 }
                hold.open()
                await held.value
                executor.shutdown()
            }
        }
    }

    @Test func `no task is lost while the limit goes up and down`() async {
        for seed in 0..<UInt64(scaled(100)) {
            await withWatchdog(.seconds(120), "seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let executor = ThreadExecutor(threads: 1 + random.below(4), name: "test")
                let sum = await withTaskGroup(of: Int.self) { group in
                    for number in 1...300 {
                        let yields = random.below(3)
                        group.addTask(executorPreference: executor) {
                            for _ in 0..<yields { await Task.yield() }
                            return number
                        }
                        if random.oneIn(4) { executor.setThreadsMax(1 + random.below(6)) }
                        if random.oneIn(8) { await Task.yield() }
                    }
                    return await group.reduce(0, +)
                }
                #expect(sum == 300 * 301 / 2, "seed \(seed)")
                let limit = 1 + random.below(3)
                executor.setThreadsMax(limit)
                await eventually { executor.threadCount <= limit }
                executor.shutdown()
                await eventually { executor.threadCount == 0 }
            }
        }
    }

    @Test func `a pool that has run its jobs uses no CPU, with a sender alive and a reader of results`() async throws {
        try await withWatchdog {
            let configuration = WorkerPoolConfiguration(name: "idle-test", workers: 4)
            let pool = WorkerPool(configuration, results: .channel(capacity: 100)) { (job: Int) in job }
            async let run = pool.run()
            async let read = count(pool.results, on: pool.executor)
            var sender = pool.sender()
            for job in 0..<1_000 { try await sender.send(job) }
            sender.flush()
            await eventually { pool.ledger.done == 1_000 && pool.snapshot().idleWorkers == 4 }
            let threads = try #require(poolThreads())
            // Nothing is to happen, so there is no event to wait for: a pipe on which nothing comes lets time pass.
            passTime(milliseconds: 200)
            let later = try #require(poolThreads())
            // In ticks of the system's clock, 100 a second: what spins for 200 ms uses 20.
            #expect(later - threads <= 2, "\(later - threads) ticks of 20")
            // Used once more, so that it has lived meanwhile.
            sender.flush()
            _ = await pool.drain()
            _ = try await run
            #expect(await read == 1_000)
        }
    }

    private func count<Output>(
        _ results: Channel<Result<Output, any Error>>,
        on executor: any TaskExecutor
    ) async -> Int {
        await withTaskExecutorPreference(executor) {
            var count = 0
            for await _ in results { count += 1 }
            return count
        }
    }

    private func passTime(milliseconds: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        var descriptor = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, milliseconds)
        close(ends[0])
        close(ends[1])
    }

    /// The processor time that threads named "idle-test" have used, in clock ticks.
    private func poolThreads() -> Int? {
        #if os(Linux)
        statistics(ofThreadsNamed: "idle-test")?.reduce(0) { $0 + (Int($1[13]) ?? 0) + (Int($1[14]) ?? 0) }
        #else
        0
        #endif
    }
}
