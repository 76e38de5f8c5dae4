//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a worker runs the jobs of its batch, and how each of them ends.
extension PoolCore {
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
}
