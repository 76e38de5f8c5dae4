//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a pool, its workers and its senders share: the queue behind its lock, and who runs on what.
//
// SAFETY: the queue is behind the futex lock; the rest is constant, or locked by itself.
@usableFromInline
final class PoolCore<Job: Sendable, Output: Sendable>: @unchecked Sendable {
    /// The user's function.
    @usableFromInline
    enum Handler: Sendable {
        /// Gets its job where that stands; see ``takingInPlace(_:)``.
        case job(@Sendable (UnsafePointer<Job>) throws -> Output)
        case asyncJob(@Sendable (Job) async throws -> Output)
        case batch(@Sendable (borrowing Span<Job>, inout BatchOutcomes<Output>) async throws -> Void)

        /// Whether it may wait without using a processor. Handlers of batches are for work that does not.
        var suspends: Bool {
            switch self {
            case .job, .batch: false
            case .asyncJob: true
            }
        }

        var isBatch: Bool {
            switch self {
            case .job, .asyncJob: false
            case .batch: true
            }
        }
    }

    @usableFromInline let configuration: WorkerPoolConfiguration
    @usableFromInline let limits: PoolLimits
    @usableFromInline let time: TimeSource
    @usableFromInline let handler: Handler
    @usableFromInline let results: ResultsPolicy<Output>
    /// The queue of the channel that results go to.
    @usableFromInline let resultQueue: FutexLocked<ChannelStateMachine<Result<Output, any Error>>>?
    @usableFromInline let size: (@Sendable (borrowing Job) -> JobSize)?
    /// Gets accepted jobs that are ended without having begun.
    private let onDrop: (@Sendable (Job, DropReason) -> Void)?
    @usableFromInline let hungry: HungryFlag
    @usableFromInline let queue: FutexLocked<PoolStateMachine<Job, Output>>
    /// The pool's own threads; nil on an executor that was handed in.
    @usableFromInline let threads: ThreadExecutor?
    /// Below how many jobs a batch is so small that its worker lets producers put in more before it comes again; 0 with
    /// one processor, which a producer gets only when the worker gives it up.
    @usableFromInline let smallBatch: Int
    /// The workers' tasks. They belong to the pool and not to whoever runs it, because a handler that ignores cancellation
    /// must not hold `run()` and `drain` for ever.
    let workers = Locked(WorkerTasks())
    /// The pool's tasks that have not ended.
    let tasks: LiveTasks

    @usableFromInline
    init(
        _ configuration: WorkerPoolConfiguration,
        results: ResultsPolicy<Output>,
        size: (@Sendable (borrowing Job) -> JobSize)?,
        discipline: Discipline<Job>,
        onDrop: (@Sendable (Job, DropReason) -> Void)?,
        handler: Handler
    ) {
        configuration.check(against: discipline.kind, handlesBatches: handler.isBatch)
        let processors = configuration.processors ?? ProcessorCount.available()
        var limits = configuration.limits(processors: processors)
        limits.suspends = handler.suspends
        limits.beginsWhole = handler.isBatch
        if results.isOrdered, case .channel(let channel) = results.kind {
            precondition(
                discipline.make == nil,
                "Ordered results need the discipline `fifo`: any other begins jobs in another order than they came."
            )
            precondition(
                limits.overflow != .callerRuns && !limits.runsNestedInline,
                "Ordered results go with neither `callerRuns` nor `runInline`, by which jobs overtake others."
            )
            limits.keepOrder(places: channel.capacity)
        }
        let threads = configuration.threadCount(workers: limits.workers, processors: processors)
        self.configuration = configuration
        self.limits = limits
        self.time = configuration.time
        self.handler = handler
        self.results = results.forOnePool()
        self.resultQueue = self.results.channel?.guarded
        self.size = size
        self.smallBatch = processors > 1 ? 16 : 0
        self.hungry = HungryFlag()
        self.tasks = LiveTasks(time: configuration.time, owner: configuration.tasks)
        self.onDrop = onDrop
        self.queue = FutexLocked(
            PoolStateMachine(
                limits: limits,
                size: size,
                hungry: self.hungry,
                discipline: discipline.make?(),
                control: PoolControl(configuration)
            )
        )
        self.threads =
            configuration.executor == nil ? ThreadExecutor(threads: threads, name: configuration.name) : nil
    }

    deinit {
        self.queue.destroy()
        self.hungry.destroy()
    }

    @usableFromInline var executor: any TaskExecutor {
        if let threads = self.threads { return threads }
        if let executor = self.configuration.executor { return executor }
        preconditionFailure("A pool has threads of its own or an executor that was handed in.")
    }

    // MARK: - Life

