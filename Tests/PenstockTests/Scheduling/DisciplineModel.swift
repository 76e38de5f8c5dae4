//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

/// Plays random calls on a discipline, and compares each answer with that of a naive order.
struct DisciplineModel<Discipline: SchedulingDiscipline<TestJob> & ~Copyable, Order: NaiveOrder>: ~Copyable {
    private var discipline: Discipline
    private var order: Order
    private var random: SeededGenerator
    private let capacity: Int
    private let keys: Int
    private let sizeMax: Int
    private var free: [Int]
    /// The keys that are held, by their holds.
    private var held: [Int: Int] = [:]
    private var now: UInt64 = 1_000
    private var serial = 0
    private(set) var problem: String?

    init(_ discipline: consuming Discipline, _ order: Order, seed: UInt64) {
        self.discipline = discipline
        self.order = order
        self.random = SeededGenerator(seed: seed)
        self.capacity = [1, 2, 5, 20, 80][self.random.below(5)]
        self.keys = [1, 2, 4, 30][self.random.below(4)]
        self.sizeMax = self.random.oneIn(2) ? 1 : 9
        self.free = Array(0..<self.capacity)
        self.discipline.prepare(capacity: self.capacity)
    }

    /// - Returns: What was wrong, if something was.
    mutating func play(steps: Int) -> String? {
        // Phases in which more comes than goes, and the other way round.
        var enqueues = 5
        for step in 0..<steps where self.problem == nil {
            self.now += UInt64(self.random.below(10))
            if self.random.oneIn(50) { enqueues = [2, 5, 9][self.random.below(3)] }
            switch self.random.below(12) {
            case 0..<enqueues: self.enqueue()
            case 9: self.remove()
            case 10: self.release()
            default: self.take()
            }
            self.check(step)
        }
        self.empty()
        return self.problem
    }

    // MARK: - Private

    private mutating func enqueue() {
        let job = TestJob(
            key: self.random.below(self.keys),
            deadline: self.random.oneIn(4) ? nil : self.now + UInt64(self.random.below(30))
        )
        let size = 1 + self.random.below(self.sizeMax)
        guard !self.free.isEmpty else { return }
        let places = self.free.count + self.random.below(3)
        let mine = self.order.admits(job, free: places)
        self.expect("admits", self.discipline.admits(job, size: size, free: places), mine)
        guard mine || self.random.oneIn(2) else { return }
        let ticket = self.free.remove(at: self.random.below(self.free.count))
        self.serial += 1
        self.order.enqueue(
            NaiveJob(ticket: ticket, job: job, size: size, arrival: self.now, serial: self.serial)
        )
        self.discipline.enqueue(job, as: JobTicket(ticket), size: size, at: self.now)
    }

    private mutating func take() {
        let limit = 1 + self.random.below(self.random.oneIn(2) ? 3 : 70)
        let wasReady = self.discipline.ready
        var batch = TicketBatch()
        if self.random.oneIn(2) { batch.holdsMax = 1 + self.random.below(3) }
        self.discipline.take(limit, at: self.now, into: &batch)
        let mine = self.order.take(limit, now: self.now, keysMax: batch.holdsMax)
        self.expect("taken", batch.tickets.map(\.index), mine.jobs.map(\.ticket))
        self.expect("something is taken", batch.count > 0, wasReady > 0)
        self.expect("holds", batch.holds.count, mine.held.count)
        for (hold, key) in zip(batch.holds, mine.held) {
            self.expect("a hold is given once", self.held.updateValue(key, forKey: hold), nil)
        }
        self.free += batch.tickets.map(\.index)
    }

    private mutating func release() {
        guard let hold = self.held.keys.sorted().randomElement(using: &self.random) else { return }
        guard let key = self.held.removeValue(forKey: hold) else { return }
        self.order.release(key: key)
        self.discipline.release(hold)
    }

    private mutating func remove() {
        guard let job = self.order.jobs.randomElement(using: &self.random) else { return }
        self.order.remove(job.ticket)
        self.discipline.remove(JobTicket(job.ticket))
        self.free.append(job.ticket)
    }

    private mutating func check(_ step: Int) {
        self.expect("ready", self.discipline.ready, self.order.ready)
        self.expect("least wanted", self.discipline.leastWanted(oldest: false)?.index, self.order.leastWanted)
        let oldest = self.discipline.leastWanted(oldest: true)?.index
        self.expect("least wanted of long waiters", oldest, self.order.longestUnwanted)
        if let job = self.order.jobs.randomElement(using: &self.random) {
            self.expect("expiry", self.discipline.expiry(of: JobTicket(job.ticket)), self.order.expiry(of: job.ticket))
        }
        self.problem = self.problem.map { $0.hasPrefix("step") ? $0 : "step \(step), capacity \(self.capacity): \($0)" }
    }

    /// Takes and releases all that is left.
    private mutating func empty() {
        for _ in 0..<1_000 where self.problem == nil && !(self.order.jobs.isEmpty && self.held.isEmpty) {
            self.take()
            self.release()
            self.check(-1)
        }
        self.expect("the end", self.order.jobs.count + self.discipline.ready + self.held.count, 0)
    }

    private mutating func expect<Value: Equatable>(_ what: String, _ found: Value, _ expected: Value) {
        guard found != expected, self.problem == nil else { return }
        self.problem = "\(what): \(found), but it should be \(expected)"
    }
}
