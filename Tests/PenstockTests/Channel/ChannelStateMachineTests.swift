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

/// The channel as a plain value: every state against every call, then random calls against a model.
@Suite(.timeLimit(.minutes(5)))
struct ChannelStateMachineTests {
    private typealias Machine = ChannelStateMachine<Int>

    enum Situation: String, CaseIterable, Sendable {
        case empty, partial, full, receiverWaits, senderWaits, placeAwaited, finished, finishedWithOne
    }

    enum Call: String, CaseIterable, Sendable {
        case send, sendThree, sendServed, receive, receiveFour
        case suspendSender, suspendReceiver, suspendForPlace, cancelSender, cancelReceiver, finish
    }

    /// For a capacity of 2, in the order of the situations: what came of it; depth, senders and receivers in line
    /// afterwards; how many are to be resumed.
    private static let table: [Call: [String]] = [
        .send: [
            "stored 100 0", "stored 200 0", "full 200 0", "handed 000 1", "full 210 0", "full 210 0", "closed 000 0",
            "closed 100 0",
        ],
        .sendThree: ["2 200 0", "1 200 0", "0 200 0", "3 200 1", "0 210 0", "0 210 0", "nil 000 0", "nil 100 0"],
        .sendServed: ["2 200 0", "1 200 0", "0 200 0", "3 200 1", "0 210 0", "0 210 0", "nil 000 0", "nil 100 0"],
        .receive: [
            "empty 000 0", "1 000 0", "1 100 0", "empty 001 0", "1 200 1", "1 100 1", "finished 000 0", "1 000 0",
        ],
        .receiveFour: [
            "0 000 0", "1 000 0", "2 000 0", "0 001 0", "2 100 1", "2 000 1", "nil 000 0", "1 000 0",
        ],
        .suspendSender: [
            "served 100 0", "served 200 0", "waits 210 0", "served 000 1", "waits 220 0", "waits 220 0", "closed 000 0",
            "closed 100 0",
        ],
        .suspendReceiver: [
            "waits 001 0", "served 000 0", "served 100 0", "waits 002 0", "served 200 1", "served 100 1",
            "closed 000 0", "served 000 0",
        ],
        .suspendForPlace: [
            "served 000 0", "served 100 0", "waits 210 0", "served 001 0", "waits 220 0", "waits 220 0", "closed 000 0",
            "closed 100 0",
        ],
        .cancelSender: [
            "was new 000 0", "was new 100 0", "was new 200 0", "was new 001 0", "waited 200 1", "waited 200 1",
            "was new 000 0", "was new 100 0",
        ],
        .cancelReceiver: [
            "was new 000 0", "was new 100 0", "was new 200 0", "waited 000 1", "was new 210 0", "was new 210 0",
            "was new 000 0", "was new 100 0",
        ],
        .finish: ["000 0", "100 0", "200 0", "000 1", "200 1", "200 1", "000 0", "100 0"],
    ]

    @Test(arguments: Call.allCases)
    func `every call does in every state what the table says`(call: Call) throws {
        let row = try #require(Self.table[call])
        for (situation, expected) in zip(Situation.allCases, row) {
            #expect(Self.outcome(of: call, in: situation) == expected, "\(call) when \(situation)")
        }
    }

    private static func outcome(of call: Call, in situation: Situation) -> String {
        var machine = Machine(capacity: 2)
        let waiter = Waiter<Int>()
        switch situation {
        case .empty: break
        case .partial: _ = machine.send(1)
        case .full, .senderWaits, .placeAwaited:
            _ = machine.send(1)
            _ = machine.send(2)
            if situation == .senderWaits {
                waiter.element = 3
                _ = machine.suspendSender(waiter)
            } else if situation == .placeAwaited {
                _ = machine.suspendForPlace(waiter)
            }
        case .receiverWaits: _ = machine.suspendReceiver(waiter)
        case .finished, .finishedWithOne:
            if situation == .finishedWithOne { _ = machine.send(1) }
            _ = machine.finish()
        }
        var resumed = 0
        let outcome = self.perform(call, on: &machine, waiter: waiter, resumed: &resumed)
        let (depth, senders, receivers) = (machine.ring.count, machine.senders.count, machine.receivers.count)
        return (outcome.isEmpty ? "" : outcome + " ") + "\(depth)\(senders)\(receivers) \(resumed)"
    }

