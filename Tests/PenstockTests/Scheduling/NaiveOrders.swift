//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What the disciplines' tests queue.
struct TestJob: Sendable {
    /// Its class, tenant or key.
    var key = 0
    var deadline: UInt64?
}

/// A queued job, as the naive orders know it.
struct NaiveJob {
    let ticket: Int
    let job: TestJob
    let size: Int
    let arrival: UInt64
    /// The how manieth to come.
    let serial: Int
}

/// The right order, found by looking through all jobs each time.
protocol NaiveOrder {
    var jobs: [NaiveJob] { get set }
    var ready: Int { get }
    /// The job to be shed first: the newest of those wanted equally little, and the oldest of them.
    var leastWanted: Int? { get }
    var longestUnwanted: Int? { get }

    mutating func enqueue(_ job: NaiveJob)
    /// The jobs that are given away, and the keys that are held, at most so many.
    mutating func take(_ limit: Int, now: UInt64, keysMax: Int) -> (jobs: [NaiveJob], held: [Int])
    mutating func release(key: Int)
    mutating func remove(_ ticket: Int)
    func expiry(of ticket: Int) -> UInt64
    func admits(_ job: TestJob, free: Int) -> Bool
}

extension NaiveOrder {
    var ready: Int { self.jobs.count }
    var leastWanted: Int? { nil }
    var longestUnwanted: Int? { nil }
    mutating func enqueue(_ job: NaiveJob) { self.jobs.append(job) }
    mutating func release(key: Int) {}
    mutating func remove(_ ticket: Int) { self.jobs.removeAll { $0.ticket == ticket } }
    func expiry(of ticket: Int) -> UInt64 { .max }
    func admits(_ job: TestJob, free: Int) -> Bool { true }

    /// Takes one after another that a rule finds.
    mutating func take(_ limit: Int, rule: ([NaiveJob]) -> NaiveJob?) -> (jobs: [NaiveJob], held: [Int]) {
        var taken: [NaiveJob] = []
        while taken.count < limit, let job = rule(self.jobs) {
            self.jobs.removeAll { $0.ticket == job.ticket }
            taken.append(job)
        }
        return (taken, [])
    }
}

struct NaiveLIFO: NaiveOrder {
    var jobs: [NaiveJob] = []

    mutating func take(_ limit: Int, now: UInt64, keysMax: Int) -> (jobs: [NaiveJob], held: [Int]) {
        self.take(limit) { $0.last }
    }
}

struct NaivePriority: NaiveOrder {
    let classes: Int
    let ageing: UInt64
    /// What a job's class is less than its key.
    let shift: Int
    var jobs: [NaiveJob] = []

    var leastWanted: Int? { self.jobs.max { (self.number($0), $0.serial) < (self.number($1), $1.serial) }?.ticket }
    var longestUnwanted: Int? { self.jobs.max { (self.number($0), $1.serial) < (self.number($1), $0.serial) }?.ticket }

    mutating func take(_ limit: Int, now: UInt64, keysMax: Int) -> (jobs: [NaiveJob], held: [Int]) {
        let (number, ageing) = (self.number, self.ageing)
        return self.take(limit) { jobs in
            let aged = jobs.filter { now - $0.arrival >= ageing }
            return aged.min { ($0.arrival, number($0), $0.serial) < ($1.arrival, number($1), $1.serial) }
                ?? jobs.min { (number($0), $0.serial) < (number($1), $1.serial) }
        }
    }

    private func number(_ job: NaiveJob) -> Int { max(0, min(job.job.key - self.shift, self.classes - 1)) }
}

struct NaiveDeadline: NaiveOrder {
    var jobs: [NaiveJob] = []

    var leastWanted: Int? { self.jobs.last { $0.job.deadline == nil }?.ticket }
    var longestUnwanted: Int? { self.jobs.first { $0.job.deadline == nil }?.ticket }

    mutating func take(_ limit: Int, now: UInt64, keysMax: Int) -> (jobs: [NaiveJob], held: [Int]) {
        self.take(limit) { jobs in
            jobs.min { ($0.job.deadline ?? .max, $0.serial) < ($1.job.deadline ?? .max, $1.serial) }
        }
    }

    func expiry(of ticket: Int) -> UInt64 { self.jobs.first { $0.ticket == ticket }?.job.deadline ?? .max }
}

/// Deficit round robin as its authors write it down.
struct NaiveFair: NaiveOrder {
    let weight: @Sendable (Int) -> Int
    var jobs: [NaiveJob] = []
    private var line: [Int] = []
    private var deficits: [Int: Int] = [:]
    private var isInTurn = false
    private var quantum = 1

