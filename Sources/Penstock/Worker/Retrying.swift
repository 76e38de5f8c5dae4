//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A failed job that waits for another attempt. It counts as queued.
struct DelayedJob<Job> {
    var due: UInt64
    var job: Job
    var tag: JobTag
}

/// Jobs that are tried again.
extension PoolStateMachine {
    /// How many jobs may wait for another attempt: more have failed for good.
    static var delayedMax: Int { 1_024 }

    /// Takes a failed job out of its worker's batch for another attempt, if there may be one.
    ///
    /// - Parameter delay: How long it waits, in nanoseconds.
    mutating func retry(
        _ slot: Int,
        worker: UnsafeMutablePointer<WorkerRecord<Job>>,
        due: UInt64
    ) -> Bool {
        switch self.phase {
        case .created, .running, .closed, .draining: break
        case .revoked, .finished: return false
        }
        switch worker.pointee.phase {
        case .abandoned, .exited: return false
        case .active, .parked: break
        }
        guard let tags = worker.pointee.tags, self.delayed.count < Self.delayedMax else { return false }
        // They come back to a queue that may have filled meanwhile: the table has as many slots more.
        guard self.queued < self.limits.capacity + Self.delayedMax else { return false }
        if let handle = tags[slot].handle?.takeUnretainedValue(), handle.isCancelled { return false }
        guard self.budget?.withdraw() == true else { return false }
        _ = tags[slot].handle?.takeUnretainedValue().waitAgain()
        let job = worker.pointee.jobs[slot]
        let size = self.size(of: job)
        worker.pointee.held -= size.count
        self.queued += size.count
        self.queuedBytes += size.bytes
        self.retries += 1
        var tag = tags[slot]
        tag.attempts += 1
        self.delayed.append(DelayedJob(due: due, job: job, tag: tag))
        tags[slot].isSilent = true
        // It has left the batch, and is counted where it waits now.
        WorkerCell.count(worker.pointee.cell.expired, jobs: 1, as: 0)
        return true
    }

    /// When the next job is due; nil when none waits.
    var nextDue: UInt64? { self.delayed.lazy.map(\.due).min() }

    /// Puts the jobs that are due back into the order.
    mutating func promote(now: UInt64, effects: inout PoolEffects<Job>) {
        guard let table = self.table else { return }
        var index = 0
        while index < self.delayed.count {
            guard self.delayed[index].due <= now else {
                index += 1
                continue
            }
            var delayed = self.delayed.remove(at: index)
            delayed.tag.arrival = now
            // It waits for a worker from now on. What its discipline says of its time is asked for again.
            delayed.tag.expires = self.tag(arrival: now).expires
            table.pointee.append(delayed.job, tag: delayed.tag, size: self.size(of: delayed.job).count)
        }
        self.wakeWorker(&effects)
    }

    /// Takes a job out whose caller was cancelled while it waited for another attempt.
    mutating func cancelDelayed(_ handle: JobHandle, effects: inout PoolEffects<Job>) -> Bool {
        let index = self.delayed.firstIndex { $0.tag.handle?.toOpaque() == Unmanaged.passUnretained(handle).toOpaque() }
        guard let index else { return false }
        let delayed = self.delayed.remove(at: index)
        self.counts.cancelled += self.unqueue(delayed.job)
        effects.drop(delayed.job, delayed.tag.handle, .cancelled)
        if self.delayed.isEmpty, case .draining = self.phase { self.wakeAllWorkers(&effects) }
        return true
    }

    /// Hands back those that a drain does not wait for.
    mutating func returnDelayed(effects: inout PoolEffects<Job>) {
        for delayed in self.delayed {
            self.counts.returned += self.unqueue(delayed.job)
            self.returned.append(delayed.job)
            self.closePlace(delayed.tag.place, effects: &effects)
            effects.fail(delayed.tag.handle, .returned)
        }
        self.delayed = []
    }
}

extension PoolCore {
    /// Whether a failed job is tried again; it is then out of its worker's hands.
    @usableFromInline
    func retries(_ index: Int, _ tags: UnsafeMutablePointer<JobTag>, _ slot: Int, _ error: any Error) -> Bool {
        guard let policy = self.configuration.retry else { return false }
        let attempts = Int(tags[slot].attempts) + 1
        guard attempts < policy.attemptsMax, !Task.isCancelled, policy.isRetryable(error) else { return false }
        let now = self.time.now()
        let isKept = self.queue.withLock { state in
            let delay = policy.delay(attempt: attempts, using: &state.jitter)
            return state.retry(
                slot,
                worker: state.workers + index,
                due: now.advanced(by: .nanoseconds(Int64(clamping: delay)))
            )
        }
        if isKept { self.startRetryTimer() }
        return isKept
    }

    /// Sees to it that a timer runs for the job that is due next.
    private func startRetryTimer() {
        let timer = self.queue.withLock { state -> RetryTimer? in
            guard let due = state.nextDue, due < state.retryTimer.due else { return nil }
            state.retryTimer.due = due
            state.retryTimer.number += 1
            return state.retryTimer
        }
        guard let timer else { return }
        let task = self.tasks.start("\(self.configuration.name)/retry", on: self.configuration.timerExecutor) {
            [self] in
            try? await self.time.sleep(until: timer.due)
            if !Task.isCancelled { self.promote(timer) }
        }
        let stale = self.queue.withLock { state -> Task<Void, Never>? in
            if case .finished = state.phase { return task }
            guard state.retryTimer.number == timer.number else { return task }
            let older = state.retryTimer.task
            state.retryTimer.task = task
            return older
        }
        stale?.cancel()
    }

    private func promote(_ timer: RetryTimer) {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let isCurrent = state.pointee.retryTimer.number == timer.number
        if isCurrent {
            state.pointee.retryTimer.due = .max
            state.pointee.promote(now: now, effects: &effects)
        }
        self.queue.unlock()
        self.perform(effects)
        if isCurrent { self.startRetryTimer() }
    }
}

/// The timer of the job that is due next.
struct RetryTimer {
    var due = UInt64.max
    /// Which timer it is; an older one that fires late is ignored.
    var number = 0
    var task: Task<Void, Never>?
}
