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

/// What a channel says to those who do not wait: tasks, and threads that are no task's.
@Suite(.timeLimit(.minutes(5)))
struct ChannelPollingTests {
    @Test func `a channel says what it cannot do without waiting`() {
        for capacity in 1...9 { #expect(Channel<Int>(capacity: capacity).capacity == capacity) }
        let channel = Channel<Int>(capacity: 2)
        #expect(channel.tryReceive() == nil)
        #expect(channel.depth == 0 && channel.utilization == 0)
        #expect(channel.trySend(1) == .sent)
        #expect(channel.depth == 1 && channel.utilization == 0.5)
        #expect(channel.trySend(2) == .sent)
        #expect(channel.depth == 2 && channel.utilization == 1)
        #expect(channel.trySend(3) == .full)
        #expect(channel.depth == 2)
        #expect(channel.tryReceive() == 1)
        #expect(channel.depth == 1)
        #expect(channel.trySend(3) == .sent)
        channel.finish()
        #expect(channel.trySend(4) == .closed)
        #expect(
            [channel.tryReceive(), channel.tryReceive(), channel.tryReceive(), channel.tryReceive()] == [
                2, 3, nil, nil,
            ]
        )
        #expect(channel.depth == 0)
    }

    @Test func `who polls can tell a channel that is empty from one that has ended`() {
        let channel = Channel<Int>(capacity: 2)
        #expect(channel.tryReceive() == nil && !channel.hasEnded)
        #expect(channel.trySend(1) == .sent && channel.trySend(2) == .sent)
        #expect(!channel.hasEnded)
        channel.finish()
        // What it holds comes first.
        #expect(!channel.hasEnded)
        #expect(channel.tryReceive() == 1 && !channel.hasEnded)
        #expect(channel.tryReceive() == 2 && channel.hasEnded)
        #expect(channel.tryReceive() == nil && channel.hasEnded)

        let unused = Channel<Int>(capacity: 1)
        unused.finish()
        #expect(unused.hasEnded)
    }

    @Test func `who has sent finds an element`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 4, name: "test")
            let channel = Channel<Int>(capacity: 4)
            let rounds = scaled(25_000)
            let tasks = (0..<4).map { _ in
                Task(executorPreference: executor) {
                    // Each has sent one element more than it has received: there is a place, and then an element.
                    for round in 0..<rounds {
                        guard channel.trySend(round) == .sent else { return "no place in round \(round)" }
                        guard channel.tryReceive() != nil else { return "no element in round \(round)" }
                    }
                    return ""
                }
            }
            for task in tasks { #expect(await task.value == "") }
            #expect(channel.depth == 0)
            executor.shutdown()
        }
    }

    @Test func `threads that are no tasks send, receive and finish`() async throws {
        try await withWatchdog {
            let channel = Channel<Int>(capacity: 7)
            async let received = onThread {
                var received: [Int] = []
                while true {
                    if let element = channel.tryReceive() {
                        received.append(element)
                    } else if channel.hasEnded {
                        return received
                    } else {
                        sched_yield()
                    }
                }
            }
            await onThread {
                for element in 0..<1_000 {
                    while channel.trySend(element) == .full { sched_yield() }
                }
                channel.finish()
            }
            #expect(await received == Array(0..<1_000))

            let other = Channel<Int>(capacity: 1)
            let served = Task { try await other.receive() }
            await eventually { other.waiting.receivers == 1 }
            #expect(await onThread { other.trySend(1) } == .sent)
            let element = try await served.value
            #expect(element == 1)
            let ended = Task { try await other.receive() }
            await eventually { other.waiting.receivers == 1 }
            await onThread { other.finish() }
            let nothing = try await ended.value
            #expect(nothing == nil)
        }
    }
}
