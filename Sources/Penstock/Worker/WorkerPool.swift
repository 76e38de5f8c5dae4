//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Long-lived workers on one bounded queue.
///
/// Jobs are accepted until the queue is full, then producers wait; workers take them in batches, oldest first. Every
/// accepted job has exactly one end, and the ``Ledger`` counts it. ``drain(deadline:grace:)`` stops the pool and hands
/// back what never started.
///
/// ```swift
/// let pool = WorkerPool(configuration) { (order: Order) in try await enrich(order) }
/// group.addTask { try await pool.run() }
/// try await pool.submit(order)
/// ```
///
/// A handler that throws has failed its job, not its worker. A handler that traps ends the process: no pool can promise
/// anything about that.
///
/// Make the pool, let ``run()`` run, and drain: a pool that is let go without a drain keeps its workers.
public final class WorkerPool<Job: Sendable, Output: Sendable>: Sendable {
    @usableFromInline let core: PoolCore<Job, Output>

    /// Creates a pool whose handler does not suspend.
    ///
    /// The handler runs on the pool's own threads and may block them.
    ///
    /// - Parameters:
    ///   - configuration: Sizes and limits; wrong ones trap.
    ///   - results: What becomes of outputs and errors.
    ///   - size: What a job counts for; nil when each counts for one.
    ///   - discipline: Which queued job a free worker takes next.
    ///   - onDrop: Gets each accepted job that is ended without having begun, and why: it was shed, has expired, or its
    ///     caller was cancelled. It is called by whoever works at that moment, a submitter or a worker: be quick.
    ///   - handler: Runs a job. An error fails the job only.
    @inlinable
    public init(
        _ configuration: WorkerPoolConfiguration = WorkerPoolConfiguration(),
        results: ResultsPolicy<Output> = .discard,
        size: (@Sendable (borrowing Job) -> JobSize)? = nil,
        discipline: Discipline<Job> = .fifo,
        onDrop: (@Sendable (Job, DropReason) -> Void)? = nil,
        handler: @escaping @Sendable (Job) throws -> Output
    ) {
        self.core = PoolCore(
            configuration,
            results: results,
            size: size,
            discipline: discipline,
            onDrop: onDrop,
            handler: .job(takingInPlace(handler))
        )
    }

    /// Creates a pool whose handler may suspend.
    ///
    /// A worker waits for it: there are at most as many jobs in progress as workers.
    ///
    /// - Parameters:
    ///   - configuration: Sizes and limits; wrong ones trap.
    ///   - results: What becomes of outputs and errors.
    ///   - size: What a job counts for; nil when each counts for one.
    ///   - discipline: Which queued job a free worker takes next.
    ///   - onDrop: Gets each accepted job that is ended without having begun, and why: it was shed, has expired, or its
    ///     caller was cancelled. It is called by whoever works at that moment, a submitter or a worker: be quick.
    ///   - handler: Runs a job. An error fails the job only. Its task is cancelled when a drain's deadline has passed.
    @inlinable
    public init(
        _ configuration: WorkerPoolConfiguration = WorkerPoolConfiguration(),
        results: ResultsPolicy<Output> = .discard,
        size: (@Sendable (borrowing Job) -> JobSize)? = nil,
        discipline: Discipline<Job> = .fifo,
        onDrop: (@Sendable (Job, DropReason) -> Void)? = nil,
        handler: @escaping @Sendable (Job) async throws -> Output
    ) {
        self.core = PoolCore(
            configuration,
            results: results,
            size: size,
            discipline: discipline,
            onDrop: onDrop,
            handler: .asyncJob(handler)
        )
    }

    /// Creates a pool whose handler runs a whole batch at a time, which then begins and ends as one.
    ///
    /// - Parameters:
    ///   - configuration: Sizes and limits; wrong ones trap. A batch has at most `batchMax` jobs.
    ///   - results: What becomes of outputs and errors.
    ///   - size: What a job counts for; nil when each counts for one.
    ///   - discipline: Which queued job a free worker takes next.
    ///   - onDrop: Gets each accepted job that is ended without having begun, and why: it was shed, has expired, or its
    ///     caller was cancelled. It is called by whoever works at that moment, a submitter or a worker: be quick.
    ///   - batchHandler: Runs the jobs and appends one outcome for each. An error fails all jobs of the batch.
    @inlinable
    public init(
        _ configuration: WorkerPoolConfiguration = WorkerPoolConfiguration(),
        results: ResultsPolicy<Output> = .discard,
        size: (@Sendable (borrowing Job) -> JobSize)? = nil,
        discipline: Discipline<Job> = .fifo,
        onDrop: (@Sendable (Job, DropReason) -> Void)? = nil,
        batchHandler: @escaping @Sendable (borrowing Span<Job>, inout BatchOutcomes<Output>) async throws -> Void
    ) {
        self.core = PoolCore(
            configuration,
            results: results,
            size: size,
            discipline: discipline,
            onDrop: onDrop,
            handler: .batch(batchHandler)
        )
    }

