//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension Kernel {
    /// The places of the channel, and the most elements that go at once.
    private static let channelCapacity = 64

    static let channelSendReceive = Kernel(
        name: "channel-send-receive",
        operation: "an element sent and received, neither of which waits"
    ) { count, _ in
        let channel = Channel<KernelJob>(capacity: channelCapacity)
        var sum: UInt64 = 0
        for number in 0..<count {
            try await channel.send(KernelJob(number))
            sum &+= try await channel.receive()?.sum ?? 0
        }
        return try check(sum, count)
    }

    static let channelBatch = Kernel(
        name: "channel-batch",
        operation: "one of 64 elements, each sent by itself and all received at once"
    ) { count, _ in
        let channel = Channel<KernelJob>(capacity: channelCapacity)
        var received: [KernelJob] = []
        var sum: UInt64 = 0
        for start in stride(from: 0, to: count, by: channelCapacity) {
            for number in start..<min(start + channelCapacity, count) { _ = channel.trySend(KernelJob(number)) }
            received.removeAll(keepingCapacity: true)
            _ = try await channel.receive(upTo: channelCapacity, appendingTo: &received)
            for element in received { sum &+= element.sum }
        }
        return try check(sum, count)
    }

    /// The sum, if it is that of so many jobs.
    static func check(_ sum: UInt64, _ count: Int) throws(KernelFailure) -> UInt64 {
        guard sum == KernelJob.sum(of: count) else {
            throw KernelFailure("the sum is \(sum), that of \(count) jobs \(KernelJob.sum(of: count))")
        }
        return sum
    }
}
