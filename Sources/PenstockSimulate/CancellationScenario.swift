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

/// Calls that nobody will ever serve: cancelling one wakes it, at once and alone, and it has done nothing.
///
/// The scenario waits for each cancelled call before it lets anything else go on, so that a forgotten waiter is a run
/// that cannot end. Those that are left are served in the order in which they came.
struct CancellationScenario: Sendable {
    let simulation: Simulation

    func run() async throws {
        await self.senders()
        await self.receivers()
        try await self.producers()
    }

    // MARK: - Private

    private func senders() async {
        let channel = Channel<Int>(capacity: 1)
        _ = channel.trySend(-1)
        let left = await self.cancelSome { number in
            do throws(PenstockError) {
                try await channel.send(number)
                return true
            } catch {
                return false
            }
        } areWaiting: {
            channel.waiting.senders
        } serve: {
            var received: [Int] = []
            while let number = channel.tryReceive() { received.append(number) }
            return received.filter { $0 >= 0 }
        }
        self.simulation.expect(left, "senders were not served in order")
    }

    private func receivers() async {
        let channel = Channel<Int>(capacity: 1)
        let order = Locked<[Int]>([])
        let left = await self.cancelSome { number in
            do throws(PenstockError) {
                guard let element = try await channel.receive() else { return false }
                order.withLock { $0.append(element == number ? number : -1 - number) }
                return true
            } catch {
                return false
            }
        } areWaiting: {
            channel.waiting.receivers
        } serve: {
            []
        } offer: { number in
            _ = channel.trySend(number)
        }
        self.simulation.expect(left, "receivers were not served in order")
        self.simulation.expect(order.withLock { $0.allSatisfy { $0 >= 0 } }, "a receiver got another's element")
    }

    private func producers() async throws {
        let ran = Locked<[Int]>([])
        let gate = Channel<Void>(capacity: 1)
        let configuration = self.simulation.configuration(workers: 1, capacity: 1)
        let pool = WorkerPool(configuration) { (job: Int) async throws in
            if job == -1 { _ = try await gate.receive() }
            ran.withLock { $0.append(job) }
        }
        self.simulation.watch(pool)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await pool.run() }
            try await pool.submit(-1)
            while pool.ledger.inFlight == 0 { await self.simulation.pause() }
            // The one worker is busy, the one place is taken: every further producer waits.
            try await pool.submit(-2)
            let left = await self.cancelSome { number in
                do throws(PenstockError) {
                    try await pool.submit(number)
                    return true
                } catch {
                    return false
                }
            } areWaiting: {
                pool.ledger.waiting
            } serve: {
                gate.finish()
                while pool.ledger.waiting + pool.ledger.queued + pool.ledger.inFlight > 0 {
                    await self.simulation.pause()
                }
                return ran.withLock { $0.filter { $0 >= 0 } }
            }
            self.simulation.expect(left, "producers were not served in order")
            _ = await pool.drain()
            try await group.waitForAll()
        }
    }

    /// Suspends some calls one after another, cancels some of them, waits for those, then serves the others.
    ///
    /// - Returns: Whether exactly the others were served, in their order.
    private func cancelSome(
        _ call: @escaping @Sendable (Int) async -> Bool,
        areWaiting: @escaping @Sendable () -> Int,
        serve: () async -> [Int],
        offer: ((Int) -> Void)? = nil
    ) async -> Bool {
        let count = self.simulation.random(in: 1...5)
        let isCancelled = (0..<count).map { _ in self.simulation.oneIn(2) }
        let gates = (0..<count).map { _ in Channel<Void>(capacity: 1) }
        return await withTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<count {
                group.addTask {
                    await withTaskGroup(of: Bool.self) { own in
                        own.addTask { await call(number) }
                        if isCancelled[number] {
                            _ = try? await gates[number].receive()
                            own.cancelAll()
                        }
                        return (number, await own.next() ?? false)
                    }
                }
                while areWaiting() < number + 1 { await self.simulation.pause() }
            }
            for number in (0..<count).shuffled(by: self.simulation) where isCancelled[number] {
                _ = gates[number].trySend(())
                // Nothing else can end this wait.
                let ended = await group.next()
                self.simulation.expect(
                    ended?.0 == number && ended?.1 == false,
                    "cancelled \(number), ended \(String(describing: ended))"
                )
            }
            let others = (0..<count).filter { !isCancelled[$0] }
            self.simulation.expect(areWaiting() == others.count, "\(areWaiting()) wait, not \(others.count)")
            for number in others { offer?(number) }
            let served = await serve()
            var succeeded: [Int] = []
            for await (number, hasSucceeded) in group where hasSucceeded { succeeded.append(number) }
            return succeeded.sorted() == others && (offer != nil || served == others)
        }
    }
}

extension Sequence {
    /// The elements in an order that the simulation's seed chooses.
    fileprivate func shuffled(by simulation: Simulation) -> [Element] {
        var left = Array(self)
        var shuffled: [Element] = []
        while !left.isEmpty { shuffled.append(left.remove(at: simulation.random(in: 0...(left.count - 1)))) }
        return shuffled
    }
}
