//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// Two senders, two receivers, one channel.
// snippet.hide
import Penstock

// snippet.show
let channel = Channel<Int>(capacity: 100)

let sum = try await withThrowingTaskGroup(of: Int.self) { group in
    for _ in 0..<2 {
        group.addTask {
            var sum = 0
            for await number in channel { sum += number }  // ends when finished and empty
            return sum
        }
    }
    try await withThrowingTaskGroup(of: Void.self) { senders in
        senders.addTask {
            for number in 1...500 { try await channel.send(number) }  // waits while full
        }
        senders.addTask { try await channel.send(contentsOf: 501...1_000) }
        try await senders.waitForAll()
    }
    channel.finish()
    var sum = 0
    for try await part in group { sum += part }
    return sum
}
print(sum)
