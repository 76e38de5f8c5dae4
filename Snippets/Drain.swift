//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A drain that cannot wait: unstarted jobs come back, a handler that does not listen is abandoned.
// snippet.hide
import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// snippet.show
let pool = WorkerPool(WorkerPoolConfiguration(name: "slow", workers: 1)) { (seconds: UInt32) in
    sleep(seconds)  // blocks its thread and does not listen to cancellation
}

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { _ = try await pool.run() }
    try await pool.submit(contentsOf: [60, 1, 1])
    try await Task.sleep(for: .milliseconds(100))

    let report = await pool.drain(deadline: .milliseconds(100), grace: .milliseconds(100))
    print(report.ledger)
    for seconds in report.returned { print("never started: \(seconds)") }
    for job in report.abandoned { print("\(job.worker) still runs \(job.job)") }
    try await group.waitForAll()
}