    /// The pool's name.
    public var name: String { self.core.configuration.name }

    /// The most jobs that wait for a worker.
    public var capacity: Int { self.core.limits.capacity }

    /// What the handler returned and threw; of a pool that was made with ``ResultsPolicy/channel(capacity:ordered:)`` only.
    ///
    /// It is finished when the pool has drained; what it then holds can still be read.
    public var results: Channel<Result<Output, any Error>> {
        guard case .channel(let channel) = self.core.results.kind else {
            preconditionFailure("Only a pool made with `results: .channel(capacity:)` has a results channel.")
        }
        return channel
    }

    /// The threads that the workers run on.
    ///
    /// Tasks that prefer it share them with the workers, and save a wake-up.
    public var executor: any TaskExecutor { self.core.executor }

    /// Where every job stands now. It balances; see ``Ledger``.
    public var ledger: Ledger { self.core.queue.withLock { $0.ledger() } }

    /// How many jobs wait beside an idle worker: always 0, or a wake-up was lost.
    package var strandedJobs: Int { self.core.queue.withLock { $0.strandedJobs() } }

    /// The pool now: its ledger, its depth, its workers.
    public func snapshot() -> PoolSnapshot { self.core.snapshot() }

    /// Runs the workers, until the pool has drained.
    ///
    /// Cancelling it means `drain(deadline: .zero)` with the configured grace; it still returns the report.
    ///
    /// - Returns: The report of the drain. Called while a drain waits for it, it runs what is queued, and once the pool has
    ///   drained without having run it starts nothing.
    /// - Throws: `alreadyRunning` when the pool runs already, or has run.
    @inlinable
    public func run() async throws(PenstockError) -> DrainReport<Job, Output> {
        try self.start()
        return await self.waitForReport(onCancel: self.core.configuration.drainGrace)
    }

    /// Ends the pool, and returns by the deadline plus the grace whatever the handlers do.
    ///
    /// From now on no job is accepted, and every held producer wakes with `closed`. Queued jobs run on until the
    /// deadline; those that have not begun by then are returned in the report. Running ones are cancelled and have the
    /// grace to end; what runs on is abandoned, counted and named in the report, and its worker is not waited for.
    ///
    /// Calling it again, from anywhere, can only bring the end nearer, and returns the same report. Cancelling it means
    /// that the deadline is now. A pool that does not
    /// run yet waits for ``run()`` until the deadline, and then returns all its jobs.
    ///
    /// - Parameters:
    ///   - deadline: How long queued jobs may run; nil for the configured time.
    ///   - grace: How long running jobs may then take; nil for the configured time.
    /// - Returns: What became of every accepted job.
    public func drain(deadline: Duration? = nil, grace: Duration? = nil) async -> DrainReport<Job, Output> {
        let grace = grace ?? self.core.configuration.drainGrace
        self.core.beginDrain(deadline: deadline ?? self.core.configuration.drainDeadline, grace: grace)
        return await self.waitForReport(onCancel: grace)
    }

    /// Begins what ``drain(deadline:grace:)`` does, and returns at once: for handlers of signals, which cannot wait.
    ///
    /// - Parameters:
    ///   - deadline: How long queued jobs may run; nil for the configured time.
    ///   - grace: How long running jobs may then take; nil for the configured time.
    package func beginDrain(deadline: Duration?, grace: Duration?) {
        self.core.beginDrain(
            deadline: deadline ?? self.core.configuration.drainDeadline,
            grace: grace ?? self.core.configuration.drainGrace
        )
    }

    // MARK: - Private

    @inlinable
    func start() throws(PenstockError) {
        let core = self.core
        try core.start { await core.runWorker($0) }
    }

    @usableFromInline
    func waitForReport(onCancel grace: Duration) async -> DrainReport<Job, Output> {
        await withTaskCancellationHandler {
            await self.core.waitUntilFinished()
        } onCancel: {
            self.core.beginDrain(deadline: .zero, grace: grace)
        }
        return self.core.report()
    }
}
