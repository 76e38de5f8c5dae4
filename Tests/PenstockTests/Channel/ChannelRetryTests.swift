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

/// Waits that are given up and begun again, and waits that race.
@Suite(.timeLimit(.minutes(5)))
struct ChannelRetryTests {
    @Test func `a wait that is given up and tried again neither loses nor doubles`() async {
        let givenUp = Notes<Int>()
        for seed in 0..<UInt64(scaled(40)) {
            await withWatchdog(.seconds(120), "seed \(seed)") {
                let channel = Channel<Int>(capacity: 2)
                let count = 200
                async let allSent: Void = {
                    var random = SeededGenerator(seed: seed)
                    for element in 0..<count {
                        while await self.givingUp(after: random.below(6), { try await channel.send(element) }) == nil {
                            givenUp.add(element)
                        }
                    }
                    channel.finish()
                }()
                var random = SeededGenerator(seed: seed &+ 1_000)
                var received: [Int] = []
                while true {
                    let result = await self.givingUp(after: random.below(6)) { try await channel.receive() }
                    guard let result else { continue }
                    guard let element = result else { break }
                    received.append(element)
                }
                await allSent
                #expect(received == Array(0..<count), "seed \(seed)")
                #expect(channel.waiting == (0, 0), "seed \(seed)")
            }
        }
        #expect(givenUp.count > 0)
    }

    /// Runs a call in a child task that is cancelled after some time; nil when that has ended it.
    private func givingUp<Value: Sendable>(
        after pauses: Int,
        _ call: @escaping @Sendable () async throws -> Value
    ) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask {
                do { return try await call() } catch {
                    #expect((error as? PenstockError)?.code == .cancelled)
                    return nil
                }
            }
            for _ in 0..<pauses { await Task.yield() }
            group.cancelAll()
            return await group.next() ?? nil
        }
    }

    @Test func `of two receives that race, none loses an element`() async throws {
        for seed in 0..<UInt64(scaled(1_000)) {
            await withWatchdog(.seconds(120), "seed \(seed)") {
                var random = SeededGenerator(seed: seed)
                let channels = [Channel<Int>(capacity: 1), Channel<Int>(capacity: 1)]
                let pauses = [random.below(4), random.below(4)]
                let (received, isBoth) = await withTaskGroup(of: Int?.self) { group in
                    for channel in channels { group.addTask { try? await channel.receive() } }
                    for (index, channel) in channels.enumerated() {
                        for _ in 0..<pauses[index] { await Task.yield() }
                        #expect(channel.trySend(index) == .sent)
                    }
                    let first = await group.next() ?? nil
                    group.cancelAll()
                    // The second may have received before it was cancelled: who does not look here loses that element.
                    let second = await group.next() ?? nil
                    return ([first, second].compactMap { $0 }, first != nil && second != nil)
                }
                #expect(!received.isEmpty, "seed \(seed)")
                let left = channels.compactMap { $0.tryReceive() }
                #expect((received + left).sorted() == [0, 1], "seed \(seed), both: \(isBoth)")
            }
        }
    }
}
