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

/// Many channels at once: in a row, in a sieve, and merged into one.
@Suite(.timeLimit(.minutes(5)))
struct ChannelNetworkTests {
    @Test func `an element goes through a chain of a hundred channels`() async throws {
        try await withWatchdog {
            let chain = (0...100).map { _ in Channel<Int>(capacity: 1) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (from, to) in zip(chain, chain.dropFirst()) {
                    group.addTask {
                        while let element = try await from.receive() { try await to.send(element + 1) }
                        to.finish()
                    }
                }
                try await chain[0].send(0)
                chain[0].finish()
                #expect(try await chain[100].receive() == 100)
                #expect(try await chain[100].receive() == nil)
                try await group.waitForAll()
            }
        }
    }

    @Test func `a sieve of channels finds the first primes`() async {
        await withWatchdog {
            let primes = await withTaskGroup(of: Void.self) { group in
                let numbers = Channel<Int>(capacity: 1)
                group.addTask {
                    var number = 2
                    while (try? await numbers.send(number)) != nil { number += 1 }
                }
                var (last, primes) = (numbers, [Int]())
                for _ in 0..<25 {
                    guard let prime = try? await last.receive() else { break }
                    primes.append(prime)
                    let (from, to) = (last, Channel<Int>(capacity: 1))
                    group.addTask {
                        while let number = try? await from.receive() {
                            if number % prime != 0, (try? await to.send(number)) == nil { return }
                        }
                    }
                    last = to
                }
                // Nobody finishes these channels: cancelling ends every task, or the group would wait for ever.
                group.cancelAll()
                return primes
            }
            #expect(
                primes == [
                    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
                ]
            )
        }
    }

    @Test func `several channels merge into one by a task each, in turn`() async throws {
        try await withWatchdog {
            let each = scaled(2_000)
            let channels = [1, 1, 2, 3].map { Channel<(Int, Int)>(capacity: $0) }
            let received = try await self.merged(channels) { senders in
                for (index, channel) in channels.enumerated() {
                    senders.addTask {
                        for number in 0..<each { try await channel.send((index, number)) }
                        channel.finish()
                    }
                }
            }
            for index in channels.indices {
                #expect(received.filter { $0.0 == index }.map(\.1) == Array(0..<each))
            }
        }
    }

    /// All elements of some channels, which a task each sends on to one of capacity 1.
    private func merged(
        _ channels: [Channel<(Int, Int)>],
        senders addSenders: (inout ThrowingTaskGroup<Void, any Error>) -> Void = { _ in }
    ) async throws -> [(Int, Int)] {
        let common = Channel<(Int, Int)>(capacity: 1)
        async let received = {
            var received: [(Int, Int)] = []
            for await element in common { received.append(element) }
            return received
        }()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for channel in channels {
                group.addTask {
                    for await element in channel { try await common.send(element) }
                }
            }
            addSenders(&group)
            try await group.waitForAll()
        }
        common.finish()
        return await received
    }
}
