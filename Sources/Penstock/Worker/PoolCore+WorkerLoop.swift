//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One worker's loop: report and take, run, hand over, and park when there is nothing.
///
/// Between a batch and the next no reference is counted: whatever they share, workers would take its cache line from each
/// other. So each loop gets its handler once, and results go to a queue that is known by its address.
extension PoolCore {
    /// A worker with a batch of less than ``smallBatch`` jobs that is done with it within this waits for about a
    /// microsecond before it comes again. Otherwise it fights with producers for the lock over a job or two.
    @inlinable static var lingerTimeMax: UInt64 { 1500 }

    @inlinable
    func runWorker(_ index: Int) async {
        var loop = WorkerLoop<Job, Output>(self, index)
        switch self.handler {
        case .job(let handler) where !self.results.isSink:
            await self.runJobs(handler, &loop)
        case .job(let handler):
            await self.runJobs(suspending: { try withUnsafePointer(to: $0) { try handler($0) } }, &loop)
        case .asyncJob(let handler):
            await self.runJobs(suspending: handler, &loop)
        case .batch(let handler):
            await self.runBatches(handler, &loop)
        }
        self.exit(index)
    }

    /// Runs jobs with a synchronous handler until the worker is to exit.
    @inlinable
    func runJobs(_ handler: (UnsafePointer<Job>) throws -> Output, _ loop: inout WorkerLoop<Job, Output>) async {
        while await self.goOn(after: self.runAhead(handler, &loop), &loop) {}
    }

    /// Takes and runs batches as long as there is nothing to wait for.
    @inlinable
    func runAhead(
        _ handler: (UnsafePointer<Job>) throws -> Output,
        _ loop: inout WorkerLoop<Job, Output>
    ) -> WorkerStep {
        while true {
            let step = self.step(&loop)
            guard case .run = step else { return step }
            self.run(loop.batch, handler, &loop.outcomes, &loop.runTimes)
            if let left = self.deliverNow(loop.batch, &loop.outcomes) { return .deliver(left) }
        }
    }

    /// Runs jobs with an asynchronous handler until the worker is to exit.
    @inlinable
    func runJobs(
        suspending handler: (Job) async throws -> Output,
        _ loop: inout WorkerLoop<Job, Output>
    ) async {
        while true {
            var step = self.step(&loop)
            if case .run = step {
                await self.run(loop.batch, handler, &loop.outcomes, &loop.runTimes)
                guard let left = self.deliverNow(loop.batch, &loop.outcomes) else { continue }
                step = .deliver(left)
            }
            guard await self.goOn(after: step, &loop) else { return }
        }
    }

    /// Runs batches with a handler of whole batches until the worker is to exit.
    @inlinable
    func runBatches(
        _ handler: (borrowing Span<Job>, inout BatchOutcomes<Output>) async throws -> Void,
        _ loop: inout WorkerLoop<Job, Output>
    ) async {
        while true {
            var step = self.step(&loop)
            if case .run = step {
                await self.run(loop.batch, batch: handler, &loop.outcomes, &loop.runTimes, now: loop.takenAt)
                guard let left = self.deliverNow(loop.batch, &loop.outcomes) else { continue }
                step = .deliver(left)
            }
            guard await self.goOn(after: step, &loop) else { return }
        }
    }

    /// Reports the batch at hand and takes the next one, and says what to do.
    @inlinable
    @inline(__always)
    func step(_ loop: inout WorkerLoop<Job, Output>) -> WorkerStep {
        var now = self.time.now()
        if loop.batch.count < self.smallBatch, now &- loop.takenAt < Self.lingerTimeMax {
            pauseProcessor()
            now = self.time.now()
        }
        if now &- loop.turn > loop.batch.turnMax, self.othersWait { return .yield }
        loop.takenAt = now
        loop.runTimes.turn(self.time, now: now)
        switch self.take(loop.index, &loop.batch, now: now, runTimes: loop.runTimes.recorded) {
        case .exit: return .exit
        case .park: return .park
        case .sleep(let instant): return .sleep(instant)
        case .run: return loop.batch.tags == nil ? .run : .runTagged
        }
    }

    /// Does what a worker has to wait for, or what is seldom; false when it is to exit.
    @inlinable
    func goOn(after step: WorkerStep, _ loop: inout WorkerLoop<Job, Output>) async -> Bool {
        switch step {
        case .exit: return false
        case .run: break
        case .runTagged:
            guard let tags = loop.batch.tags else { break }
            await self.runTagged(loop.index, loop.batch, tags, &loop.outcomes, &loop.runTimes, now: loop.takenAt)
            if let left = self.deliverNow(loop.batch, &loop.outcomes) {
                await self.deliverLater(loop.index, loop.batch, left, &loop.outcomes)
            }
        case .deliver(let left):
            await self.deliverLater(loop.index, loop.batch, left, &loop.outcomes)
        case .yield:
            await Task.yield()
            loop.turn = self.time.now()
        case .park:
            loop.runTimes.forget()
            await self.park(loop.index)
            loop.turn = self.time.now()
        case .sleep(let instant):
            loop.runTimes.forget()
            try? await self.time.sleep(until: instant)
            loop.turn = self.time.now()
        }
        return true
    }

    @usableFromInline
    func exit(_ index: Int) {
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        state.pointee.exit(worker: index, effects: &effects)
        self.queue.unlock()
        if let threads = self.threads {
            // Under this lock, or a resize that comes in between would be undone.
            self.workers.withLock { _ in threads.setThreadsMax(self.queue.withLock { self.threadCount($0) }) }
        }
        self.perform(effects)
    }

    /// Whether other tasks wait for a thread, as far as can be known: an executor that was handed in does not tell.
    @inlinable var othersWait: Bool {
        guard let threads = self.threads else { return true }
        return threads.pending > 0
    }

    // MARK: - Taking

    @inlinable
    func take(
        _ index: Int,
        _ worker: inout WorkerBatch<Job>,
        now: UInt64,
        runTimes: RecordedTimes
    ) -> PoolStateMachine<Job, Output>.TakeAction {
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let action = state.pointee.take(worker: index, now: now, runTimes: runTimes, effects: &effects)
        let record = state.pointee.workers + index
        worker = WorkerBatch(record)
        worker.turnMax = state.pointee.turnMax
        let (spareJobs, spent) = (record.pointee.spareJobs, record.pointee.spent)
        record.pointee.spent = 0
        self.queue.unlock()
        self.perform(effects)
        if spent > 0 { spareJobs.deinitialize(count: spent) }
        return action
    }

    @usableFromInline
    func park(_ index: Int) async {
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            let parks = self.queue.withLock { $0.park(worker: index, continuation: continuation) }
            if !parks { continuation.resume() }
        }
    }
}
