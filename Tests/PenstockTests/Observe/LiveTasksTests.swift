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

@Suite("Tasks that have not ended", .timeLimit(.minutes(5))) struct LiveTasksTests {
    /// Gives way until something has happened; the suite's time limit ends it if it never does.
    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test("They are told with their places and ages, the oldest first, and are gone when they end")
    func list() {
        let clock = VirtualClock()
        let tasks = LiveTasks(time: clock.time)
        let first = tasks.begin("first")
        let line = #line - 1
        clock.advance(by: .seconds(3))
        let second = tasks.begin("second")
        let told = tasks.current
        #expect(told.map(\.name) == ["first", "second"] && told.map(\.age) == [.seconds(3), .zero])
        #expect(told[0].place.line == line && told[0].place.file.hasSuffix("LiveTasksTests.swift"))
        #expect(told[0].description == "first, started at \(told[0].place) 3.0 seconds ago")
        tasks.end(first)
        #expect(tasks.current.map(\.name) == ["second"])
        tasks.end(first)
        tasks.end(second)
        #expect(tasks.current.isEmpty)
    }

    @Test("A list has the tasks of the lists that belong to it, and not the other way round")
    func owner() {
        let whole = LiveTasks(time: .system)
        let one = LiveTasks(time: .system, owner: whole)
        let other = LiveTasks(time: .system, owner: whole)
        let entries = [whole.begin("a"), one.begin("b"), other.begin("c")]
        #expect(Set(whole.current.map(\.name)) == ["a", "b", "c"] && one.current.map(\.name) == ["b"])
        one.end(entries[1])
        #expect(Set(whole.current.map(\.name)) == ["a", "c"] && one.current.isEmpty)
        other.end(entries[2])
        whole.end(entries[0])
        #expect(whole.current.isEmpty && other.current.isEmpty)
    }

    @Test("A pool has its workers among them, after a resize too, and none once it has drained")
    func pool() async throws {
        let pool = WorkerPool(WorkerPoolConfiguration(name: "p", workers: 2)) { (_: Int) in }
        #expect(pool.snapshot().tasks.isEmpty)
        async let run = pool.run()
        try await self.until { pool.snapshot().tasks.count == 2 }
        #expect(Set(pool.snapshot().tasks.map(\.name)) == ["p/worker-0", "p/worker-1"])
        #expect(pool.snapshot().tasks.allSatisfy { $0.place.file == "Penstock/PoolCore.swift" })
        pool.resize(workers: 3)
        #expect(Set(pool.snapshot().tasks.map(\.name)).contains("p/worker-2"))
        _ = await pool.drain()
        _ = try await run
        // A worker says last that it has ended.
        try await self.until { pool.snapshot().tasks.isEmpty }
    }
}
