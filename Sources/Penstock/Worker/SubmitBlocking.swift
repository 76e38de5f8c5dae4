//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension WorkerPool {
    /// Gives a job to the pool from a thread that is no task's, and blocks the thread while the queue is full.
    ///
    /// For threads of C libraries, of callbacks, and of programs that are not asynchronous. Threads and tasks wait in one
    /// line, in the order in which they came. Nothing cancels the wait but the pool's drain and the timeout.
    ///
    /// Inside a task it is refused before anything else is looked at: a task that blocked its thread could keep the
    /// workers from making the room that it waits for. The job is then counted as rejected; see
    /// ``RejectionCounts/blockingInTask``. Use ``submit(_:)`` there.
    ///
    /// The overflow policy means what it says. Under ``OverflowPolicy/callerRuns`` the thread runs the job itself if the
    /// handler is synchronous. An asynchronous one runs in a task on the pool's ``executor``, as it always does, and the
    /// thread is blocked until it has ended: it is slowed down as if it had run the job. A sink gets the result of either
    /// before the call returns.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - timeout: How long it waits for a place, in real time, whatever the pool's ``TimeSource``; nil for as long as it
    ///     takes. It does not bound a job that the thread runs itself.
    /// - Throws: `blockingInTask` inside a task, `closed` when the pool drains, `timedOut` when there was no place in time,
    ///   `tooLarge` when the job could never fit, `full` under ``OverflowPolicy/reject``. The job is then not in the queue.
    public func submitBlocking(_ job: Job, timeout: Duration? = nil) throws(PenstockError) {
        try self.core.submitBlocking(job, timeout: timeout)
    }
}

extension PoolCore {
    /// Offers a job, and does what the overflow policy says while the queue is full, by blocking the thread.
    func submitBlocking(_ job: Job, timeout: Duration?) throws(PenstockError) {
        let name = self.configuration.name
        guard !isInsideTask() else {
            self.reject(job, as: .blockingInTask)
            throw .blockingSubmit(name)
        }
        let deadline = timeout.map { TimeSource.system.now().advanced(by: $0) } ?? .max
        while true {
            switch try self.step(after: self.admit(job, countsRejection: false), job) {
            case .end: return
            case .wait: break
            case .runInline:
                if self.runInlineBlocking(job) { return }
                continue
            }
            switch self.waitInLineBlocking(job, deadline: deadline) {
            case .served: return
            case .retry: continue
            // Both were counted when the wait ended.
            case .closed: throw .closedPool(name)
            case .cancelled:
                throw PenstockError(.timedOut, "The pool \(name) had no place for the job within \(timeout ?? .zero).")
            }
        }
    }

    // MARK: - Private

    private func waitInLineBlocking(_ job: Job, deadline: UInt64) -> WaitOutcome {
        let waiter = self.queue.withLock { $0.waiters.take() }
        waiter.element = job
        let time = self.time
        let outcome = self.queue.waitBlocking(waiter, deadline: deadline) {
            $0.suspendSubmitter(waiter, now: time.now())
        } cancel: {
            $0.cancelSubmitter(waiter, now: time.now())
        }
        self.queue.withLock { $0.waiters.give(waiter) }
        if case .cancelled = outcome { self.wakeWorker() }
        return outcome
    }

    /// Lets the calling thread run a job, or wait for it. False: the pool takes none any more, and nothing was counted.
    private func runInlineBlocking(_ job: Job) -> Bool {
        switch self.handler {
        case .job(let handler): self.runOnThread(job, handler)
        case .asyncJob, .batch: self.runOnExecutor(job)
        }
    }

    private func runOnThread(_ job: Job, _ handler: (UnsafePointer<Job>) throws -> Output) -> Bool {
        let now = self.time.now()
        guard let number = self.queue.withLock({ $0.beginInline(job, now: now) }) else { return false }
        let result = PoolNesting.$current.withValue(PoolNesting(self, time: self.time)) {
            Result<Output, any Error> { try withUnsafePointer(to: job) { try handler($0) } }
        }
        if case .sink(let sink) = self.results.kind {
            // Not on the pool's threads, which synchronous handlers may all be blocking.
            self.block {
                _ = self.tasks.start("\(self.configuration.name)/sink", on: self.configuration.timerExecutor, $0)
            } until: {
                await sink(result)
            }
        }
        if self.endInline(number, result, handle: nil) { self.deliverInlineBlocking(number) }
        return true
    }

    /// Hands a result over; a drain takes it from the queue when that lasts too long.
    private func deliverInlineBlocking(_ number: Int) {
        guard case .channel(let channel) = self.results.kind else { return }
        while case .waits = self.handOverInline(number, to: channel) {
            switch channel.waitForPlacesBlocking(1) {
            case .served, .retry: break
            case .closed, .cancelled: return
            }
        }
    }

    /// Runs a job in a task, which a drain cancels as it does the workers, and blocks the thread until it has ended.
    private func runOnExecutor(_ job: Job) -> Bool {
        let hasRun = Locked(false)
        let number = self.workers.withLock { workers in
            workers.callers += 1
            return -workers.callers
        }
        self.block { body in
            self.workers.withLock { workers in
                let task = self.tasks.start("\(self.configuration.name)/caller", on: self.executor, body)
                workers.tasks[number] = task
                // A drain that has looked at the tasks before has said so in the queue.
                if self.queue.withLock({ $0.hasRevoked }) { task.cancel() }
            }
        } until: {
            let ran = await self.runInline(job, handle: nil)
            hasRun.withLock { $0 = ran }
        }
        self.workers.withLock { $0.tasks[number] = nil }
        return hasRun.withLock { $0 }
    }

    /// Blocks the thread until a task has run a body.
    private func block(
        _ start: (@escaping @Sendable () async -> Void) -> Void,
        until body: @escaping @Sendable () async -> Void
    ) {
        ThreadWord.withWord { word in
            start {
                await body()
                word.letGo()
            }
            _ = word.wait(until: .max)
        }
    }
}

extension Channel {
    /// ``waitForPlaces(_:)`` for threads that are no task's.
    func waitForPlacesBlocking(_ count: Int) -> WaitOutcome {
        let waiter = self.guarded.withLock { $0.waiters.take() }
        waiter.remaining = count
        let outcome = self.guarded.waitBlocking(waiter) {
            $0.suspendForPlace(waiter)
        } cancel: {
            $0.cancelSender(waiter)
        }
        self.guarded.withLock { $0.waiters.give(waiter) }
        return outcome
    }
}
