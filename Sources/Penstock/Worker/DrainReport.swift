//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a drain leaves: the last ledger, and every job that has no end of its own.
public struct DrainReport<Job: Sendable, Output: Sendable>: Sendable {
    /// The pool's name.
    public let pool: String
    /// The last ledger: nothing is queued, waiting or in flight any more.
    public let ledger: Ledger
    /// Accepted jobs that never started, payload and all, also those that a worker had taken but not begun.
    public let returned: [Job]
    /// Jobs that were still running when the drain had to end.
    public let abandoned: [AbandonedJob<Job>]
    /// Results that nobody took: their jobs have ended and are counted so.
    public let undelivered: [Result<Output, any Error>]
    /// How long queued jobs waited for a worker: the first of each batch, or as ``WorkerPoolConfiguration/timing`` says.
    public let waitTimes: LatencyHistogram
    /// How long handlers ran, for as many jobs; of a batch handler, a job's share of its batch.
    public let runTimes: LatencyHistogram
}

/// A job that ran past every deadline.
public struct AbandonedJob<Job: Sendable>: Sendable, CustomStringConvertible {
    /// The job itself.
    public let job: Job
    /// Who runs it, as `pool/worker-3`.
    public let worker: String
    /// How long its worker has had it, at the drain's end: at least as long as it has run.
    public let elapsed: Duration

    /// The job, its worker, and for how long.
    public var description: String { "\(self.worker) has run \(self.job) for \(self.elapsed)" }
}

extension DrainReport: CustomStringConvertible {
    /// The ledger, then every job that has no end of its own; long lists are cut.
    public var description: String {
        var lines = ["pool \(self.pool): \(self.ledger)"]
        let shown = 5
        if !self.returned.isEmpty {
            let first = self.returned.prefix(shown).map { "\($0)" }.joined(separator: ", ")
            lines.append("  returned unstarted: \(first)\(self.returned.count > shown ? ", …" : "")")
        }
        for job in self.abandoned.prefix(shown) { lines.append("  abandoned: \(job)") }
        if self.abandoned.count > shown { lines.append("  abandoned: …") }
        if !self.undelivered.isEmpty {
            lines.append("  results that nobody took: \(self.undelivered.count)")
        }
        return lines.joined(separator: "\n")
    }
}
