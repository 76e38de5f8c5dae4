//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// Which jobs a benchmark runs, how, and how many of them.
package struct BenchOptions: Sendable {
    package var implementation: BenchImplementation
    package var workload: BenchWorkload
    package var producers: Int
    package var workers: Int
    /// The most jobs that wait for a worker, and the most results that wait to be read.
    package var buffer: Int
    package var events: Int
    /// Jobs a second in open loop; nil for a closed loop.
    package var rate: Double?
    package var timing: WorkerPoolConfiguration.Timing
    /// Whether a registry of metrics shows the pool once a second while it runs.
    package var isScraped = false
    /// The most jobs that a worker takes at once, and that one batch has on its way in.
    package var batch: Int
    package var lines: EventLines?
    /// Which queued job a worker takes next; nil for the pool's default.
    package var discipline: BenchDiscipline?

    package init(
        implementation: BenchImplementation = .pool,
        workload: BenchWorkload = .noop,
        producers: Int = 1,
        workers: Int = 2,
        buffer: Int = 10_000,
        events: Int = 1_000_000,
        rate: Double? = nil,
        timing: WorkerPoolConfiguration.Timing = .sampled,
        batch: Int = 64,
        lines: EventLines? = nil,
        discipline: BenchDiscipline? = nil
    ) {
        self.implementation = implementation
        self.workload = workload
        self.producers = producers
        self.workers = workers
        self.buffer = buffer
        self.events = events
        self.rate = rate
        self.timing = timing
        self.batch = batch
        self.lines = lines
        self.discipline = discipline
    }

    /// What a pool under test is set up with.
    var pool: WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(name: "bench", workers: self.workers, capacity: self.buffer)
        configuration.batchMax = self.batch
        configuration.timing = self.timing
        return configuration
    }
}

/// The ways in which jobs can be run.
package enum BenchImplementation: String, CaseIterable, Sendable {
    /// A sender, one job a call, results read.
    case pool
    /// Plain `submit`, results read.
    case submit
    /// Batches in, a batch handler, results read.
    case poolBatch = "pool-batch"
    /// A sender, one job a call; the handler keeps what comes of the jobs.
    case inline
    /// No queue: the workers make the calls themselves. The limit.
    case direct
    /// A task for each job, as many as there are.
    case taskPerEvent = "task-per-event"
    /// A task group with a window of children for each producer.
    case taskGroup = "task-group"
    /// `AsyncStream`s, without a bound, for jobs and for results.
    case asyncStream = "async-stream"
    /// A concurrent dispatch queue behind a semaphore.
    case dispatch

    /// Whether jobs go through a pool.
    package var hasPool: Bool {
        switch self {
        case .pool, .submit, .poolBatch, .inline: true
        case .direct, .taskPerEvent, .taskGroup, .asyncStream, .dispatch: false
        }
    }
}

/// What a job does.
package enum BenchWorkload: String, CaseIterable, Sendable {
    /// Nothing: what is left is the queue.
    case noop
    /// About a microsecond of arithmetic.
    case spin1us
    /// Finds two fields in a JSON event and counts by them.
    case json
}
