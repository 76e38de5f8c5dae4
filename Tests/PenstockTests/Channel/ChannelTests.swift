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
struct ChannelTests {
    struct Load: Sendable, CustomTestStringConvertible {
        var producers: Int
        var consumers: Int
        var capacity: Int
        var testDescription: String { "\(self.producers) x \(self.consumers), capacity \(self.capacity)" }

        static let all = [1, 2, 7, 64].flatMap { capacity in
            [(1, 1), (1, 3), (3, 1), (4, 4)].map { Load(producers: $0.0, consumers: $0.1, capacity: capacity) }
        }
    }

    @Test(arguments: Load.all)
    func `nothing is lost, nothing is doubled, and the depth stays within the capacity`(load: Load) async {
        for seed in 0..<UInt64(scaled(12)) {
            await withWatchdog(.seconds(120), "\(load), seed \(seed)") {
                let channel = Channel<Int>(capacity: load.capacity)
                let each = 200
                let received = await withTaskGroup(of: [Int].self) { group in
                    for consumer in 0..<load.consumers {
                        group.addTask { await self.consume(channel, seed: seed &* 31 &+ UInt64(consumer)) }
                    }
                    await withTaskGroup(of: Void.self) { producers in
                        for producer in 0..<load.producers {
                            producers.addTask {
                                await self.produce(
                                    Array(producer * 1_000..<producer * 1_000 + each),
                                    channel,
                                    seed: seed &* 17 &+ UInt64(producer)
                                )
                            }
                        }
                    }
                    channel.finish()
                    var all: [[Int]] = []
                    for await part in group { all.append(part) }
                    return all
                }
                let expected = (0..<load.producers).flatMap { $0 * 1_000..<$0 * 1_000 + each }
                #expect(received.flatMap { $0 }.sorted() == expected, "\(load), seed \(seed)")
                // One consumer sees the elements of each producer in order.
                for part in received {
                    for producer in 0..<load.producers {
                        let own = part.filter { $0 / 1_000 == producer }
                        #expect(load.consumers > 1 || own == own.sorted(), "\(load), seed \(seed)")
                    }
                }
                #expect(channel.depth == 0 && channel.waiting.senders == 0 && channel.waiting.receivers == 0)
            }
        }
    }

    private func produce(_ elements: [Int], _ channel: Channel<Int>, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        var rest = elements[...]
        do {
            while let first = rest.first {
                switch random.below(3) {
                case 0:
                    try await channel.send(first)
                    rest.removeFirst()
                case 1: if channel.trySend(first) == .sent { rest.removeFirst() } else { await Task.yield() }
                default:
                    let count = min(rest.count, 1 + random.below(20))
                    try await channel.send(contentsOf: rest.prefix(count))
                    rest.removeFirst(count)
                }
                #expect(channel.depth <= channel.capacity)
            }
        } catch {
            Issue.record("seed \(seed): \(error)")
        }
    }

    private func consume(_ channel: Channel<Int>, seed: UInt64) async -> [Int] {
        var random = SeededGenerator(seed: seed)
        var received: [Int] = []
        while true {
            switch random.below(4) {
            case 0:
                guard let element = try? await channel.receive() else { return received }
                received.append(element)
            case 1: if let element = channel.tryReceive() { received.append(element) }
            case 2:
                // More than one piece of the stack at times.
                let count = try? await channel.receive(upTo: 1 + random.below(300)) { received.append($0) }
                if count ?? 0 == 0 { return received }
            default:
                guard let some = try? await channel.receive(upTo: 1 + random.below(10)), !some.isEmpty else {
                    return received
                }
                received += some
            }
            #expect(channel.depth <= channel.capacity)
            if random.oneIn(4) { await Task.yield() }
        }
    }

    @Test(arguments: [1, 2, 7])
    func `a cancelled send has not sent, a cancelled receive has not eaten`(capacity: Int) async {
        for seed in 0..<UInt64(scaled(40)) {
            await withWatchdog(.seconds(120), "cancellation, capacity \(capacity), seed \(seed)") {
                let channel = Channel<Int>(capacity: capacity)
                let (sent, received) = (Notes<Int>(), Notes<Int>())
                let tasks = (0..<60).map { index in
                    Task {
                        do throws(PenstockError) {
                            switch index % 4 {
                            case 0:
                                try await channel.send(index)
                                sent.add(index)
                            case 1:
                                if let element = try await channel.receive() { received.add(element) }
                            case 2:
                                do throws(PenstockError) {
                                    try await channel.send(contentsOf: index * 100..<index * 100 + 5)
                                    for more in index * 100..<index * 100 + 5 { sent.add(more) }
                                } catch {
                                    for more in 0..<error.acceptedCount { sent.add(index * 100 + more) }
                                }
                            default:
                                if index % 8 == 3 {
                                    try await channel.receive(upTo: 4) { received.add($0) }
                                } else {
                                    for element in try await channel.receive(upTo: 4) { received.add(element) }
                                }
                            }
                        } catch {
                            #expect(error.code == .cancelled || error.code == .closed)
                        }
                    }
                }
                var random = SeededGenerator(seed: seed)
                for _ in 0..<40 {
                    tasks[random.below(tasks.count)].cancel()
                    if random.oneIn(3) { await Task.yield() }
                }
                // Whoever still waits is in one line only, so that cancelling the rest ends all.
                for task in tasks { task.cancel() }
                for task in tasks { await task.value }
                channel.finish()
                for await element in channel { received.add(element) }
                #expect(sent.all.sorted() == received.all.sorted(), "seed \(seed)")
                #expect(channel.waiting == (0, 0), "seed \(seed)")
            }
        }
    }

