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

/// What a channel may carry, and that it lets go of all of it.
@Suite(.timeLimit(.minutes(5)))
struct ChannelElementTests {
    /// Larger than the piece of stack that a bulk receive uses: one element at a time then.
    private struct Page: Sendable, Equatable {
        var words: InlineArray<512, Int>

        init(_ number: Int) { self.words = InlineArray { number &* 512 &+ $0 } }

        static func == (left: Self, right: Self) -> Bool {
            left.words.indices.allSatisfy { left.words[$0] == right.words[$0] }
        }
    }

    @Test func `elements of no size and large ones go through`() async throws {
        try await withWatchdog {
            #expect(MemoryLayout<Page>.size == 4_096)
            let voids: [Void] = try await self.passOn(
                Array(repeating: (), count: scaled(10_000)),
                through: Channel(capacity: 3)
            )
            #expect(voids.count == scaled(10_000))
            let numbers = 0..<scaled(1_000)
            let pages = try await self.passOn(numbers.map(Page.init), through: Channel(capacity: 3))
            #expect(pages.count == numbers.count)
            #expect(zip(pages, numbers).allSatisfy { $0 == Page($1) })
        }
    }

    /// Sends elements in bulk and receives them in each of the ways of bulk.
    private func passOn<Element: Sendable>(
        _ elements: [Element],
        through channel: Channel<Element>
    ) async throws -> [Element] {
        async let allSent: Void = {
            try await channel.send(contentsOf: elements)
            channel.finish()
        }()
        var received: [Element] = []
        var count = 1
        while count > 0 {
            let before = received.count
            received += try await channel.receive(upTo: 300)
            count = try await channel.receive(upTo: 300, appendingTo: &received)
            count += try await channel.receive(upTo: 300) { received.append($0) }
            count = received.count - before
        }
        try await allSent
        return received
    }

    private final class Link: Sendable {
        let next: Channel<Link>
        let number: Int

        init(_ number: Int) {
            self.next = Channel(capacity: 1)
            self.number = number
        }
    }

    @Test func `a channel goes through a channel`() async throws {
        try await withWatchdog {
            let first = Channel<Link>(capacity: 1)
            async let allSent: Void = {
                var channel = first
                for number in 0..<1_000 {
                    let link = Link(number)
                    try await channel.send(link)
                    channel = link.next
                }
                channel.finish()
            }()
            var (channel, numbers) = (first, [Int]())
            while let link = try await channel.receive() {
                numbers.append(link.number)
                channel = link.next
            }
            try await allSent
            #expect(numbers == Array(0..<1_000))
        }
    }

    @Test func `elements of an existential type keep their types`() async throws {
        let channel = Channel<any Sendable>(capacity: 3)
        try await channel.send(1)
        try await channel.send("two")
        try await channel.send([3.0])
        #expect(try await channel.receive() as? Int == 1)
        #expect(try await channel.receive() as? String == "two")
        #expect(try await channel.receive() as? [Double] == [3.0])
    }

    private final class Counted: Sendable {
        let number: Int
        let ended: Notes<Int>

        init(_ number: Int, _ ended: Notes<Int>) {
            self.number = number
            self.ended = ended
        }

        deinit { self.ended.add(self.number) }
    }

    @Test func `every element is released once, whichever way it left`() async {
        for seed in 0..<UInt64(scaled(100)) {
            await withWatchdog(.seconds(120), "seed \(seed)") {
                let ended = Notes<Int>()
                let made = await self.sendAndLetGo(seed: seed, ended)
                #expect(ended.all.sorted() == Array(0..<made), "seed \(seed)")
            }
        }
    }

    /// Makes elements that leave a channel in every way there is; says how many there were.
    private func sendAndLetGo(seed: UInt64, _ ended: Notes<Int>) async -> Int {
        var random = SeededGenerator(seed: seed)
        let channel = Channel<Counted>(capacity: 1 + random.below(5))
        var made = 0
        var tasks: [Task<Void, Never>] = []
        func make(_ count: Int) -> [Counted] {
            defer { made += count }
            return (made..<made + count).map { Counted($0, ended) }
        }
        func act() {
            switch random.below(7) {
            case 0: for element in make(1) { _ = channel.trySend(element) }
            case 1: for element in make(1) { tasks.append(Task { try? await channel.send(element) }) }
            case 2:
                let elements = make(1 + random.below(12))
                tasks.append(Task { try? await channel.send(contentsOf: elements) })
            case 3: _ = channel.tryReceive()
            case 4: tasks.append(Task { _ = try? await channel.receive(upTo: 3) })
            case 5: tasks.append(Task { _ = try? await channel.receive(upTo: 9) { _ in } })
            // Who waits in the middle of it, or has not begun.
            default: if !tasks.isEmpty { tasks[random.below(tasks.count)].cancel() }
            }
        }
        for _ in 0..<40 {
            act()
            if random.oneIn(3) { await Task.yield() }
        }
        // Some wait when it is finished, some come after it; what it then holds goes with it.
        channel.finish()
        act()
        for task in tasks { await task.value }
        return made
    }
}
