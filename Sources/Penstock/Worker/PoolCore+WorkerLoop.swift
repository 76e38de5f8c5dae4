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

    // MARK: - Running

    /// Runs a batch with a synchronous handler.
    @inlinable
    func run(
        _ worker: WorkerBatch<Job>,
        _ handler: (UnsafePointer<Job>) throws -> Output,
        _ outcomes: inout BatchOutcomes<Output>,
        _ runTimes: inout RunTimes
    ) {
        let cell = worker.cell
        let jobs = worker.jobs
        outcomes.begin(self.limits.batchMax)
        runTimes.forget()
        while let slot = cell.claim() {
            runTimes.beginJob(slot, self.time)
            do {
                let output = try handler(jobs + slot)
                self.end(jobs + slot, cell, output, &outcomes)
            } catch {
                self.end(jobs + slot, cell, failure: error, &outcomes)
            }
            runTimes.endJob(slot, self.time)
        }
        runTimes.end(self.time)
    }

    /// Runs a batch with an asynchronous handler, or with a sink that each job ends with.
    @inlinable
    func run(
        _ worker: WorkerBatch<Job>,
        _ handler: (Job) async throws -> Output,
        _ outcomes: inout BatchOutcomes<Output>,
        _ runTimes: inout RunTimes
    ) async {
        let cell = worker.cell
        let jobs = worker.jobs
        outcomes.begin(self.limits.batchMax)
        runTimes.forget()
        while let slot = cell.claim() {
            runTimes.beginJob(slot, self.time)
            do {
                let output = try await handler(jobs[slot])
                if case .sink(let sink) = self.results.kind {
                    await self.give(.success(output), to: sink, worker.waits)
                }
                self.end(jobs + slot, cell, output, &outcomes)
            } catch {
                if case .sink(let sink) = self.results.kind {
                    await self.give(.failure(error), to: sink, worker.waits)
                }
                self.end(jobs + slot, cell, failure: error, &outcomes)
            }
            runTimes.endJob(slot, self.time)
        }
        runTimes.end(self.time)
    }

    /// Runs a batch whose jobs have more to them than to be run.
    @inlinable
    @inline(never)
    func runTagged(
        _ index: Int,
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ outcomes: inout BatchOutcomes<Output>,
        _ runTimes: inout RunTimes,
        now: UInt64
    ) async {
        switch self.handler {
        case .job(let handler) where worker.mayOnlyExpire && !self.results.isSink:
            self.runExpiring(worker, tags, handler, &outcomes, &runTimes)
        case .job, .asyncJob:
            await self.runJobs(index, worker, tags, &outcomes, &runTimes)
        case .batch(let handler):
            await self.run(worker, batch: handler, &outcomes, &runTimes, now: now)
        }
    }

    /// Runs a batch with a handler of whole batches, which begins whole.
    @inlinable
    func run(
        _ worker: WorkerBatch<Job>,
        batch handler: (borrowing Span<Job>, inout BatchOutcomes<Output>) async throws -> Void,
        _ outcomes: inout BatchOutcomes<Output>,
        _ runTimes: inout RunTimes,
        now: UInt64
    ) async {
        let cell = worker.cell
        let claimed = cell.claimAll()
        runTimes.forget()
        let first = claimed > 0 ? worker.tags.map { self.endUnbegun(worker, $0, claimed) } ?? 0 : 0
        let count = claimed - first
        guard count > 0 else { return outcomes.removeAll() }
        outcomes.begin(count)
        do {
            let jobs = UnsafeBufferPointer(start: worker.jobs + first, count: count)
            try await handler(jobs.span, &outcomes)
            while outcomes.count < count { outcomes.append(failure: PenstockError.missingOutcome()) }
        } catch {
            outcomes.removeAll()
            for _ in 0..<count { outcomes.append(failure: error) }
        }
        if runTimes.measures { runTimes.set((self.time.now() &- now) / UInt64(count), jobs: count) }
        if let tags = worker.tags {
            await self.endBatch(worker, tags, first..<claimed, &outcomes)
        } else {
            await self.endBatch(worker, count, &outcomes)
        }
    }

    @usableFromInline
    func endBatch(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slots: Range<Int>,
        _ outcomes: inout BatchOutcomes<Output>
    ) async {
        if case .sink(let sink) = self.results.kind {
            for slot in slots where tags[slot].handle == nil {
                await self.give(outcomes.results[slot - slots.lowerBound], to: sink, worker.waits)
            }
        }
        self.endTagged(worker, tags, slots, &outcomes)
    }

    @inlinable
    func endBatch(
        _ worker: WorkerBatch<Job>,
        _ count: Int,
        _ outcomes: inout BatchOutcomes<Output>
    ) async {
        let cell = worker.cell
        if case .sink(let sink) = self.results.kind {
            for index in 0..<count { await self.give(outcomes.results[index], to: sink, worker.waits) }
        }
        if outcomes.failures == 0 {
            let size = self.size == nil ? count : self.sizes(worker, 0..<count)
            WorkerCell.count(cell.done, jobs: count, as: size)
            return
        }
        for index in 0..<count {
            let size = self.size(of: worker.jobs + index)
            switch outcomes.results[index] {
            case .success: WorkerCell.count(cell.done, jobs: 1, as: size)
            case .failure(let error): self.countFailure(error, cell, size)
            }
        }
    }

    // MARK: - Ending

    @inlinable
    @inline(__always)
    func end(
        _ job: UnsafeMutablePointer<Job>,
        _ cell: WorkerCell,
        _ output: Output,
        _ outcomes: inout BatchOutcomes<Output>
    ) {
        if case .channel = self.results.kind { outcomes.append(output) }
        WorkerCell.count(cell.done, jobs: 1, as: self.size(of: job))
    }

    @inlinable
    func end(
        _ job: UnsafeMutablePointer<Job>,
        _ cell: WorkerCell,
        failure error: any Error,
        _ outcomes: inout BatchOutcomes<Output>
    ) {
        if case .channel = self.results.kind { outcomes.append(failure: error) }
        self.countFailure(error, cell, self.size(of: job))
    }

    /// Whether an error says that a job has obeyed its cancellation.
    @usableFromInline
    func isCancellation(_ error: any Error, _ handle: JobHandle? = nil) -> Bool {
        guard error is CancellationError else { return false }
        if Task.isCancelled { return true }
        guard let handle else { return false }
        return self.queue.withLock { _ in handle.isCancelled }
    }

    @usableFromInline
    func countFailure(_ error: any Error, _ cell: WorkerCell, _ size: Int) {
        if self.isCancellation(error) {
            WorkerCell.count(cell.cancelled, jobs: 1, as: size)
        } else {
            WorkerCell.count(cell.failed, jobs: 1, as: size)
            self.configuration.observer.jobFailed(error, pool: self.configuration.name)
        }
    }

    @inlinable
    @inline(__always)
    func size(of job: UnsafeMutablePointer<Job>) -> Int {
        if let size = self.size { return size(job.pointee).count }
        return 1
    }

    @usableFromInline
    func sizes(_ worker: WorkerBatch<Job>, _ slots: Range<Int>) -> Int {
        slots.reduce(0) { $0 + self.size(of: worker.jobs + $1) }
    }

    // MARK: - Handing over

    /// Gives a result to the sink's closure, and counts the time as waiting for it.
    @inlinable
    func give(
        _ result: Result<Output, any Error>,
        to sink: @Sendable (Result<Output, any Error>) async -> Void,
        _ waits: Unmanaged<DownstreamWaits>
    ) async {
        waits.takeUnretainedValue().begin(at: self.time.now())
        await sink(result)
        waits.takeUnretainedValue().end(at: self.time.now())
    }

    /// Hands a batch's results over if the channel has places for all; else the slots of those that are left.
    @inlinable
    func deliverNow(
        _ worker: WorkerBatch<Job>,
        _ outcomes: inout BatchOutcomes<Output>
    ) -> Range<Int>? {
        guard case .channel(let channel) = self.results.kind else {
            outcomes.removeAll()
            return nil
        }
        let count = outcomes.count
        guard count > 0 else { return nil }
        let cell = worker.cell
        guard cell.beginDelivery() else { return 0..<count }
        let sent = channel.trySend(from: outcomes.results, count: count, moves: true) ?? 0
        guard sent == count else { return sent..<count }
        outcomes.forget()
        cell.endDelivery()
        return nil
    }

    /// Hands the rest over as places become free. Meanwhile the queue knows of it: a drain takes it from there.
    @inlinable
    func deliverLater(
        _ index: Int,
        _ worker: WorkerBatch<Job>,
        _ slots: Range<Int>,
        _ outcomes: inout BatchOutcomes<Output>
    ) async {
        guard case .channel(let channel) = self.results.kind else { return }
        var wakeups = Wakeups<Result<Output, any Error>>()
        let state = self.queue.lock()
        var outcome = state.pointee.hold(slots, for: channel, worker: index, wakeups: &wakeups)
        self.queue.unlock()
        wakeups.resume()
        if case .waits = outcome {
            worker.waits.takeUnretainedValue().begin(at: self.time.now())
            while case .waits = outcome {
                outcome = await self.deliverMore(index, to: channel)
            }
            worker.waits.takeUnretainedValue().end(at: self.time.now())
        }
        switch outcome {
        case .done, .waits: outcomes.forget()
        case .copied: outcomes.removeAll()
        }
    }

    @inlinable
    func deliverMore(
        _ index: Int,
        to channel: Channel<Result<Output, any Error>>
    ) async -> PoolStateMachine<Job, Output>.HandOver {
        let wait = await channel.waitForPlaces(self.queue.withLock { $0.heldResults[index].count })
        var wakeups = Wakeups<Result<Output, any Error>>()
        let state = self.queue.lock()
        let outcome: PoolStateMachine<Job, Output>.HandOver
        switch wait {
        case .served, .retry:
            outcome = state.pointee.handOver(to: channel, worker: index, wakeups: &wakeups)
        case .closed, .cancelled:
            state.pointee.giveUpResults(worker: index)
            outcome = .done
        }
        self.queue.unlock()
        wakeups.resume()
        return outcome
    }
}
