//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Jobs that the task that offers them runs itself: under the policy ``OverflowPolicy/callerRuns``, or because they were
/// offered by another job of the pool.
extension PoolStateMachine {
    /// Begins such a job; nil when the pool takes none any more.
    mutating func beginInline(_ job: Job, now: UInt64) -> Int? {
        guard self.isAccepting else { return nil }
        let size = self.size(of: job).count
        self.counts.offered += size
        self.counts.accepted += size
        self.inlineNumber += 1
        self.inlineRuns[self.inlineNumber] = (job, now)
        return self.inlineNumber
    }

    /// Ends it. False when a drain has given it up.
    mutating func endInline(
        _ number: Int,
        _ outcome: JobOutcome,
        keeping result: Result<Output, any Error>?,
        effects: inout PoolEffects<Job>
    ) -> Bool {
        guard let (job, _) = self.inlineRuns.removeValue(forKey: number) else { return false }
        let size = self.size(of: job).count
        switch outcome {
        case .done: self.counts.done += size
        case .failed: self.counts.failed += size
        case .cancelled: self.counts.cancelled += size
        }
        if let result {
            switch self.phase {
            case .created, .running, .closed, .draining: self.inlineResults[number] = result
            case .revoked, .finished: self.undelivered.append(result)
            }
        }
        self.finishIfDone(&effects)
        return true
    }

    /// Hands its result over if there is a place.
    mutating func handOverInline(
        _ number: Int,
        to channel: Channel<Result<Output, any Error>>,
        wakeups: inout Wakeups<Result<Output, any Error>>,
        effects: inout PoolEffects<Job>
    ) -> HandOver {
        guard let result = self.inlineResults[number] else { return .copied }
        let state = channel.guarded.lock()
        let sent = withUnsafeTemporaryAllocation(of: Result<Output, any Error>.self, capacity: 1) { buffer -> Int? in
            guard let place = buffer.baseAddress else { return 0 }
            place.initialize(to: result)
            let sent = state.pointee.sendServed(moving: place, count: 1, wakeups: &wakeups)
            if sent != 1 { place.deinitialize(count: 1) }
            return sent
        }
        channel.guarded.unlock()
        if sent == 0 { return .waits }
        self.inlineResults[number] = nil
        if sent == nil { self.undelivered.append(result) }
        self.finishIfDone(&effects)
        return .done
    }

    /// Counts those that still run as abandoned.
    mutating func abandonInline() {
        for (_, run) in self.inlineRuns.sorted(by: { $0.key < $1.key }) {
            self.counts.abandoned += self.size(of: run.job).count
            self.abandoned.append((run.job, -1, run.since))
        }
        self.inlineRuns = [:]
    }

    /// Puts the results that were not handed over into the drain's report.
    mutating func giveUpInlineResults() {
        self.undelivered.append(contentsOf: self.inlineResults.sorted { $0.key < $1.key }.map(\.value))
        self.inlineResults = [:]
    }
}

/// How a job that has run has ended.
@usableFromInline
enum JobOutcome {
    case done, failed, cancelled
}

extension PoolCore {
    /// Runs a job in the task that offers it. False: the pool takes none any more, or the job was cancelled before; nothing
    /// was counted.
    @usableFromInline
    func runInline(_ job: Job, handle: JobHandle?) async -> Bool {
        let now = self.time.now()
        let number = self.queue.withLock { state -> Int? in
            guard state.isAccepting, handle?.begin() != false else { return nil }
            return state.beginInline(job, now: now)
        }
        guard let number else { return false }
        let result = await PoolNesting.$current.withValue(PoolNesting(self, time: self.time)) {
            await self.run(job, for: handle)
        }
        if handle == nil, case .sink(let sink) = self.results.kind { await sink(result) }
        if self.endInline(number, result, handle: handle) { await self.deliverInline(number) }
        return true
    }

    /// Counts such a job's outcome and tells it. True: its result is to be handed over.
    func endInline(_ number: Int, _ result: Result<Output, any Error>, handle: JobHandle?) -> Bool {
        var outcome = JobOutcome.done
        if case .failure(let error) = result { outcome = self.isCancellation(error, handle) ? .cancelled : .failed }
        var kept: Result<Output, any Error>?
        if handle == nil, case .channel = self.results.kind { kept = result }
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let isCounted = state.pointee.endInline(number, outcome, keeping: kept, effects: &effects)
        self.queue.unlock()
        self.perform(effects)
        if case .failure(let error) = result, case .failed = outcome, isCounted {
            self.configuration.observer.jobFailed(error, pool: self.configuration.name)
        }
        if let handle { self.resolve(handle, result) }
        return isCounted && kept != nil
    }

    /// Hands a result over; a drain takes it from the queue when that lasts too long.
    private func deliverInline(_ number: Int) async {
        guard case .channel(let channel) = self.results.kind else { return }
        while case .waits = self.handOverInline(number, to: channel) {
            switch await channel.waitForPlaces(1) {
            case .served, .retry: break
            case .closed: return
            case .cancelled:
                self.giveUpInline(number)
                return
            }
        }
    }

    /// Hands a result over if there is a place.
    func handOverInline(
        _ number: Int,
        to channel: Channel<Result<Output, any Error>>
    ) -> PoolStateMachine<Job, Output>.HandOver {
        var wakeups = Wakeups<Result<Output, any Error>>()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let outcome = state.pointee.handOverInline(number, to: channel, wakeups: &wakeups, effects: &effects)
        self.queue.unlock()
        wakeups.resume()
        self.perform(effects)
        return outcome
    }

    private func giveUpInline(_ number: Int) {
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        if let result = state.pointee.inlineResults.removeValue(forKey: number) {
            state.pointee.undelivered.append(result)
        }
        state.pointee.finishIfDone(&effects)
        self.queue.unlock()
        self.perform(effects)
    }
}