    @Test func `a single sender behind a bulk one gets the place that is free when the bulk one is cancelled`()
        async throws
    {
        try await withWatchdog {
            let channel = Channel<Int>(capacity: 8)
            try await channel.send(contentsOf: 0..<8)
            let many = Task { try await channel.send(contentsOf: 100..<200) }
            await eventually { channel.waiting.senders == 1 }
            let one = Task { try await channel.send(20) }
            await eventually { channel.waiting.senders == 2 }
            #expect(channel.tryReceive() == 0)
            // One place is free, and the bulk sender waits for four.
            #expect(channel.waiting.senders == 2 && channel.depth == 7)
            many.cancel()
            try await one.value
            #expect(channel.depth == 8)
            await #expect(throws: PenstockError.self) { try await many.value }
        }
    }

    @Test func `a task that is cancelled already does not wait, and sends what has a place`() async throws {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            let task = Task { () async -> [PenstockError.Code?] in
                withUnsafeCurrentTask { $0?.cancel() }
                var codes: [PenstockError.Code?] = []
                for element in 0..<2 {
                    do throws(PenstockError) {
                        try await channel.send(element)
                        codes.append(nil)
                    } catch {
                        codes.append(error.code)
                    }
                }
                return codes
            }
            #expect(await task.value == [nil, .cancelled])
            #expect(channel.tryReceive() == 0)
            let receiver = Task { () async -> PenstockError.Code? in
                withUnsafeCurrentTask { $0?.cancel() }
                do throws(PenstockError) { _ = try await channel.receive() } catch { return error.code }
                return nil
            }
            #expect(await receiver.value == .cancelled)
            #expect(channel.waiting == (0, 0))
        }
    }

    @Test func `a finished channel refuses, hands out what it holds, and ends`() async throws {
        try await withWatchdog {
            let channel = Channel<Int>(capacity: 3)
            try await channel.send(contentsOf: [1, 2, 3])
            let late = Task { () async -> PenstockError? in
                do throws(PenstockError) { try await channel.send(contentsOf: [4, 5]) } catch { return error }
                return nil
            }
            await eventually { channel.waiting.senders == 1 }
            channel.finish()
            channel.finish()
            let error = await late.value
            #expect(error?.code == .closed && error?.acceptedCount == 0)
            #expect(channel.trySend(6) == .closed)
            var seen: [Int] = []
            for await element in channel { seen.append(element) }
            #expect(seen == [1, 2, 3])
            #expect(try await channel.receive() == nil)
            #expect(try await channel.receive(upTo: 4).isEmpty)
            #expect(try await channel.receive(upTo: 4) { seen.append($0) } == 0)
            #expect(seen == [1, 2, 3])
            await #expect(throws: PenstockError.self) { try await channel.send(7) }
        }
    }

    @Test func `a receive into a function moves objects, and takes no more than it is to`() async throws {
        final class Counted: Sendable {
            let number: Int
            let ended: Notes<Int>
            init(_ number: Int, _ ended: Notes<Int>) {
                self.number = number
                self.ended = ended
            }
            deinit { self.ended.add(self.number) }
        }
        let ended = Notes<Int>()
        let channel = Channel<Counted>(capacity: 500)
        for number in 0..<400 { try await channel.send(Counted(number, ended)) }
        var seen: [Int] = []
        #expect(try await channel.receive(upTo: 300) { seen.append($0.number) } == 300)
        #expect(seen == Array(0..<300) && channel.depth == 100)
        #expect(ended.all.count == 300)
        #expect(try await channel.receive(upTo: 300) { seen.append($0.number) } == 100)
        #expect(ended.all.sorted() == Array(0..<400))
    }

    @Test func `finishing wakes every suspended receiver`() async {
        await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            let receivers = (0..<5).map { _ in Task { try? await channel.receive() } }
            await eventually { channel.waiting.receivers == 5 }
            channel.finish()
            for receiver in receivers { #expect(await receiver.value == nil) }
        }
    }

    @Test func `waiting senders and receivers are served in the order in which they came`() async throws {
        try await withWatchdog {
            let channel = Channel<Int>(capacity: 1)
            try await channel.send(0)
            var tasks: [Task<Void, any Error>] = []
            for element in 1...20 {
                tasks.append(Task { try await channel.send(element) })
                await eventually { channel.waiting.senders == element }
            }
            for element in 0...20 { #expect(try await channel.receive() == element) }
            for task in tasks { try await task.value }

            var receivers: [Task<Int?, any Error>] = []
            for index in 1...20 {
                receivers.append(Task { try await channel.receive() })
                await eventually { channel.waiting.receivers == index }
            }
            try await channel.send(contentsOf: 1...20)
            for (index, receiver) in receivers.enumerated() { #expect(try await receiver.value == index + 1) }
        }
    }

    @Test func `elements are released with their channel, once`() async {
        final class Element: Sendable {}
        weak var left: Element?
        weak var taken: Element?
        do {
            let channel = Channel<Element>(capacity: 4)
            do {
                let (first, second) = (Element(), Element())
                (left, taken) = (second, first)
                _ = channel.trySend(first)
                _ = channel.trySend(second)
            }
            _ = channel.tryReceive()
            #expect(taken == nil)
            #expect(left != nil)
        }
        #expect(left == nil)
    }
}
