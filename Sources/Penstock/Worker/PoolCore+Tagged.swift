//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Batches whose jobs have more to them than to be run: somebody waits for them, or they may have expired.
extension PoolCore {
    /// Runs a batch, one job after another.
    @inlinable
    func runJobs(
        _ index: Int,
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ outcomes: inout BatchOutcomes<Output>,
        _ runTimes: inout RunTimes
    ) async {
        outcomes.begin(self.limits.batchMax)
        runTimes.forget()
        while let slot = worker.cell.claim() {
            runTimes.beginJob(slot, self.time)
            if self.begins(worker, tags, slot) {
                let result = await self.runTagged(worker.jobs[slot], tags[slot])
                if case .failure(let error) = result, self.retries(index, tags, slot, error) {
                    // It waits for another attempt.
                } else {
                    await self.endTagged(worker, tags, slot, result, &outcomes)
                }
            }
            runTimes.endJob(slot, self.time)
        }
        runTimes.end(self.time)
    }

    /// Runs a batch with a synchronous handler; jobs whose time has passed do not begin.
    @inlinable
    func runExpiring(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ handler: (UnsafePointer<Job>) throws -> Output,
        _ outcomes: inout BatchOutcomes<Output>,
        _ runTimes: inout RunTimes
    ) {
        outcomes.begin(self.limits.batchMax)
        runTimes.forget()
        while let slot = worker.cell.claim() {
            runTimes.beginJob(slot, self.time)
            if self.time.hasPassed(tags[slot].expires) {
                self.endUnbegun(worker, tags, slot, .expired)
            } else {
                do {
                    let output = try handler(worker.jobs + slot)
                    self.end(worker.jobs + slot, worker.cell, output, &outcomes)
                } catch {
                    self.end(worker.jobs + slot, worker.cell, failure: error, &outcomes)
                }
            }
            runTimes.endJob(slot, self.time)
        }
        runTimes.end(self.time)
    }

    @inlinable
    func runTagged(_ job: Job, _ tag: JobTag) async -> Result<Output, any Error> {
        if let timeout = self.configuration.jobTimeout { return await self.runTimed(job, tag, timeout) }
        return await self.run(job, for: tag.handle?.takeUnretainedValue())
    }

    /// Runs a job that is cancelled when its time is over.
    @usableFromInline
    func runTimed(_ job: Job, _ tag: JobTag, _ timeout: Duration) async -> Result<Output, any Error> {
        let handle = tag.handle?.takeUnretainedValue()
        let (result, hasTimedOut) = await withTimeout(timeout, time: self.time) {
            await self.run(job, for: handle)
        }
        if hasTimedOut, case .failure = result {
            return .failure(PenstockError.slowJob(self.configuration.name, timeout))
        }
        return result
    }

    /// Whether the job in a slot may begin; else it is counted, and told, as what it ends as.
    @usableFromInline
    func begins(_ worker: WorkerBatch<Job>, _ tags: UnsafeMutablePointer<JobTag>, _ slot: Int) -> Bool {
        let tag = tags[slot]
        // First, because a caller that was cancelled has been told so.
        if let handle = tag.handle, !self.queue.withLock({ _ in handle.takeUnretainedValue().begin() }) {
            self.endUnbegun(worker, tags, slot, .cancelled)
            return false
        }
        if self.time.hasPassed(tag.expires) {
            self.endUnbegun(worker, tags, slot, .expired)
            return false
        }
        return true
    }

    /// Ends a job that a worker has taken, and that must not begin.
    @usableFromInline
    func endUnbegun(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slot: Int,
        _ reason: DropReason
    ) {
        let isCounted = self.queue.withLock { self.countUnbegun($0, worker, tags, slot, reason) }
        self.tellUnbegun(worker, tags, slot, reason, isCounted: isCounted)
    }

    /// Counts such a job under the lock, because a drain that gives up looks at the batch.
    ///
    /// - Returns: Whether it was; if not, the job is among those that were abandoned.
    private func countUnbegun(
        _ state: borrowing PoolStateMachine<Job, Output>,
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slot: Int,
        _ reason: DropReason
    ) -> Bool {
        guard !state.isAbandoned(worker.cell) else { return false }
        let size = self.size(of: worker.jobs + slot)
        tags[slot].isSilent = true
        switch reason.kind {
        case .expired: WorkerCell.count(worker.cell.expired, jobs: 1, as: size)
        case .cancelled, .newest, .oldest, .lowest, .overload:
            WorkerCell.count(worker.cell.cancelled, jobs: 1, as: size)
        }
        return true
    }

    private func tellUnbegun(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slot: Int,
        _ reason: DropReason,
        isCounted: Bool
    ) {
        self.closePlace(tags[slot].place)
        let handle = tags[slot].handle
        // Who waits for an abandoned job has been told.
        guard isCounted else { return handle?.release() ?? () }
        self.tell(DroppedJob(job: worker.jobs[slot], handle: handle, reason: reason))
    }

