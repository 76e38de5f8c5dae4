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
        case job(@Sendable (Job) throws -> Output)
        case asyncJob(@Sendable (Job) async throws -> Output)
        case batch(@Sendable (borrowing Span<Job>, inout BatchOutcomes<Output>) async throws -> Void)
    }

    @usableFromInline let configuration: WorkerPoolConfiguration
    @usableFromInline let limits: PoolLimits
    @usableFromInline let time: TimeSource
    @usableFromInline let handler: Handler
    @usableFromInline let results: ResultsPolicy<Output>
    @usableFromInline let size: (@Sendable (borrowing Job) -> JobSize)?
    @usableFromInline let hungry: HungryFlag
    @usableFromInline let queue: FutexLocked<PoolStateMachine<Job, Output>>
    /// The pool's own threads; nil on an executor that was handed in.
    @usableFromInline let threads: ThreadExecutor?
    /// Below how many jobs a batch is so small that its worker lets producers put in more before it comes again; 0 with
    /// one processor, which a producer gets only when the worker gives it up.
    @usableFromInline let smallBatch: Int
    /// The workers' tasks. They belong to the pool and not to whoever runs it, because a handler that ignores
    /// cancellation must not hold `run()` and `drain` for ever.
    private let tasks = Locked<[Task<Void, Never>]>([])

    @usableFromInline
    init(
        _ configuration: WorkerPoolConfiguration,
        results: ResultsPolicy<Output>,
        size: (@Sendable (borrowing Job) -> JobSize)?,
        handler: Handler
    ) {
        let processors = configuration.processors ?? ProcessorCount.available()
        let limits = configuration.limits(processors: processors)
        let threads = configuration.threadCount(workers: limits.workers, processors: processors)
        self.configuration = configuration
        self.limits = limits
        self.time = configuration.time
        self.handler = handler
        self.results = results
        self.size = size
        self.smallBatch = processors > 1 ? 16 : 0
        self.hungry = HungryFlag()
        self.queue = FutexLocked(PoolStateMachine(limits: limits, size: size, hungry: self.hungry))
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

    /// Starts a task that belongs to the pool and not to a caller.
    func startTask(
        on executor: (any TaskExecutor)?,
        _ body: @escaping @Sendable () async -> Void
    ) -> Task<Void, Never> {
        if let executor { return Task(executorPreference: executor) { await body() } }
        return Task { await body() }
    }

    // MARK: - Life

    /// Starts the workers, unless the pool has ended before it ran.
    @usableFromInline
    func start(loop: @escaping @Sendable (Int) async -> Void) throws(PenstockError) {
        let isRepeated = self.tasks.withLock { tasks in
            let (isRepeated, starts) = self.queue.withLock { ($0.hasStarted, $0.start()) }
            guard starts else { return isRepeated }
            let executor = self.executor
            tasks = (0..<self.limits.workers).map { index in
                self.startTask(on: executor) { await loop(index) }
            }
            return false
        }
        if isRepeated {
            throw PenstockError(.alreadyRunning, "The pool \(self.configuration.name) has been run before.")
        }
    }

    /// Wakes who is to be woken, and closes what is to be closed.
    @usableFromInline
    func perform(_ effects: consuming PoolEffects<Job>) {
        let hasFinished = effects.hasFinished
        if hasFinished {
            if case .channel(let channel) = self.results.kind { channel.finish() }
            let (timer, report, waiters) = self.queue.withLock { state in
                let report = self.makeReport(&state)
                state.report = report
                defer {
                    state.drainTimer = nil
                    state.finishWaiters = []
                }
                return (state.drainTimer, report, state.finishWaiters)
            }
            timer?.cancel()
            self.tasks.withLock { $0 = [] }
            self.threads?.shutdown()
            self.configuration.observer.poolDrained(report.ledger, pool: self.configuration.name)
            for waiter in waiters { waiter.resume() }
        }
        effects.perform()
    }

    /// Suspends until every accepted job has its end.
    @usableFromInline
    func waitUntilFinished() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
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
        state.pointee.close(effects: &effects)
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
        let timer = self.startTask(on: self.configuration.timerExecutor) { [self] in await self.watch(clock) }
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
            let state = self.queue.lock()
            state.pointee.abandon(effects: &effects)
            state.pointee.abandonedAt = self.time.now()
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
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        state.pointee.revoke(effects: &effects)
        self.queue.unlock()
        for task in self.tasks.withLock({ $0 }) { task.cancel() }
        self.perform(effects)
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
                    worker: "\(self.configuration.name)/worker-\(worker)",
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
        return self.queue.withLock { state in
            let oldest = min(now, state.oldestArrival() ?? now)
            return PoolSnapshot(
                ledger: state.ledger(),
                capacity: state.limits.capacity,
                workers: state.limits.workers,
                idleWorkers: state.parked.count,
                threads: threads,
                oldestAge: .nanoseconds(Int64(clamping: now - oldest)),
                steals: state.steals,
                waitTimes: state.waitTimes,
                runTimes: state.runTimes
            )
        }
    }
}
