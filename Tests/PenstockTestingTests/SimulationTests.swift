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

@testable import PenstockSimulate

@Suite(.timeLimit(.minutes(5)))
struct SimulationTests {
    @Test("Penstock's own scenarios hold under hundreds of seeds", arguments: Scenario.allCases)
    func scenarios(_ scenario: Scenario) throws {
        let summary = try Simulation.run(seeds: 1...300, scenario.body)
        #expect(summary.runs == 300)
    }

    @Test("A seed runs the same each time, and seeds differ", arguments: Scenario.allCases)
    func repeats(_ scenario: Scenario) throws {
        let once = try Simulation.run(seeds: 1...50, scenario.body)
        let again = try Simulation.run(seeds: 1...50, scenario.body)
        let other = try Simulation.run(seeds: 51...100, scenario.body)
        #expect(once == again)
        #expect(once != other)
    }

    @Test("Seeds lead to different orders of the same steps")
    func orders() throws {
        let orders = Locked<Set<[Int]>>([])
        try Simulation.run(seeds: 1...200) { simulation in
            let order = Locked<[Int]>([])
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<4 { group.addTask { order.withLock { $0.append(index) } } }
            }
            orders.withLock { all in _ = all.insert(order.withLock { $0 }) }
        }
        // Four tasks have 24 orders.
        #expect(orders.withLock { $0.count } == 24)
    }

    @Test("A lost wake-up is found, with its seed")
    func lostWakeUp() {
        let failure = #expect(throws: SimulationFailure.self) {
            try Simulation.run(seeds: 1...5) { _ in
                let channel = Channel<Int>(capacity: 1)
                _ = try await channel.receive()
            }
        }
        #expect(failure?.seed == 1)
        #expect(failure?.message.contains("lost wake-up") == true)
        #expect(failure?.description.contains("seeds: [1]") == true)
    }

    @Test("A race that needs a rare order is found, and its seed replays it")
    func rareOrder() {
        @Sendable func increment(_ simulation: Simulation, _ value: Locked<Int>) async {
            let read = value.withLock { $0 }
            await simulation.pause()
            value.withLock { $0 = read + 1 }
        }
        @Sendable func body(_ simulation: Simulation) async throws {
            let value = Locked(0)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 { group.addTask { await increment(simulation, value) } }
            }
            simulation.expect(value.withLock { $0 } == 2, "an increment is lost")
        }
        let failure = #expect(throws: SimulationFailure.self) { try Simulation.run(seeds: 1...1_000, body) }
        guard let failure else { return }
        let replayed = #expect(throws: SimulationFailure.self) { try Simulation.run(seeds: [failure.seed], body) }
        #expect(replayed?.step == failure.step)
        #expect(replayed?.message == "an increment is lost")
    }

    @Test("A watcher that complains, an error and too many steps fail a run")
    func failures() {
        struct Broken: Error {}
        let watched = #expect(throws: SimulationFailure.self) {
            try Simulation.run(seeds: [7]) { simulation in
                simulation.watch { "wrong" }
                await simulation.pause()
            }
        }
        #expect(watched?.message == "wrong")
        let thrown = #expect(throws: SimulationFailure.self) { try Simulation.run(seeds: [7]) { _ in throw Broken() } }
        #expect(thrown?.message.contains("Broken") == true)
        let endless = #expect(throws: SimulationFailure.self) {
            try Simulation.run(seeds: [7], stepsMax: 100) { simulation in
                while true { await simulation.pause() }
            }
        }
        #expect(endless?.message.contains("100 steps") == true)
    }

    @Test("The clock jumps to the next sleeper when nothing else can run, and wakes sleepers in order")
    func sleepers() throws {
        try Simulation.run(seeds: 1...100) { simulation in
            let order = Locked<[Int]>([])
            let start = simulation.time.now()
            await withTaskGroup(of: Void.self) { group in
                for index in [3, 1, 2] {
                    group.addTask {
                        try? await simulation.time.sleep(for: .seconds(index * 3_600))
                        order.withLock { $0.append(index) }
                    }
                }
            }
            simulation.expect(order.withLock { $0 } == [1, 2, 3], "woken out of order")
            simulation.expect(simulation.time.now() - start >= 3 * 3_600_000_000_000, "woken too early")
        }
    }

    @Test("A cancelled sleep ends at once")
    func cancelledSleep() throws {
        try Simulation.run(seeds: 1...100) { simulation in
            let start = simulation.time.now()
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await simulation.time.sleep(for: .seconds(3_600))
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                if simulation.oneIn(2) { await simulation.pause() }
                group.cancelAll()
                let wasCancelled = await group.next()
                simulation.expect(wasCancelled == true, "the sleep was not cancelled")
            }
            simulation.expect(simulation.time.now() - start < 1_000_000_000, "the clock went on to the sleeper's end")
        }
    }
}