    init(weight: @escaping @Sendable (Int) -> Int) { self.weight = weight }

    var leastWanted: Int? { self.greediest.flatMap { tenant in self.jobs.last { $0.job.key == tenant }?.ticket } }
    var longestUnwanted: Int? { self.greediest.flatMap { tenant in self.jobs.first { $0.job.key == tenant }?.ticket } }

    /// The tenant that has the most queued for its weight.
    private var greediest: Int? {
        var best: (tenant: Int, size: Int)?
        for tenant in self.line {
            let size = self.size(of: tenant)
            // Multiplied out, where the discipline divides.
            if let found = best, size * self.weight(found.tenant) <= found.size * self.weight(tenant) { continue }
            best = (tenant, size)
        }
        return best?.tenant
    }

    mutating func enqueue(_ job: NaiveJob) {
        self.jobs.append(job)
        self.quantum = max(self.quantum, job.size)
        if !self.line.contains(job.job.key) { self.line.append(job.job.key) }
    }

    mutating func take(_ limit: Int, now: UInt64, keysMax: Int) -> (jobs: [NaiveJob], held: [Int]) {
        var taken: [NaiveJob] = []
        while taken.count < limit, let tenant = self.line.first {
            if !self.isInTurn { self.deficits[tenant, default: 0] += self.quantum * self.weight(tenant) }
            self.isInTurn = true
            while taken.count < limit, let job = self.fitting(tenant) {
                self.deficits[tenant, default: 0] -= job.size
                self.jobs.removeAll { $0.ticket == job.ticket }
                taken.append(job)
            }
            if self.size(of: tenant) > 0, self.fitting(tenant) == nil {
                self.line.append(self.line.removeFirst())
                self.isInTurn = false
            }
            self.forgetEmpty()
        }
        return (taken, [])
    }

    mutating func remove(_ ticket: Int) {
        self.jobs.removeAll { $0.ticket == ticket }
        self.forgetEmpty()
    }

    func admits(_ job: TestJob, free: Int) -> Bool {
        let size = self.size(of: job.key)
        return size == 0 || size < self.weight(job.key) * free
    }

    private func size(of tenant: Int) -> Int { self.jobs.reduce(0) { $0 + ($1.job.key == tenant ? $1.size : 0) } }

    private func fitting(_ tenant: Int) -> NaiveJob? {
        let next = self.jobs.first { $0.job.key == tenant }
        return next.flatMap { $0.size <= self.deficits[tenant, default: 0] ? $0 : nil }
    }

    private mutating func forgetEmpty() {
        for tenant in self.line where self.size(of: tenant) == 0 {
            if self.line.first == tenant { self.isInTurn = false }
            self.line.removeAll { $0 == tenant }
            self.deficits[tenant] = nil
        }
        if self.jobs.isEmpty { self.quantum = 1 }
    }
}

struct NaiveKeyed: NaiveOrder {
    var jobs: [NaiveJob] = []
    private var line: [Int] = []
    private var held: Set<Int> = []

    var ready: Int { self.jobs.count { !self.held.contains($0.job.key) } }

    mutating func enqueue(_ job: NaiveJob) {
        self.jobs.append(job)
        self.settle(job.job.key)
    }

    mutating func take(_ limit: Int, now: UInt64, keysMax: Int) -> (jobs: [NaiveJob], held: [Int]) {
        var (taken, keys): ([NaiveJob], [Int]) = ([], [])
        while !self.line.isEmpty, taken.count < limit, keys.count < keysMax {
            let key = self.line.removeFirst()
            taken += self.jobs.filter { $0.job.key == key }.prefix(limit - taken.count)
            keys.append(key)
            self.held.insert(key)
        }
        self.jobs.removeAll { job in taken.contains { $0.ticket == job.ticket } }
        return (taken, keys)
    }

    mutating func release(key: Int) {
        self.held.remove(key)
        self.settle(key)
    }

    mutating func remove(_ ticket: Int) {
        guard let index = self.jobs.firstIndex(where: { $0.ticket == ticket }) else { return }
        self.settle(self.jobs.remove(at: index).job.key)
    }

    /// Sees to it that a key is in line if it has jobs and nobody holds it.
    private mutating func settle(_ key: Int) {
        let belongs = self.jobs.contains { $0.job.key == key } && !self.held.contains(key)
        if !belongs { self.line.removeAll { $0 == key } }
        if belongs, !self.line.contains(key) { self.line.append(key) }
    }
}