    /// Starts the workers, unless the pool has ended before it ran.
    @usableFromInline
    func start(loop: @escaping @Sendable (Int) async -> Void) throws(PenstockError) {
        let isRepeated = self.workers.withLock { workers in
            let (isRepeated, starts) = self.queue.withLock { ($0.hasStarted, $0.start()) }
            guard starts else { return isRepeated }
            workers.loop = loop
            workers.nesting = PoolNesting(self, time: self.time)
            self.startWorkers(Array(0..<self.queue.withLock { $0.liveWorkers }), in: &workers)
            if self.limits.resultPlaces != nil {
                _ = self.tasks.start("\(self.configuration.name)/results", on: self.executor) { [self] in
                    await self.handOverResults()
                }
            }
            if let limit = self.configuration.stuckAfter {
                workers.watch = self.tasks.start(
                    "\(self.configuration.name)/watch",
                    on: self.configuration.timerExecutor
                ) { [self] in
                    await self.watchForStuckJobs(after: limit)
                }
            }
            return false
        }
        if isRepeated {
            throw PenstockError(.alreadyRunning, "The pool \(self.configuration.name) has been run before.")
        }
    }

    /// Starts workers' loops.
    func startWorkers(_ indices: [Int], in workers: inout WorkerTasks) {
        guard let loop = workers.loop, let nesting = workers.nesting else { return }
        let executor = self.executor
        for index in indices {
            let nesting = PoolNesting(nesting, waits: self.queue.withLock { $0.workers[index].waits })
            workers.tasks[index] = self.tasks.start("\(self.configuration.name)/worker-\(index)", on: executor) {
                await PoolNesting.$current.withValue(nesting) { await loop(index) }
            }
        }
    }

    /// How many threads the pool's own executor is to have now.
    @usableFromInline
    func threadCount(_ state: borrowing PoolStateMachine<Job, Output>) -> Int {
        let (workers, processors) = (state.limits.workers, state.limits.processors)
        return self.configuration.threadCount(workers: workers, processors: processors) + state.replacements
    }

    /// Wakes who is to be woken. Never under a lock.
    @inlinable
    @inline(__always)
    func perform(_ effects: consuming PoolEffects<Job>) {
        if let rare = effects.rare { self.perform(rare) }
        effects.perform()
    }

    /// Tells what is seldom to be told, and closes what is to be closed.
    @usableFromInline
    @inline(never)
    func perform(_ effects: RareEffects<Job>) {
        for dropped in effects.dropped { self.tell(dropped) }
        for failed in effects.failed { self.fail(failed.handle.takeRetainedValue(), failed.code) }
        if effects.hasFinished { self.finish() }
        for continuation in effects.continuations { continuation.resume() }
    }

    /// Closes what belongs to a pool whose every job has its end.
    private func finish() {
        if case .channel(let channel) = self.results.kind { channel.finish() }
        let (timers, report, waiters) = self.queue.withLock { state in
            let report = self.makeReport(&state)
            state.report = report
            defer {
                state.drainTimer = nil
                state.retryTimer.task = nil
                state.finishWaiters = []
            }
            return ([state.drainTimer, state.retryTimer.task], report, state.finishWaiters)
        }
        for timer in timers { timer?.cancel() }
        self.workers.withLock { workers in
            workers.watch?.cancel()
            workers = WorkerTasks()
        }
        self.threads?.shutdown()
        self.configuration.observer.poolDrained(report.ledger, pool: self.configuration.name)
        for waiter in waiters { waiter.resume() }
    }

