//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a worker's loop does next.
@usableFromInline
enum WorkerStep {
    /// Run the batch at hand.
    case run
    /// Run the batch at hand, whose jobs have more to them than to be run.
    case runTagged
    /// Hand over results that found no place, by their slots.
    case deliver(Range<Int>)
    /// Let other tasks have the thread.
    case yield
    /// Wait for jobs.
    case park
    /// Wait for an instant.
    case sleep(UInt64)
    /// End.
    case exit
}

/// What a worker keeps from one batch to the next.
@usableFromInline
struct WorkerLoop<Job: Sendable, Output: Sendable>: ~Copyable {
    @usableFromInline let index: Int
    @usableFromInline var batch: WorkerBatch<Job>
    @usableFromInline var outcomes: BatchOutcomes<Output>
    @usableFromInline var runTimes: RunTimes
    /// When it has last waited for something.
    @usableFromInline var turn: UInt64
    /// When it took the batch at hand.
    @usableFromInline var takenAt: UInt64 = 0

    /// Begins a worker's loop, and tells the queue where its results stand.
    @inlinable
    init(_ core: PoolCore<Job, Output>, _ index: Int) {
        self.index = index
        self.outcomes = BatchOutcomes(capacityMax: core.limits.batchMax)
        if core.resultQueue != nil {
            let results = self.outcomes.results
            core.queue.withLock { $0.resultBuffers[index] = results }
        }
        self.batch = core.queue.withLock { WorkerBatch($0.workers + index) }
        self.runTimes = RunTimes(core.limits)
        self.turn = core.time.now()
    }

    @inlinable deinit { self.runTimes.deallocate() }
}