    private static func perform(
        _ call: Call,
        on machine: inout Machine,
        waiter: Waiter<Int>,
        resumed: inout Int
    ) -> String {
        let own = Waiter<Int>()
        var wakeups = Wakeups<Int>()
        var three = [7, 8, 9]
        switch call {
        case .send:
            switch machine.send(9) {
            case .stored: return "stored"
            case .handed:
                resumed = 1
                return "handed"
            case .full: return "full"
            case .closed: return "closed"
            }
        case .sendThree, .sendServed:
            let sent = three.withUnsafeMutableBufferPointer { buffer -> Int? in
                guard let base = buffer.baseAddress else { return nil }
                return call == .sendThree
                    ? machine.send(from: base, count: 3, moves: false, wakeups: &wakeups)
                    : machine.sendServed(moving: base, count: 3, wakeups: &wakeups)
            }
            resumed = wakeups.outcomes.count
            return sent.map { "\($0)" } ?? "nil"
        case .receive:
            switch machine.receive() {
            case .element(let element, let sender):
                resumed = self.count(sender)
                return "\(element)"
            case .empty: return "empty"
            case .finished: return "finished"
            }
        case .receiveFour:
            let taken = three.withUnsafeMutableBufferPointer { buffer -> Int? in
                guard let base = buffer.baseAddress else { return nil }
                return machine.receive(upTo: 4, into: base, wakeups: &wakeups)
            }
            resumed = wakeups.outcomes.count
            return taken.map { "\($0)" } ?? "nil"
        case .suspendSender:
            own.element = 9
            return self.describe(machine.suspendSender(own), &resumed)
        case .suspendReceiver: return self.describe(machine.suspendReceiver(own), &resumed)
        case .suspendForPlace: return self.describe(machine.suspendForPlace(own), &resumed)
        case .cancelSender:
            let first = machine.cancelSender(machine.senders.isEmpty ? own : waiter)
            resumed = self.count(first)
            return first == nil ? "was new" : "waited"
        case .cancelReceiver:
            let first = machine.cancelReceiver(machine.receivers.isEmpty ? own : waiter)
            resumed = self.count(first)
            return first == nil ? "was new" : "waited"
        case .finish:
            resumed = machine.finish().outcomes.count
            return ""
        }
    }

    private static func describe(_ enlisting: Enlisting<Int>, _ resumed: inout Int) -> String {
        switch enlisting {
        case .waits: return "waits"
        case .ended(let outcome, let other):
            resumed = self.count(other)
            return "\(outcome)"
        }
    }

    private static func count(_ first: Waiter<Int>?) -> Int {
        sequence(first: first) { $0?.next }.prefix { $0 != nil }.reduce(0) { count, _ in count + 1 }
    }

    @Test(arguments: [1, 2, 5])
    func `no element is lost, and nobody waits beside what he waits for, after any call`(capacity: Int) {
        for seed in 0..<UInt64(scaled(200)) {
            var model = ChannelModel(capacity: capacity, seed: seed)
            model.play(steps: 200)
            if let problem = model.problem {
                Issue.record("capacity \(capacity), seed \(seed): \(problem)")
                return
            }
        }
    }
}

/// Plays random calls on a channel's state machine, as senders and receivers that wait.
private struct ChannelModel: ~Copyable {
    private var machine: ChannelStateMachine<Int>
    private var random: SeededGenerator
    private var next = 0
    private var sent: [Int] = []
    private var received: [Int] = []
    private var senders: [(waiter: Waiter<Int>, element: Int)] = []
    private var receivers: [Waiter<Int>] = []
    private(set) var problem: String?

