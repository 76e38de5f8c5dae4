//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A pool at one instant.
public struct PoolSnapshot: Sendable {
    /// Where every job stands.
    public let ledger: Ledger
    /// The most jobs that may wait for a worker.
    public let capacity: Int
    /// Bytes of queued jobs; 0 where jobs have no size.
    public let queuedBytes: Int
    /// The most bytes of jobs that may wait; nil for any.
    public let bytesMax: Int?
    /// How many workers there are.
    public let workers: Int
    /// How many workers are parked for want of jobs.
    public let idleWorkers: Int
    /// How many threads of the pool's own live; 0 on an executor that was handed in.
    public let threads: Int
    /// How long the oldest queued job has waited; zero when none does.
    public let oldestAge: Duration
    /// How often an idle worker took over jobs that another had not begun.
    public let steals: Int
    /// How often a failed job was put back for another attempt.
    public let retries: Int
    /// Whether workers take no jobs because of ``WorkerPool/pause()``.
    public let isPaused: Bool
    /// The jobs that run for longer than ``WorkerPoolConfiguration/stuckAfter``.
    public let stuckJobs: [StuckJob]
    /// How long queued jobs waited for a worker: the first of each batch, or as ``WorkerPoolConfiguration/timing`` says.
    public let waitTimes: LatencyHistogram
    /// How long handlers ran, for as many jobs; of a batch handler, a job's share of its batch.
    public let runTimes: LatencyHistogram
    /// How long results waited for a place with whoever reads them, counted for each batch that had to wait.
    public let downstreamTimes: LatencyHistogram
    /// Where the time of the workers has gone, since the pool began to run.
    public let workerTimes: WorkerTimes
    /// What each worker does.
    public let workerStates: [WorkerState]
    /// The pool's tasks that have not ended, the oldest first: a worker whose job a drain has abandoned is among them until it ends.
    public let tasks: [LiveTask]
    /// For how long producers have waited for a place, whenever at least one did.
    public let producersHeld: Duration

    /// How many jobs wait for a worker.
    public var depth: Int { self.ledger.queued }
    /// How full the queue is, from 0 to 1: the depth as a share of the capacity, or the bytes as a share of their limit where that
    /// is more.
    public var utilization: Double {
        let share = Double(self.depth) / Double(self.capacity)
        guard let bytesMax, bytesMax > 0 else { return share }
        return max(share, Double(self.queuedBytes) / Double(bytesMax))
    }
}
