//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a ``WorkerPool`` is set up.
///
/// It is checked once, when the pool is made.
public struct WorkerPoolConfiguration: Sendable {
    /// Which threads workers run on.
    public struct Threads: Sendable, Hashable {
        enum Kind { case cores, perWorker }
        let kind: Kind

        /// As many threads as the process may use processors (by affinity and cgroup), and at most one a worker.
        ///
        /// The default: more runnable threads than processors cost more than they bring.
        public static let cores = Threads(kind: .cores)
        /// One thread a worker, for synchronous handlers that block.
        public static let perWorker = Threads(kind: .perWorker)
    }

    /// For which jobs it is measured how long they waited and ran.
    ///
    /// Counts are exact with each.
    public struct Timing: Sendable, Hashable {
        @usableFromInline
        enum Kind: Sendable { case off, sampled, everyJob }
        @usableFromInline let kind: Kind

        /// For none.
        public static let off = Timing(kind: .off)
        /// For the first job of each batch that a worker takes: less than a nanosecond a job.
        public static let sampled = Timing(kind: .sampled)
        /// For each: about 15 nanoseconds a job more.
        ///
        /// A batch handler's batch is measured whole; each of its jobs counts with its share.
        public static let everyJob = Timing(kind: .everyJob)
    }

    /// The pool's name in reports, thread names and metrics.
    ///
    /// Default: `pool`.
    public var name = "pool"
    /// How many workers there are, at least 1; nil for as many as processors.
    ///
    /// Default: nil.
    public var workers: Int?
    /// The most jobs that wait for a worker, at least 1.
    ///
    /// Default: 10,000, enough to ride out a burst, little enough to see.
    public var capacity = 10_000
    /// The most bytes that wait for a worker, where jobs have a size; nil for no bound.
    ///
    /// Default: nil.
    public var bytesMax: Int?
    /// The most jobs that a worker takes at once, 1 to 256.
    ///
    /// Takes grow only while jobs are short.
    ///
    /// Default: 64, where the gain flattens.
    public var batchMax = 64
    /// Which threads workers run on.
    ///
    /// Default: ``Threads/cores``.
    public var threads = Threads.cores
    /// For which jobs it is measured how long they waited and ran.
    ///
    /// Default: ``Timing/sampled``.
    public var timing = Timing.sampled
    /// How long a drain lets queued jobs run.
    ///
    /// Default: 30 s.
    public var drainDeadline = Duration.seconds(30)
    /// How long a drain then waits for running jobs, after it has cancelled them.
    ///
    /// Default: 5 s.
    public var drainGrace = Duration.seconds(5)
    /// Where time comes from.
    ///
    /// Default: the machine.
    public var time = TimeSource.system
    /// An executor to run on instead of threads of the pool's own; it must outlive the pool.
    ///
    /// Default: nil.
    public var executor: (any TaskExecutor)?
    /// Where the timers of drains run: not on an executor that a handler may block. Default: Swift's own threads.
    package var timerExecutor: (any TaskExecutor)?
    /// How many processors there are, for tests. Default: as many as the process may use when the pool is made, which
    /// takes 0.1 ms to find out.
    package var processors: Int?
    /// Who looks on.
    ///
    /// Default: nobody.
    public var observer: any PipelineObserver = SilentObserver()

    /// Creates a configuration with the values that are most often set, and defaults for the others.
    ///
    /// - Parameters:
    ///   - name: The pool's name.
    ///   - workers: How many workers there are; nil for as many as processors.
    ///   - capacity: The most jobs that wait for a worker, at least 1.
    public init(name: String = "pool", workers: Int? = nil, capacity: Int = 10_000) {
        self.name = name
        self.workers = workers
        self.capacity = capacity
    }

    /// The bounds, checked.
    @usableFromInline
    func limits(processors: Int) -> PoolLimits {
        let workers = self.workers ?? processors
        precondition(workers >= 1, "A pool needs at least one worker, not \(workers).")
        precondition(self.capacity >= 1, "A pool's capacity is at least 1, not \(self.capacity).")
        precondition((1...256).contains(self.batchMax), "A pool's batchMax is 1 to 256, not \(self.batchMax).")
        precondition(self.bytesMax ?? 1 >= 1, "A pool's bytesMax is at least 1.")
        return PoolLimits(
            capacity: self.capacity,
            bytesMax: self.bytesMax,
            workers: workers,
            parallelism: min(workers, max(2, processors)),
            batchMax: self.batchMax,
            timing: self.timing
        )
    }

    /// How many threads the pool's own executor has.
    @usableFromInline
    func threadCount(workers: Int, processors: Int) -> Int {
        switch self.threads.kind {
        case .cores: min(workers, processors)
        case .perWorker: workers
        }
    }
}
