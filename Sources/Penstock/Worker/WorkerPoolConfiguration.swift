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
        /// For each: about 10 nanoseconds a job more.
        ///
        /// A batch handler's batch is measured whole; each of its jobs counts with its share.
        public static let everyJob = Timing(kind: .everyJob)
    }

    /// The pool's name in reports, thread names and metrics.
    ///
    /// Default: `pool`.
    public var name = "pool"
    /// How many workers there are, 1 to 10,000; nil for as many as processors.
    ///
    /// Default: nil.
    public var workers: Int?
    /// The most jobs that wait for a worker, 1 to 1,000,000,000; places for all of them are allocated when the pool is made.
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
    /// What becomes of a job that comes to a full queue.
    ///
    /// Default: ``OverflowPolicy/wait``: nothing is lost, and producers feel the pressure.
    public var overflow = OverflowPolicy.wait
    /// The most submits that may wait for a place; a further one is refused with `full`. Nil for any number.
    ///
    /// Each that waits holds its job: with a bound, the memory of jobs is bounded too, however many producers there are. A
    /// bulk submit counts for one. A pool whose overflow policy never lets anybody wait cannot have it.
    ///
    /// Default: nil.
    public var waitersMax: Int?
    /// What becomes of a job that one of the pool's own jobs offers, and would have to wait for.
    ///
    /// Default: ``NestedSubmission/refuse``.
    public var nestedSubmission = NestedSubmission.refuse
    /// The longest that a job may wait for a worker: it is not run afterwards, and counted as expired; nil for any time.
    ///
    /// The wait for another attempt does not count, see ``retry``: a job that is tried again may wait for a worker as long
    /// as one that has come.
    ///
    /// Default: nil.
    public var queueTimeMax: Duration?
    /// After how long a running job's task is cancelled; nil for never.
    ///
    /// The job has then failed with `timedOut`, unless it returns an output all the same. A handler that ignores
    /// cancellation runs on: no other code can end it. Each job then runs in a child task, which costs some microseconds; a
    /// batch handler cannot have it.
    ///
    /// Default: nil.
    public var jobTimeout: Duration?
    /// Whether and when a job that has failed is tried again; nil for never. A batch handler cannot have it.
    ///
    /// Between its attempts a job counts as queued, beside the capacity; at most 1,024 jobs wait so, more have failed.
    ///
    /// Default: nil.
    public var retry: RetryPolicy?
    /// How many jobs may begin in a time; nil for any number. What exceeds it is held in the queue, not dropped.
    ///
    /// Default: nil.
    public var rateLimit: RateLimit?
    /// When jobs are shed because they have waited too long; nil for never.
    ///
    /// Of jobs that have classes the lowest class goes first.
    ///
    /// Default: nil.
    public var shedding: LoadShedding?
    /// After how long a running job is reported as stuck, to the observer and in the snapshot; nil for never.
    ///
    /// Workers are looked at four times in this time: that is how late a report may be. It costs the jobs nothing.
    ///
    /// Default: nil.
    public var stuckAfter: Duration?
    /// How many more workers may be started, each with a thread, while as many are stuck; 0 to 1,024.
    ///
    /// They end when the stuck ones come back.
    ///
    /// Default: 0.
    public var replacementsMax = 0
    /// Where the chance in the waits before retries comes from.
    ///
    /// Default: random.
    package var jitterSeed = UInt64.random(in: .min ... .max)
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
    /// The tasks of whoever the pool belongs to, which are to have the pool's among them. Default: nobody's.
    package var tasks: LiveTasks?
    /// Who looks on.
    ///
    /// Default: nobody.
    public var observer: any PipelineObserver = SilentObserver()

    /// Creates a configuration with the values that are most often set, and defaults for the others.
    ///
    /// - Parameters:
    ///   - name: The pool's name.
    ///   - workers: How many workers there are; nil for as many as processors.
    ///   - capacity: The most jobs that wait for a worker, 1 to 1,000,000,000.
    public init(name: String = "pool", workers: Int? = nil, capacity: Int = 10_000) {
        self.name = name
        self.workers = workers
        self.capacity = capacity
    }

    /// The most workers: one without a job looks at each of the others.
    @usableFromInline static var workersMax: Int { 10_000 }

    /// The bounds, checked.
    @usableFromInline
    func limits(processors: Int) -> PoolLimits {
        let workers = self.workers ?? processors
        precondition((1...Self.workersMax).contains(workers), "A pool has 1 to 10,000 workers, not \(workers).")
        precondition(
            (1...1_000_000_000).contains(self.capacity),
            "A pool's capacity is 1 to 1,000,000,000, not \(self.capacity)."
        )
        precondition((1...256).contains(self.batchMax), "A pool's batchMax is 1 to 256, not \(self.batchMax).")
        precondition(self.bytesMax ?? 1 >= 1, "A pool's bytesMax is at least 1.")
        precondition(self.waitersMax ?? 0 >= 0, "A pool's waitersMax is not negative.")
        precondition(self.queueTimeMax ?? .seconds(1) > .zero, "A pool's queueTimeMax is more than nothing.")
        precondition(self.jobTimeout ?? .seconds(1) > .zero, "A pool's jobTimeout is more than nothing.")
        precondition(self.stuckAfter ?? .seconds(1) > .zero, "A pool's stuckAfter is more than nothing.")
        precondition(
            (0...1_024).contains(self.replacementsMax),
            "A pool's replacementsMax is 0 to 1,024, not \(self.replacementsMax)."
        )
        precondition(
            self.replacementsMax == 0 || self.stuckAfter != nil,
            "A pool that has replacementsMax needs stuckAfter, which finds the workers to replace."
        )
        let caresForEachJob = self.jobTimeout != nil || self.retry != nil
        return PoolLimits(
            capacity: self.capacity,
            bytesMax: self.bytesMax,
            workers: workers,
            parallelism: min(workers, max(2, processors)),
            batchMax: self.batchMax,
            timing: self.timing,
            overflow: self.overflow,
            waitersMax: self.waitersMax ?? .max,
            runsNestedInline: self.nestedSubmission == .runInline,
            queueTimeMax: self.queueTimeMax?.wholeNanoseconds ?? .max,
            replacementsMax: self.replacementsMax,
            processors: processors,
            retries: self.retry != nil,
            caresForEachJob: caresForEachJob,
            needsTags: caresForEachJob || self.queueTimeMax != nil || self.shedding != nil
        )
    }

    /// Refuses options that the pool's discipline or handler would ignore, or whose promise they would break.
    func check(against discipline: DisciplineKind, handlesBatches: Bool) {
        switch self.overflow.kind {
        case .wait, .reject, .dropNewest: break
        case .callerRuns:
            precondition(
                discipline == .fifo,
                "The overflow policy callerRuns lets a job overtake others, which the discipline \(discipline) does not allow."
            )
        case .dropOldest:
            precondition(
                discipline != .fair,
                "The overflow policy dropOldest makes no place for a tenant of the discipline fair; use wait, reject or dropNewest."
            )
        case .dropLowest:
            precondition(
                [.priority, .deadline, .custom].contains(discipline),
                "The overflow policy dropLowest needs a discipline that wants some jobs less: not \(discipline)."
            )
        }
        precondition(
            self.waitersMax == nil || ![.reject, .callerRuns].contains(self.overflow),
            "Nobody waits under the overflow policies reject and callerRuns: a waitersMax would be ignored."
        )
        precondition(
            self.nestedSubmission == .refuse || discipline != .keyed,
            "Running nested jobs inline would break the order of keys that the discipline keyed keeps."
        )
        precondition(
            !handlesBatches || (self.jobTimeout == nil && self.retry == nil),
            "A batch handler's jobs begin and end as one: they can have no jobTimeout and no retry of their own."
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
