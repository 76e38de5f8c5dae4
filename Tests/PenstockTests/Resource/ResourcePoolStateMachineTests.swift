//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

/// The pool as a plain value: against a model, and one decision at a time.
@Suite(.timeLimit(.minutes(5)))
struct ResourcePoolStateMachineTests {
    @Test(arguments: [(0, 1), (1, 1), (1, 3), (4, 4), (0, 8)])
    func `every resource and request is in one place, nobody is stranded, after any call`(minimum: Int, maximum: Int) {
        for seed in 0..<UInt64(scaled(200)) {
            var random = SeededGenerator(seed: seed)
            var configuration = ResourcePoolConfiguration(minimum: minimum, maximum: maximum)
            configuration.waitersMax = [2, 10, 100][random.below(3)]
            configuration.straysMax = [1, 3, 64][random.below(3)]
            configuration.idleTimeMax = random.oneIn(2) ? .nanoseconds(100) : nil
            configuration.ageMax = random.oneIn(2) ? .nanoseconds(600) : nil
            configuration.leaseTimeMax = random.oneIn(2) ? .nanoseconds(80) : nil
            configuration.destructionTimeMax = .nanoseconds(200)
            configuration.creation.timeMax = .nanoseconds(200)
            configuration.creation.concurrentMax = 1 + random.below(3)
            configuration.creation.backoffInitial = .nanoseconds(20)
            configuration.creation.backoffMax = .nanoseconds(200)
            configuration.creation.failuresMax = 1 + random.below(4)
            configuration.check.afterIdle = random.oneIn(2) ? .nanoseconds(60) : nil
            configuration.check.interval = random.oneIn(2) ? .nanoseconds(90) : nil
            configuration.check.timeMax = .nanoseconds(100)
            configuration.reuse = random.oneIn(2) ? .newestFirst : .oldestFirst
            let limits = ResourcePoolLimits(configuration, hasCheck: !random.oneIn(4))
            var model = ResourcePoolModel(limits: limits, seed: seed)
            model.play(steps: 300)
            if let problem = model.problem {
                Issue.record("minimum \(minimum), maximum \(maximum), seed \(seed): \(problem)")
                return
            }
        }
    }

    @Test func `failures back off exponentially with full jitter, and one creation at a time tries again`() {
        var configuration = ResourcePoolConfiguration(minimum: 4, maximum: 4)
        configuration.creation.backoffInitial = .nanoseconds(1_000)
        configuration.creation.backoffMax = .nanoseconds(8_000)
        var delays: [[UInt64]] = []
        for seed in 0..<UInt64(200) {
            var machine = ResourcePoolStateMachine(
                limits: ResourcePoolLimits(configuration, hasCheck: false),
                seed: seed
            )
            var effects = ResourceEffects()
            var now: UInt64 = 1
            _ = machine.start(now: now, effects: &effects)
            var orders = machine.turn(now: now, effects: &effects).orders
            #expect(orders.count == 4)
            var delaysOfSeed: [UInt64] = []
            for round in 0..<6 {
                // Those that began together fail together, and count as one failure.
                now += 1
                for order in orders {
                    machine.creationFailed(order.slot, order.serial, JobFailure(), now: now, effects: &effects)
                }
                let turn = machine.turn(now: now, effects: &effects)
                orders = turn.orders
                guard orders.isEmpty else { continue }
                delaysOfSeed.append(turn.alarm - now)
                #expect(turn.alarm - now <= min(8_000, 1_000 << UInt64(round)))
                now = turn.alarm
                orders = machine.turn(now: now, effects: &effects).orders
                #expect(orders.count == 1)
            }
            delays.append(delaysOfSeed)
            #expect(machine.problem == nil)
        }
        #expect(Set(delays).count > 150)
        #expect(delays.contains { $0.contains { $0 > 6_000 } })
    }

