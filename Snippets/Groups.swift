//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A group of jobs is waited for together.
// snippet.hide
import Penstock

struct OddNumber: Error {}

// snippet.show
let pool = WorkerPool(WorkerPoolConfiguration(workers: 2)) { (number: Int) throws -> Int in
    guard number % 2 == 0 else { throw OddNumber() }
    return number / 2
}

try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { _ = try await pool.run() }
    // All outputs in order, or the first error, after the rest was cancelled.
    let halves = try await pool.call(contentsOf: [2, 4, 6])
    print(halves)
    // What became of each.
    let results = try await pool.withGroup(onFailure: .goOn) { group in
        for number in 0..<10 { try await group.submit(number) }
    }
    print(results.count { (try? $0.get()) != nil }, "of", results.count, "numbers were even")
    _ = await pool.drain()
    try await tasks.waitForAll()
}
