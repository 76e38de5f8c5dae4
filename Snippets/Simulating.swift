//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// One piece of concurrent code, run in a thousand orders of its steps.
// snippet.hide
import Penstock
import PenstockTesting

// snippet.show
let summary = try Simulation.run(seeds: 1...1_000) { simulation in
    let pool = WorkerPool(simulation.configuration(workers: 3, capacity: 4)) { (number: Int) in
        await simulation.pause()  // others may go on here
        return number
    }
    simulation.watch(pool)  // after every step

    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await pool.run() }
        let count = simulation.random(in: 1...20)
        for number in 1...count { try await pool.submit(number) }
        let report = await pool.drain()
        simulation.expect(report.ledger.done + report.returned.count == count, "\(report)")
        try await group.waitForAll()
    }
}
print("\(summary.runs) runs, \(summary.steps) steps")