    @Test func `the resource that came back last is leased first, or the one idle longest`() {
        for reuse in [ResourcePoolConfiguration.Reuse.newestFirst, .oldestFirst] {
            var configuration = ResourcePoolConfiguration(minimum: 3, maximum: 3)
            configuration.reuse = reuse
            var machine = ResourcePoolStateMachine(limits: ResourcePoolLimits(configuration, hasCheck: false), seed: 1)
            var effects = ResourceEffects()
            _ = machine.start(now: 0, effects: &effects)
            let orders = machine.turn(now: 0, effects: &effects).orders
            for (index, order) in orders.enumerated() {
                _ = machine.creationSucceeded(order.slot, order.serial, now: UInt64(index), effects: &effects)
            }
            let place = LeasePlace(file: "here", line: 1)
            guard case .granted(let slot) = machine.lease(place, now: 9, effects: &effects) else {
                Issue.record("nothing was leased")
                continue
            }
            #expect(slot == (reuse == .newestFirst ? orders[2].slot : orders[0].slot))
        }
    }

    @Test func `the surplus over the minimum is retired when idle, and the aged is replaced`() {
        var configuration = ResourcePoolConfiguration(minimum: 1, maximum: 3)
        configuration.idleTimeMax = .nanoseconds(100)
        configuration.ageMax = .nanoseconds(1_000)
        configuration.ageJitter = 0
        var machine = ResourcePoolStateMachine(limits: ResourcePoolLimits(configuration, hasCheck: false), seed: 1)
        var effects = ResourceEffects()
        let place = LeasePlace(file: "here", line: 1)
        let waiters = (0..<3).map { _ in Waiter<LeaseTicket>() }
        for waiter in waiters {
            waiter.element = .asked(place, since: 0)
            #expect(machine.suspend(waiter, now: 0, effects: &effects) == nil)
        }
        _ = machine.start(now: 0, effects: &effects)
        for order in machine.turn(now: 0, effects: &effects).orders {
            _ = machine.creationSucceeded(order.slot, order.serial, now: 0, effects: &effects)
        }
        for slot in 0..<3 { machine.release(slot, fate: .kept, now: 10, effects: &effects) }
        let turn = machine.turn(now: 10, effects: &effects)
        #expect(turn.orders.isEmpty && turn.alarm == 110)
        let retiring = machine.turn(now: 110, effects: &effects).orders
        #expect(retiring.map(\.kind) == [.destroy, .destroy])
        for order in retiring { machine.destructionEnded(order.slot, order.serial, now: 111, effects: &effects) }
        #expect(machine.turn(now: 111, effects: &effects).alarm == 1_000)
        let ageing = machine.turn(now: 1_000, effects: &effects).orders
        #expect(ageing.map(\.kind) == [.destroy, .create])
        #expect(machine.problem == nil)
    }

    @Test func `a check that answers late does not decide for the resource that has its slot by then`() {
        var configuration = ResourcePoolConfiguration(minimum: 1, maximum: 1)
        configuration.check.interval = .nanoseconds(10)
        configuration.check.timeMax = .nanoseconds(20)
        var machine = ResourcePoolStateMachine(limits: ResourcePoolLimits(configuration, hasCheck: true), seed: 1)
        var effects = ResourceEffects()
        _ = machine.start(now: 0, effects: &effects)
        #expect(machine.turn(now: 0, effects: &effects).orders.map(\.kind) == [.create])
        #expect(machine.creationSucceeded(0, 1, now: 0, effects: &effects) == .no)
        #expect(machine.turn(now: 10, effects: &effects).orders.map(\.kind) == [.check])
        let turn = machine.turn(now: 30, effects: &effects)
        #expect(turn.cancels == [1] && turn.orders == [ResourceOrder(kind: .create, slot: 0, serial: 2)])
        #expect(machine.creationSucceeded(0, 2, now: 30, effects: &effects) == .no)
        #expect(machine.turn(now: 40, effects: &effects).orders.map(\.serial) == [2])
        #expect(machine.checkEnded(0, 1, isHealthy: true, now: 41, effects: &effects) == .yes)
        #expect(machine.checking == 1 && machine.problem == nil)
        #expect(machine.checkEnded(0, 2, isHealthy: true, now: 42, effects: &effects) == .no)
        machine.destructionEnded(0, 1, now: 43, effects: &effects)
        #expect(machine.idle == [0] && machine.strays.isEmpty && machine.problem == nil)
    }
}
