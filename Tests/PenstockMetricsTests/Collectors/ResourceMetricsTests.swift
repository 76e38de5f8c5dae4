//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockMetrics
import PenstockTesting
import Testing

@Suite("Pools of resources, and what lives", .timeLimit(.minutes(5)))
struct ResourceMetricsTests {
    @Test func `counters equal the snapshot, and a lease is told with its place and age`() async throws {
        let clock = VirtualClock()
        let registry = MetricsRegistry()
        registry.watchLiveObjects()
        var configuration = ResourcePoolConfiguration(name: "connections", maximum: 2)
        configuration.leaseTimeMax = .seconds(60)
        configuration.time = clock.time
        let pool = ResourcePool<Int>(configuration) { 1 }
        registry.watch(pool)
        async let run = pool.run()
        try await pool.lease().release()
        let lease = try await pool.lease()
        let line = #line - 1
        // The task that has made the resource ends a moment after it is leased.
        while registry.liveObjects().tasks.contains(where: { $0.count > 1 }) { await Task.yield() }
        clock.advance(by: .seconds(61))
        let scrape = registry.snapshot()
        let snapshot = pool.snapshot()
        #expect(snapshot.isBalanced)
        #expect(scrape.count("penstock_leases", "connections") == 1)
        #expect(scrape.count("penstock_leases_overdue", "connections") == 1)
        #expect(scrape.number("penstock_lease_oldest_age_seconds", ["connections"]) == 61)
        #expect(scrape.count("penstock_lease_requests_total", "connections") == snapshot.requests)
        #expect(scrape.count("penstock_lease_outcomes_total", "connections", "served") == 2)
        #expect(scrape.count("penstock_leases_returned_total", "connections") == snapshot.returned)
        #expect(scrape.count("penstock_resources_created_total", "connections") == snapshot.created)
        #expect(scrape.count("penstock_resources", "connections", "leased") == 1)
        #expect(scrape.count("penstock_resources_balanced", "connections") == 1)
        #expect(scrape.count("penstock_live_objects", "leases") == 1)
        let leases = registry.liveObjects().leases
        #expect(leases.map(\.pool) == ["connections"] && leases[0].count == 1)
        #expect(leases[0].oldest[0].place.line == line)
        #expect(leases[0].oldest[0].place.file.hasSuffix("ResourceMetricsTests.swift"))
        #expect(leases[0].oldest[0].age == .seconds(61))
        let tasks = registry.liveObjects().tasks
        #expect(tasks.map(\.owner) == ["connections"] && tasks[0].oldest.map(\.name) == ["connections/manager"])
        #expect(tasks[0].oldest[0].place.file == "Penstock/ResourcePoolCore.swift")
        #expect(tasks[0].oldest[0].age == .seconds(61))
        #expect(scrape.count("penstock_live_objects", "tasks") == 1)
        lease.release()
        #expect(registry.liveObjects().leases[0].oldest.isEmpty)
        _ = await pool.drain()
        _ = try await run
        #expect(registry.snapshot().count("penstock_live_objects", "leases") == 0)
    }

    @Test func `a registry that watches what lives can end`() {
        weak var remembered: MetricsRegistry?
        do {
            let registry = MetricsRegistry()
            registry.watchLiveObjects()
            remembered = registry
        }
        #expect(remembered == nil)
    }

    @Test func `a job that a drain abandons stays among what lives`() async throws {
        let registry = MetricsRegistry()
        registry.watchLiveObjects()
        let gate = Channel<Int>(capacity: 1)
        let started = Channel<Int>(capacity: 1)
        let pool = WorkerPool(WorkerPoolConfiguration(name: "p", workers: 1)) { (_: Int) async throws in
            try await started.send(1)
            // As who hangs in a call that does not hear of cancellation.
            _ = await Task { try await gate.receive() }.result
        }
        registry.watch(pool)
        async let run = pool.run()
        try await pool.submit(1)
        _ = try await started.receive()
        #expect(registry.snapshot().count("penstock_live_objects", "jobs") == 1)
        _ = await pool.drain(deadline: .zero, grace: .zero)
        _ = try await run
        #expect(registry.snapshot().count("penstock_live_objects", "abandoned_jobs") == 1)
        // The worker, and the drain's timer perhaps.
        #expect(registry.liveObjects().tasks[0].oldest.contains { $0.name == "p/worker-0" })
        gate.finish()
        while registry.snapshot().count("penstock_live_objects", "tasks") != 0 { await Task.yield() }
    }
}
