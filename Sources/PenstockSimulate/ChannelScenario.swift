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

/// Senders and receivers of one channel, some of them cancelled: what was sent is what is received, once, in order.
struct ChannelScenario: Sendable {
    private struct Element: Sendable, Hashable {
        let sender: Int
        let number: Int
    }

    private struct Records {
        var sent: Set<Element> = []
        var received: [Element] = []
    }

    let simulation: Simulation
    private let channel: Channel<Element>
    private let records = Locked(Records())

    init(simulation: Simulation) {
        self.simulation = simulation
        self.channel = Channel(capacity: simulation.random(in: 1...5))
    }

    func run() async throws {
        self.simulation.watch(self.channel)
        await withTaskGroup(of: Void.self) { group in
            // The first receiver stays, or senders could wait for ever.
            group.addTask { await self.receive() }
            for _ in 0..<self.simulation.random(in: 0...2) {
                group.addTask { await self.cancelledSometimes { await self.receive() } }
            }
            await withTaskGroup(of: Void.self) { senders in
                for index in 0..<self.simulation.random(in: 1...3) {
                    senders.addTask { await self.cancelledSometimes { await self.sender(index) } }
                }
            }
            self.channel.finish()
        }
        let records = self.records.withLock { $0 }
        self.simulation.expect(
            Set(records.received).count == records.received.count,
            "received twice: \(records.received)"
        )
        self.simulation.expect(
            Set(records.received) == records.sent,
            "sent \(records.sent.count), received \(records.received.count)"
        )
        self.simulation.expect(self.channel.waiting == (0, 0), "somebody waits at a finished channel")
    }

    // MARK: - Private

    private func sender(_ index: Int) async {
        let count = self.simulation.random(in: 0...12)
        var number = 0
        while number < count {
            let element = Element(sender: index, number: number)
            switch self.simulation.random(in: 0...3) {
            case 0:
                if self.channel.trySend(element) == .sent { self.sent([element]) }
                number += 1
            case 1:
                let many = (number..<min(count, number + 4)).map { Element(sender: index, number: $0) }
                do throws(PenstockError) {
                    try await self.channel.send(contentsOf: many)
                    self.sent(many)
                } catch {
                    self.sent(many.prefix(error.acceptedCount))
                }
                number += many.count
            default:
                do throws(PenstockError) {
                    try await self.channel.send(element)
                    self.sent([element])
                } catch {
                    self.simulation.expect(error.code == .cancelled, "send threw \(error)")
                }
                number += 1
            }
        }
    }

    private func sent(_ elements: some Sequence<Element>) {
        self.records.withLock { $0.sent.formUnion(elements) }
    }

    private func receive() async {
        var last: [Int: Int] = [:]
        while true {
            do throws(PenstockError) {
                let elements =
                    self.simulation.oneIn(2)
                    ? try await self.channel.receive(upTo: self.simulation.random(in: 1...4))
                    : try await self.channel.receive().map { [$0] } ?? []
                if elements.isEmpty { return }
                self.records.withLock { $0.received += elements }
                for element in elements {
                    let before = last.updateValue(element.number, forKey: element.sender) ?? -1
                    self.simulation.expect(before < element.number, "out of order: \(element) after \(before)")
                }
            } catch {
                self.simulation.expect(error.code == .cancelled, "receive threw \(error)")
                return
            }
            if self.simulation.oneIn(3) { await self.simulation.pause() }
        }
    }

    private func cancelledSometimes(_ body: @escaping @Sendable () async -> Void) async {
        guard self.simulation.oneIn(3) else { return await body() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            for _ in 0..<self.simulation.random(in: 0...8) { await self.simulation.pause() }
            group.cancelAll()
        }
    }
}