    /// Ends a job that has run.
    @inlinable
    func endTagged(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slot: Int,
        _ result: Result<Output, any Error>,
        _ outcomes: inout BatchOutcomes<Output>
    ) async {
        if let handle = tags[slot].handle {
            tags[slot].isSilent = true
            self.count(result, handle.takeUnretainedValue(), worker.cell, self.size(of: worker.jobs + slot))
            self.resolve(handle.takeUnretainedValue(), result)
            handle.release()
            return
        }
        if tags[slot].place >= 0 { return self.endInOrder(worker, tags, slot, result) }
        if case .sink(let sink) = self.results.kind { await self.give(result, to: sink, worker.waits) }
        switch result {
        case .success(let output): self.end(worker.jobs + slot, worker.cell, output, &outcomes)
        case .failure(let error): self.end(worker.jobs + slot, worker.cell, failure: error, &outcomes)
        }
    }

    @usableFromInline
    func count(_ result: Result<Output, any Error>, _ handle: JobHandle, _ cell: WorkerCell, _ size: Int) {
        switch result {
        case .success: WorkerCell.count(cell.done, jobs: 1, as: size)
        case .failure(let error) where self.isCancellation(error, handle):
            WorkerCell.count(cell.cancelled, jobs: 1, as: size)
        case .failure(let error): self.countFailure(error, cell, size)
        }
    }

    // MARK: - Whole batches

    /// Sorts a claimed batch: jobs that must not begin come first, and have ended.
    ///
    /// - Returns: How many those are.
    @usableFromInline
    func endUnbegun(_ worker: WorkerBatch<Job>, _ tags: UnsafeMutablePointer<JobTag>, _ count: Int) -> Int {
        let now = self.time.now()
        // Under the lock, because a drain that gives up looks at the batch.
        let (reasons, isCounted) = self.queue.withLock { state in
            let reasons = self.sortUnbegun(worker, tags, count, now: now)
            var isCounted = true
            for (slot, reason) in reasons.enumerated() {
                isCounted = self.countUnbegun(state, worker, tags, slot, reason)
            }
            return (reasons, isCounted)
        }
        for (slot, reason) in reasons.enumerated() {
            self.tellUnbegun(worker, tags, slot, reason, isCounted: isCounted)
        }
        return reasons.count
    }

    /// Moves the jobs that must not begin to the front, and says for each of them why.
    private func sortUnbegun(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ count: Int,
        now: UInt64
    ) -> [DropReason] {
        var reasons = (0..<count).map { slot -> DropReason? in
            // First, because a caller that was cancelled has been told so.
            if tags[slot].handle?.takeUnretainedValue().begin() == false { return .cancelled }
            return tags[slot].expires <= now ? .expired : nil
        }
        // From the back, so that those that begin keep their order and each job is moved once at most.
        var place = count
        for slot in (0..<count).reversed() where reasons[slot] == nil {
            place -= 1
            guard place != slot else { continue }
            swap(&worker.jobs[place], &worker.jobs[slot])
            swap(&tags[place], &tags[slot])
            reasons.swapAt(place, slot)
        }
        return reasons[..<place].compactMap { $0 }
    }

    /// Counts the outcomes of a batch and hands those over for which somebody waits; the others stay, in order.
    @usableFromInline
    func endTagged(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slots: Range<Int>,
        _ outcomes: inout BatchOutcomes<Output>
    ) {
        var called: [(Unmanaged<JobHandle>, Result<Output, any Error>)] = []
        var failures: [any Error] = []
        let results = outcomes.results
        var left = 0
        var wakeups = Wakeups<Result<Output, any Error>>()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        for slot in slots {
            let result = (results + slot - slots.lowerBound).move()
            let size = self.size(of: worker.jobs + slot)
            switch result {
            case .success: WorkerCell.count(worker.cell.done, jobs: 1, as: size)
            case .failure(let error) where self.isCancellation(error):
                WorkerCell.count(worker.cell.cancelled, jobs: 1, as: size)
            case .failure(let error):
                WorkerCell.count(worker.cell.failed, jobs: 1, as: size)
                failures.append(error)
            }
            if let handle = tags[slot].handle {
                called.append((handle, result))
            } else if tags[slot].place >= 0 {
                self.settle(tags, slot, result, &state.pointee)
            } else {
                (results + left).initialize(to: result)
                left += 1
            }
        }
        outcomes.given = left
        self.handOverInOrder(&state.pointee, &wakeups, &effects)
        self.queue.unlock()
        wakeups.resume()
        self.perform(effects)
        for error in failures { self.configuration.observer.jobFailed(error, pool: self.configuration.name) }
        for (handle, result) in called {
            self.resolve(handle.takeUnretainedValue(), result)
            handle.release()
        }
    }
}
