//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Leases a resource and gives it back, over and over: what that costs.
package struct LeaseBench: Sendable {
    /// Tasks, and resources that they share, of each run.
    package static let shapes = [(tasks: 1, resources: 4), (tasks: 4, resources: 4), (tasks: 4, resources: 1)]

    /// How many leases there are in each run.
    package var leases: Int

    package init(leases: Int) { self.leases = leases }

    /// Measures.
    ///
    /// - Parameter progress: Told what it is at.
    /// - Throws: What leasing throws, which is a defect, and ``BenchProblem`` when a pool does not balance.
    package func run(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> [LeaseFigures] {
        var figures: [LeaseFigures] = []
        for (tasks, resources) in Self.shapes {
            progress("tasks \(tasks), resources \(resources)")
            figures.append(try await self.run(tasks: tasks, resources: resources))
        }
        return figures
    }

    // MARK: - Private

    private func run(tasks: Int, resources: Int) async throws -> LeaseFigures {
        let configuration = ResourcePoolConfiguration(name: "leases", minimum: resources, maximum: resources)
        let pool = ResourcePool<Int>(configuration) { 1 }
        async let run = pool.run()
        // All resources are there before anything is measured.
        try await Self.lease(from: pool, times: 1000)
        var meter = Meter()
        try await withThrowingTaskGroup { group in
            for task in 0..<tasks {
                let times = (task + 1) * self.leases / tasks - task * self.leases / tasks
                group.addTask { try await Self.lease(from: pool, times: times) }
            }
            try await group.waitForAll()
        }
        meter.stop()
        let snapshot = pool.snapshot()
        _ = await pool.drain()
        _ = try await run
        guard snapshot.isBalanced else { throw BenchProblem("the resources do not add up: \(snapshot)") }
        return LeaseFigures(
            tasks: tasks,
            resources: resources,
            time: Double(meter.elapsed) / Double(max(1, self.leases)),
            processorTime: Double(meter.processorTime) / Double(max(1, self.leases))
        )
    }

    private static func lease(from pool: ResourcePool<Int>, times: Int) async throws {
        for _ in 0..<times { try await pool.lease().release() }
    }
}

/// What a lease and its release have cost.
package struct LeaseFigures: Sendable, Equatable {
    package var tasks: Int
    package var resources: Int
    /// Nanoseconds for each lease of all tasks together.
    package var time: Double
    /// Nanoseconds of processor time for each.
    package var processorTime: Double

    package init(tasks: Int, resources: Int, time: Double, processorTime: Double) {
        self.tasks = tasks
        self.resources = resources
        self.time = time
        self.processorTime = processorTime
    }

    /// Whether tasks wait for one another's resources.
    package var isContended: Bool { self.tasks > self.resources }
}
