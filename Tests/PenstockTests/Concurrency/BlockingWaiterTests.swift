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

/// The channel's state machine with callers that block: its lines are those in which the pool's callers stand.
extension Channel {
    /// How a blocking call ended, with what it got.
    fileprivate struct Ending: Sendable {
        var outcome: WaitOutcome
        var element: Element?
    }

    fileprivate func sendBlocking(_ element: Element, deadline: UInt64 = .max) -> WaitOutcome {
        let waiter = Waiter<Element>()
        waiter.element = element
        return self.guarded.waitBlocking(waiter, deadline: deadline) {
            $0.suspendSender(waiter)
        } cancel: {
            $0.cancelSender(waiter)
        }
    }

    fileprivate func receiveBlocking(deadline: UInt64 = .max) -> Ending {
        let waiter = Waiter<Element>()
        let outcome = self.guarded.waitBlocking(waiter, deadline: deadline) {
            $0.suspendReceiver(waiter)
        } cancel: {
            $0.cancelReceiver(waiter)
        }
        return Ending(outcome: outcome, element: waiter.element)
    }
}

@Suite(.timeLimit(.minutes(5)))
struct BlockingWaiterTests {
    @Test func `a thread that need not wait goes on at once`() async {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            #expect(channel.sendBlocking(7) == .served)
            let ending = channel.receiveBlocking()
            #expect(ending.outcome == .served && ending.element == 7)
            channel.finish()
            #expect(channel.sendBlocking(8) == .closed && channel.receiveBlocking().outcome == .closed)
        }
    }

    @Test func `a waiting thread is served, and gets the element`() async {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            for round in 0..<scaled(2_000) {
                async let ending = onThread { channel.receiveBlocking() }
                if round.isMultiple(of: 2) { await eventually { channel.waiting.receivers == 1 } }
                #expect(channel.sendBlocking(round) == .served)
                let (outcome, element) = (await ending.outcome, await ending.element)
                #expect(outcome == .served && element == round)
            }
        }
    }

    @Test func `waiting threads wake when the line is closed, and what they brought was not taken`() async {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            #expect(channel.trySend(0) == .sent)
            async let first = onThread { channel.sendBlocking(1) }
            async let second = onThread { channel.sendBlocking(2) }
            await eventually { channel.waiting.senders == 2 }
            channel.finish()
            let outcomes = await [first, second]
            #expect(outcomes == [.closed, .closed])
            #expect(channel.tryReceive() == 0 && channel.tryReceive() == nil)
        }
    }

    @Test func `a thread whose time is over takes itself out of line, and those behind it move up`() async {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            #expect(channel.trySend(0) == .sent)
            let end = TimeSource.system.now() + 20_000_000
            let ends = Notes<WaitOutcome>()
            async let late: Void = onThread { ends.add(channel.sendBlocking(1, deadline: end)) }
            // On a machine that stands still for so long its time may be over before anybody looks.
            await eventually { channel.waiting.senders == 1 || ends.count == 1 }
            async let patient = onThread { channel.sendBlocking(2) }
            await late
            #expect(ends.all == [.cancelled])
            #expect(TimeSource.system.now() >= end)
            await eventually { channel.waiting.senders == 1 }
            #expect(channel.tryReceive() == 0)
            #expect(await patient == .served)
            #expect(channel.tryReceive() == 2 && channel.tryReceive() == nil)
        }
    }

    @Test func `a deadline in the past waits for nothing, and still takes what is there`() async {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            #expect(channel.receiveBlocking(deadline: 0).outcome == .cancelled)
            #expect(channel.sendBlocking(1, deadline: 0) == .served)
            #expect(channel.sendBlocking(2, deadline: 0) == .cancelled)
            #expect(channel.receiveBlocking(deadline: 0).element == 1)
            #expect(channel.waiting.senders == 0 && channel.waiting.receivers == 0)
        }
    }

    @Test func `threads and tasks are served in the order in which they came`() async {
        for seed in 0..<UInt64(scaled(60)) {
            await withWatchdog(.seconds(120), "order, seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let channel = Channel<Int>(capacity: 1)
                #expect(channel.trySend(0) == .sent)
                await withTaskGroup(of: Void.self) { group in
                    for number in 1...12 {
                        let isThread = random.oneIn(2)
                        group.addTask {
                            if isThread {
                                let outcome = await onThread { channel.sendBlocking(number) }
                                #expect(outcome == .served, "seed \(seed)")
                            } else {
                                await #expect(throws: Never.self) { try await channel.send(number) }
                            }
                        }
                        await eventually { channel.waiting.senders == number }
                    }
                    for number in 0...12 { #expect((try? await channel.receive()) == number, "seed \(seed)") }
                }
            }
        }
    }

    /// What one side of a mixed load did, and what was refused.
    private struct Part: Sendable {
        var numbers: [Int] = []
        var late = 0
    }

    @Test(arguments: [1, 2, 7])
    func `nothing is lost or doubled between threads and tasks, whoever runs out of time`(capacity: Int) async {
        var late = 0
        for seed in 0..<UInt64(scaled(40)) {
            await withWatchdog(.seconds(120), "threads and tasks, capacity \(capacity), seed \(seed)") {
                let channel = Channel<Int>(capacity: capacity)
                let (sent, received) = await withTaskGroup(of: Part.self) { consumers in
                    consumers.addTask { await onThread { self.consume(channel, seed: seed &* 3) } }
                    consumers.addTask { await onThread { self.consume(channel, seed: seed &* 3 &+ 1) } }
                    consumers.addTask {
                        var part = Part()
                        for await number in channel { part.numbers.append(number) }
                        return part
                    }
                    let sent = await withTaskGroup(of: Part.self) { producers in
                        for producer in 0..<3 {
                            let seed = seed &* 7 &+ UInt64(producer)
                            producers.addTask { await onThread { self.produce(producer * 1_000, channel, seed: seed) } }
                        }
                        producers.addTask {
                            for number in 3_000..<3_200 { try? await channel.send(number) }
                            return Part(numbers: Array(3_000..<3_200))
                        }
                        return await producers.reduce(into: [Part]()) { $0.append($1) }
                    }
                    channel.finish()
                    return (sent, await consumers.reduce(into: [Part]()) { $0.append($1) })
                }
                let (all, got) = (sent.flatMap(\.numbers).sorted(), received.flatMap(\.numbers).sorted())
                #expect(all == got, "capacity \(capacity), seed \(seed)")
                #expect(channel.depth == 0 && channel.waiting.senders == 0 && channel.waiting.receivers == 0)
                late += (sent + received).reduce(0) { $0 + $1.late }
            }
        }
        #expect(late > 0, "nobody ran out of time: the test did not look")
    }

    /// Sends 200 numbers; says which were sent. Deadlines are so short that a good part passes while the thread waits.
    private func produce(_ first: Int, _ channel: Channel<Int>, seed: UInt64) -> Part {
        var random = SeededGenerator(seed: seed)
        var part = Part()
        for number in first..<first + 200 {
            switch channel.sendBlocking(number, deadline: self.deadline(&random)) {
            case .served: part.numbers.append(number)
            case .cancelled: part.late += 1
            case .closed, .retry: Issue.record("seed \(seed): a channel that is open sends or holds")
            }
        }
        return part
    }

    private func consume(_ channel: Channel<Int>, seed: UInt64) -> Part {
        var random = SeededGenerator(seed: seed)
        var part = Part()
        while true {
            let ending = channel.receiveBlocking(deadline: self.deadline(&random))
            switch ending.outcome {
            case .served: if let number = ending.element { part.numbers.append(number) }
            case .cancelled: part.late += 1
            case .closed: return part
            case .retry: Issue.record("seed \(seed): a receiver is served or waits")
            }
            if case .cancelled = ending.outcome, ending.element != nil {
                Issue.record("seed \(seed): late, and yet given an element")
            }
        }
    }

    private func deadline(_ random: inout SeededGenerator) -> UInt64 {
        random.oneIn(3) ? .max : TimeSource.system.now() + UInt64(random.below(30_000))
    }

    @Test func `code knows whether it runs inside a task, also on a pool's thread`() async {
        await withWatchdog {
            #expect(isInsideTask())
            #expect(await !onThread { isInsideTask() })
            let executor = ThreadExecutor(threads: 1, name: "test")
            #expect(await Task(executorPreference: executor) { isInsideTask() }.value)
            executor.shutdown()
        }
    }
}
