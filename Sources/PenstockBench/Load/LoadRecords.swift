//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// A job that is offered in an open loop: 16 bytes.
struct LoadJob: Sendable {
    /// When it arrived, as its schedule has it.
    let due: UInt64
    /// What it is counted for: a part of the run, a tenant.
    let lane: Int
}

/// What became of the jobs of one lane. None is left out.
struct LoadRecord: Sendable {
    var offered = 0
    /// Those that ran.
    var done = 0
    /// Those that were not accepted.
    var rejected = 0
    /// Those that were accepted, and dropped before they began.
    var shed = 0
    /// From each job's arrival to its end, of those that ran.
    var latencies = LatencyHistogram()
    /// From each job's arrival until its producer knew that it would not run.
    var answers = LatencyHistogram()

    mutating func merge(_ other: LoadRecord) {
        self.offered += other.offered
        self.done += other.done
        self.rejected += other.rejected
        self.shed += other.shed
        self.latencies.merge(other.latencies)
        self.answers.merge(other.answers)
    }

    /// The latency that 99 % of those that ran do not exceed, in microseconds.
    var latencyP99: Double { Double(self.latencies.percentile(0.99)) / 1e3 }
    /// After how long 99 % of the producers of the others knew, in microseconds.
    var answerP99: Double { Double(self.answers.percentile(0.99)) / 1e3 }
    /// Whether each has an end.
    var isBalanced: Bool { self.offered == self.done + self.rejected + self.shed }
}

/// Where workers note what became of jobs: so few that one lock is enough.
final class LoadRecords: Sendable {
    private let records: Locked<[LoadRecord]>

    /// Makes room for all there will be, so that the run itself takes no memory for them.
    init(lanes: Int) { self.records = Locked((0..<lanes).map { _ in LoadRecord() }) }

    /// Notes that a job has run.
    func ended(_ job: LoadJob) {
        let latency = Self.elapsed(since: job.due)
        self.records.withLock { records in
            records[job.lane].done += 1
            records[job.lane].latencies.record(latency)
        }
    }

    /// Notes that a job was shed.
    func dropped(_ job: LoadJob) {
        let answer = Self.elapsed(since: job.due)
        self.records.withLock { records in
            records[job.lane].shed += 1
            records[job.lane].answers.record(answer)
        }
    }

    /// All that was noted, and what the producer has noted itself.
    func all(with offers: [LoadRecord]) -> [LoadRecord] {
        var all = self.records.withLock { $0 }
        for (lane, offer) in offers.enumerated() { all[lane].merge(offer) }
        return all
    }

    static func elapsed(since due: UInt64) -> UInt64 {
        let now = TimeSource.system.now()
        return now > due ? now - due : 0
    }
}

extension LoadRecord {
    /// Offers a job without waiting, and notes it, and when it was refused.
    mutating func offer<Job: Sendable, Output: Sendable>(_ job: Job, due: UInt64, to pool: WorkerPool<Job, Output>) {
        self.offered += 1
        if pool.trySubmit(job).isAccepted { return }
        self.rejected += 1
        self.answers.record(LoadRecords.elapsed(since: due))
    }
}

extension Ledger {
    /// Whether it is balanced and tells the same as the benchmark's own counts.
    func tells(_ records: [LoadRecord]) -> Bool {
        self.isBalanced && records.allSatisfy(\.isBalanced)
            && self.offered == records.reduce(0) { $0 + $1.offered } && self.done == records.reduce(0) { $0 + $1.done }
            && self.rejected == records.reduce(0) { $0 + $1.rejected }
            && self.shed == records.reduce(0) { $0 + $1.shed }
    }
}
