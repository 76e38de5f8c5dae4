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

/// The end of a channel while both sides are at work, and loops that stop before it.
@Suite(.timeLimit(.minutes(5)))
struct ChannelEndTests {
    @Test(arguments: [1, 2, 7])
    func `a finish beside senders and receivers loses nothing and leaves nobody`(capacity: Int) async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 4, name: "test")
            for seed in 0..<UInt64(scaled(150)) {
                let channel = Channel<Int>(capacity: capacity)
                let (sent, received) = (Notes<Int>(), Notes<Int>())
                var random = SeededGenerator(seed: seed)
                let pauses = [random.below(50), random.below(50)]
                var tasks: [Task<PenstockError.Code?, Never>] = []
                for way in 0..<3 {
                    tasks.append(Task(executorPreference: executor) { await self.send(way, channel, sent) })
                    tasks.append(Task(executorPreference: executor) { await self.receive(way, channel, received) })
                }
                for count in pauses {
                    tasks.append(
                        Task(executorPreference: executor) {
                            for _ in 0..<count { await Task.yield() }
                            channel.finish()
                            return nil
                        }
                    )
                }
                for task in tasks {
                    let code = await task.value
                    #expect(code == nil || code == .closed, "seed \(seed)")
                }
                // A receiver that polls may have gone while others still received; nobody has gone before the end.
                #expect(channel.hasEnded && channel.waiting == (0, 0), "seed \(seed)")
                #expect(sent.all.sorted() == received.all.sorted(), "seed \(seed)")
            }
            executor.shutdown()
        }
    }

    /// Sends until the channel is finished, and notes what was accepted.
    private func send(_ way: Int, _ channel: Channel<Int>, _ sent: Notes<Int>) async -> PenstockError.Code? {
        var next = way * 1_000_000
        while true {
            do throws(PenstockError) {
                switch way {
                case 0:
                    try await channel.send(next)
                    sent.add(next)
                case 1:
                    switch channel.trySend(next) {
                    case .sent: sent.add(next)
                    case .full: await Task.yield()
                    case .closed: return .closed
                    }
                default:
                    try await channel.send(contentsOf: next..<next + 5)
                    for element in next..<next + 5 { sent.add(element) }
                    next += 4
                }
                next += 1
            } catch {
                for element in next..<next + error.acceptedCount { sent.add(element) }
                return error.code
            }
        }
    }

    /// Receives until the channel has ended.
    private func receive(_ way: Int, _ channel: Channel<Int>, _ received: Notes<Int>) async -> PenstockError.Code? {
        do throws(PenstockError) {
            while true {
                switch way {
                case 0:
                    guard let element = try await channel.receive() else { return nil }
                    received.add(element)
                case 1:
                    let some = try await channel.receive(upTo: 3)
                    if some.isEmpty { return nil }
                    for element in some { received.add(element) }
                default:
                    if let element = channel.tryReceive() {
                        received.add(element)
                    } else if channel.hasEnded {
                        return nil
                    } else {
                        await Task.yield()
                    }
                }
            }
        } catch {
            return error.code
        }
    }

    @Test func `an element that is there is not missed while the channel is finished`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 2, name: "test")
            for round in 0..<scaled(2_000) {
                let channel = Channel<Int>(capacity: 1)
                #expect(channel.trySend(round) == .sent)
                let finish = Task(executorPreference: executor) { channel.finish() }
                let receive = Task(executorPreference: executor) { channel.tryReceive() }
                #expect(await receive.value == round)
                await finish.value
                #expect(channel.hasEnded, "round \(round)")
            }
            executor.shutdown()
        }
    }

    @Test func `a loop that breaks off leaves the rest in the channel`() async throws {
        try await withWatchdog {
            let channel = Channel<Int>(capacity: 4)
            try await channel.send(contentsOf: 1...4)
            channel.finish()
            var seen: [Int] = []
            for await element in channel {
                seen.append(element)
                if element == 3 { break }
            }
            #expect(seen == [1, 2, 3] && channel.depth == 1)
            for await element in channel { seen.append(element) }
            #expect(seen == [1, 2, 3, 4])
        }
    }

    @Test func `two iterators of one channel see each element once`() async throws {
        try await withWatchdog {
            let channel = Channel<Int>(capacity: 6)
            try await channel.send(contentsOf: 0..<6)
            channel.finish()
            var (one, other) = (channel.makeAsyncIterator(), channel.makeAsyncIterator())
            var seen: [Int?] = []
            for _ in 0..<3 {
                seen.append(await one.next())
                seen.append(await other.next())
            }
            #expect(seen == [0, 1, 2, 3, 4, 5])
            #expect(await one.next() == nil)
            #expect(await other.next() == nil)
        }
    }
}