    /// Suspends until every accepted job has its end.
    @usableFromInline
    func waitUntilFinished() async {
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            let hasFinished = self.queue.withLock { state in
                if state.report != nil { return true }
                state.finishWaiters.append(continuation)
                return false
            }
            if hasFinished { continuation.resume() }
        }
    }

    // MARK: - Drain

    /// Closes the pool and sees to it that it ends by the deadline and its grace. A later call can only bring the end
    /// nearer.
    @usableFromInline
    func beginDrain(deadline: Duration, grace: Duration) {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        state.pointee.close(now: now, effects: &effects)
        let clock = state.pointee.advanceDrain(
            deadline: now.advanced(by: deadline),
            end: now.advanced(by: deadline).advanced(by: grace)
        )
        self.queue.unlock()
        self.perform(effects)
        guard let clock else { return }
        if clock.deadline <= now { self.revoke() }
        self.startTimer(clock)
    }

    private func startTimer(_ clock: DrainClock) {
        let isNeeded = self.queue.withLock { state in
            if case .finished = state.phase { return false }
            return state.drain?.generation == clock.generation
        }
        guard isNeeded else { return }
        let timer = self.tasks.start("\(self.configuration.name)/drain", on: self.configuration.timerExecutor) {
            [self] in await self.watch(clock)
        }
        let stale = self.queue.withLock { state -> Task<Void, Never>? in
            if case .finished = state.phase { return timer }
            guard state.drain?.generation == clock.generation else { return timer }
            let older = state.drainTimer
            state.drainTimer = timer
            return older
        }
        stale?.cancel()
    }

    /// The drain's timer: takes back at the deadline, gives up after the grace.
    private func watch(_ clock: DrainClock) async {
        do {
            try await self.time.sleep(until: clock.deadline)
            guard self.isCurrent(clock) else { return }
            self.revoke()
            try await self.time.sleep(until: clock.end)
            guard self.isCurrent(clock) else { return }
            var effects = PoolEffects<Job>()
            let now = self.time.now()
            let state = self.queue.lock()
            state.pointee.abandon(now: now, effects: &effects)
            state.pointee.abandonedAt = now
            self.queue.unlock()
            self.perform(effects)
        } catch {
            // Cancelled: the pool has ended, or another timer ends it sooner.
        }
    }

    private func isCurrent(_ clock: DrainClock) -> Bool {
        self.queue.withLock { $0.drain?.generation == clock.generation }
    }

    private func revoke() {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        state.pointee.revoke(now: now, effects: &effects)
        self.queue.unlock()
        // In an order that is the same each time, as a simulation needs it.
        for (_, task) in self.workers.withLock({ $0.tasks.sorted { $0.key < $1.key } }) { task.cancel() }
        self.perform(effects)
    }

    // MARK: - Jobs that have ended without having begun

    @usableFromInline
    func tell(_ dropped: DroppedJob<Job>) {
        if let handle = dropped.handle {
            let code: PenstockError.Code =
                switch dropped.reason.kind {
                case .newest, .oldest, .lowest, .overload: .shed
                case .expired: .expired
                case .cancelled: .cancelled
                }
            self.fail(handle.takeUnretainedValue(), code)
            handle.release()
        }
        self.onDrop?(dropped.job, dropped.reason)
        self.configuration.observer.jobDropped(dropped.reason, pool: self.configuration.name)
    }

    @usableFromInline
    func fail(_ handle: JobHandle, _ code: PenstockError.Code) {
        let error = PenstockError.endedJob(code, self.configuration.name)
        if self.queue.withLock({ _ in handle.fail(error) }) { handle.wake() }
    }

    // MARK: - Looking

    /// The report of the drain, the same each time.
    @usableFromInline
    func report() -> DrainReport<Job, Output> {
        self.queue.withLock { $0.report ?? self.makeReport(&$0) }
    }

    private func makeReport(_ state: inout PoolStateMachine<Job, Output>) -> DrainReport<Job, Output> {
        DrainReport(
            pool: self.configuration.name,
            ledger: state.ledger(),
            returned: state.returned,
            abandoned: state.abandoned.map { job, worker, since in
                AbandonedJob(
                    job: job,
                    worker: "\(self.configuration.name)/\(worker < 0 ? "caller" : "worker-\(worker)")",
                    elapsed: .nanoseconds(Int64(clamping: state.abandonedAt &- min(since, state.abandonedAt)))
                )
            },
            undelivered: state.undelivered,
            waitTimes: state.waitTimes,
            runTimes: state.runTimes
        )
    }

    @usableFromInline
    func snapshot() -> PoolSnapshot {
        let now = self.time.now()
        let threads = self.threads?.threadCount ?? 0
        let tasks = self.tasks.current
        let stuck = self.queue.withLock { self.stuckJobs($0) }
        return self.queue.withLock { state in
            let oldest = min(now, state.oldestArrival() ?? now)
            let (times, downstream, states) = state.workerTimes(now: now, pool: self.configuration.name)
            return PoolSnapshot(
                ledger: state.ledger(),
                capacity: state.limits.capacity,
                queuedBytes: state.queuedBytes,
                bytesMax: state.limits.bytesMax,
                workers: state.limits.workers,
                idleWorkers: state.parked.count,
                threads: threads,
                oldestAge: .nanoseconds(Int64(clamping: now - oldest)),
                steals: state.steals,
                retries: state.retries,
                isPaused: state.isPaused,
                stuckJobs: stuck.map { self.describe($0.job, $0.worker, now - min(now, $0.since)) },
                waitTimes: state.waitTimes,
                runTimes: state.runTimes,
                downstreamTimes: downstream,
                workerTimes: times,
                workerStates: states,
                tasks: tasks,
                producersHeld: state.producersHeld(now: now)
            )
        }
    }
}

/// The tasks that belong to a pool.
struct WorkerTasks {
    /// What a worker does, by its number.
    var loop: (@Sendable (Int) async -> Void)?
    /// What the pool runs inside of. Workers that come later have the same, whoever asked for them.
    var nesting: PoolNesting?
    /// The workers' tasks, by the number of the worker.
    var tasks: [Int: Task<Void, Never>] = [:]
    /// How many tasks blocked threads have had run jobs for them; such a task's number is negative.
    var callers = 0
    /// Looks for stuck jobs.
    var watch: Task<Void, Never>?
}