    init(capacity: Int, seed: UInt64) {
        self.machine = ChannelStateMachine(capacity: capacity)
        self.random = SeededGenerator(seed: seed)
    }

    mutating func play(steps: Int) {
        for step in 0..<steps where self.problem == nil {
            let call = self.random.below(8)
            self.perform(call)
            self.settle()
            self.check("step \(step), call \(call)")
        }
        let hasFinished = self.machine.finish().outcomes
        self.settle()
        _ = hasFinished
        while case .element(let element, _) = self.machine.receive() { self.received.append(element) }
        if !self.senders.isEmpty || !self.receivers.isEmpty { self.problem = "somebody waits after the end" }
        // All that was sent was received, once; in order, as there is one line.
        if self.sent.sorted() != self.received.sorted() { self.problem = "\(self.sent) became \(self.received)" }
    }

    private mutating func perform(_ call: Int) {
        var wakeups = Wakeups<Int>()
        self.next += 100
        switch call {
        case 0:
            switch self.machine.send(self.next) {
            case .stored, .handed: self.sent.append(self.next)
            case .full, .closed: break
            }
        case 1:
            var some = (0..<1 + self.random.below(6)).map { self.next + $0 }
            let count = some.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap {
                    self.machine.send(from: $0, count: buffer.count, moves: false, wakeups: &wakeups)
                }
            }
            self.sent += some.prefix(count ?? 0)
        case 2: if case .element(let element, _) = self.machine.receive() { self.received.append(element) }
        case 3:
            let buffer = UnsafeMutablePointer<Int>.allocate(capacity: 8)
            defer { buffer.deallocate() }
            let count = self.machine.receive(upTo: 1 + self.random.below(8), into: buffer, wakeups: &wakeups) ?? 0
            self.received += (0..<count).map { buffer[$0] }
        case 4:
            let waiter = Waiter<Int>()
            waiter.element = self.next
            if self.random.oneIn(3) { waiter.remaining = 1 + self.random.below(6) }
            if case .ended(.served, _) = self.machine.suspendSender(waiter) {
                self.sent.append(self.next)
            } else {
                self.senders.append((waiter, self.next))
            }
        case 5:
            let waiter = Waiter<Int>()
            if case .ended(.served, _) = self.machine.suspendReceiver(waiter), let element = waiter.element {
                self.received.append(element)
            } else {
                self.receivers.append(waiter)
            }
        case 6:
            if let (waiter, _) = self.senders.randomElement(using: &self.random) {
                _ = self.machine.cancelSender(waiter)
            }
        default:
            if let waiter = self.receivers.randomElement(using: &self.random) {
                _ = self.machine.cancelReceiver(waiter)
            }
        }
    }

    private mutating func settle() {
        for (waiter, element) in self.senders where waiter.outcome == .served { self.sent.append(element) }
        self.senders.removeAll { $0.waiter.outcome != nil }
        for waiter in self.receivers where waiter.outcome == .served {
            if let element = waiter.element { self.received.append(element) } else { self.problem = "served nothing" }
        }
        self.receivers.removeAll { $0.outcome != nil }
    }

    private mutating func check(_ when: String) {
        let (depth, capacity) = (self.machine.ring.count, self.machine.capacity)
        if depth > capacity { self.problem = "\(when): \(depth) elements" }
        if depth != self.sent.count - self.received.count { self.problem = "\(when): lost or doubled" }
        if depth > 0, !self.receivers.isEmpty { self.problem = "\(when): a receiver waits beside an element" }
        if let first = self.senders.first, first.waiter.remaining == 1, depth < capacity {
            self.problem = "\(when): a sender waits beside a free place"
        }
        if depth == 0, !self.senders.isEmpty { self.problem = "\(when): senders wait for an empty channel" }
    }
}
