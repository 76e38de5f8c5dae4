//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One worker's loop: report and take, run, hand over, and park when there is nothing.
extension PoolCore {
    /// A worker with a batch of less than ``smallBatch`` jobs that is done with it within this waits for about a
    /// microsecond before it comes again. Otherwise it fights with producers for the lock over a job or two.
    @inlinable static var lingerTimeMax: UInt64 { 1500 }

    @inlinable
    func runWorker(_ index: Int) async {
        var outcomes = BatchOutcomes<Output>(capacityMax: self.limits.batchMax)
        if case .channel = self.results.kind {
            self.queue.withLock { $0.resultBuffers[index] = outcomes.results }
        }
        var worker = self.queue.withLock { WorkerBatch($0.workers + index) }
        var runTimes = RunTimes(self.limits)
        defer { runTimes.deallocate() }
        var turn = self.time.now()
        var takenAt: UInt64 = 0
        loop: while true {
            var now = self.time.now()
            if worker.count < self.smallBatch, now &- takenAt < Self.lingerTimeMax {
                pauseProcessor()
                now = self.time.now()
            }
            if now &- turn > worker.turnMax, self.othersWait {
                await Task.yield()
                turn = self.time.now()
                continue
            }
            takenAt = now
            runTimes.turn(self.time, now: now)
            switch self.take(index, &worker, now: now, runTimes: runTimes.recorded) {
            case .exit: break loop
            case .park:
                runTimes.forget()
                await self.park(index)
                turn = self.time.now()
            case .sleep(let instant):
                runTimes.forget()
                try? await self.time.sleep(until: instant)
                turn = self.time.now()
            case .run:
                let left: Range<Int>?
                if let tags = worker.tags {
                    await self.runTagged(index, worker, tags, &outcomes, &runTimes, now: now)
                    if let left = self.deliverNow(worker, &outcomes) {
                        await self.deliverLater(index, worker, left, &outcomes)
                    }
                    continue loop
                }
                switch (self.handler, self.results.kind) {
                case (.job(let handler), .discard), (.job(let handler), .channel):
                    self.run(worker, handler, &outcomes, &runTimes)
                    left = self.deliverNow(worker, &outcomes)
                case (.job(let handler), .sink):
                    let handler: (Job) async throws -> Output = { try withUnsafePointer(to: $0) { try handler($0) } }
                    await self.run(worker, handler, &outcomes, &runTimes)
                    left = self.deliverNow(worker, &outcomes)
                case (.asyncJob(let handler), _):
                    await self.run(worker, handler, &outcomes, &runTimes)
                    left = self.deliverNow(worker, &outcomes)
                case (.batch(let handler), _):
                    await self.run(worker, batch: handler, &outcomes, &runTimes, now: now)
                    left = self.deliverNow(worker, &outcomes)
                }
                if let left { await self.deliverLater(index, worker, left, &outcomes) }
            }
        }
        self.exit(index)
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
