//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Results that leave in the order in which their jobs were accepted.
extension PoolCore {
    /// Ends a job that has a place in the order, and hands over the results whose turn has come.
    @usableFromInline
    func endInOrder(
        _ worker: WorkerBatch<Job>,
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slot: Int,
        _ result: Result<Output, any Error>
    ) {
        var counter = worker.cell.done
        var failure: (any Error)?
        if case .failure(let error) = result {
            failure = self.isCancellation(error) ? nil : error
            counter = failure == nil ? worker.cell.cancelled : worker.cell.failed
        }
        let size = self.size(of: worker.jobs + slot)
        var wakeups = Wakeups<Result<Output, any Error>>()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        // With its place, because a drain that gives up looks at both.
        WorkerCell.count(counter, jobs: 1, as: size)
        self.settle(tags, slot, result, &state.pointee)
        self.handOverInOrder(&state.pointee, &wakeups, &effects)
        self.queue.unlock()
        wakeups.resume()
        self.perform(effects)
        if let failure { self.configuration.observer.jobFailed(failure, pool: self.configuration.name) }
    }

    /// Puts a result in its job's place; under the queue's lock.
    func settle(
        _ tags: UnsafeMutablePointer<JobTag>,
        _ slot: Int,
        _ result: Result<Output, any Error>,
        _ state: inout PoolStateMachine<Job, Output>
    ) {
        tags[slot].isSilent = true
        state.order?.settle(tags[slot].place, result)
    }

    /// Hands over what can be; under the queue's lock.
    func handOverInOrder(
        _ state: inout PoolStateMachine<Job, Output>,
        _ wakeups: inout Wakeups<Result<Output, any Error>>,
        _ effects: inout PoolEffects<Job>
    ) {
        guard self.limits.resultPlaces != nil, case .channel(let channel) = self.results.kind else { return }
        state.handOverInOrder(to: channel, wakeups: &wakeups, effects: &effects)
    }

    /// Closes the place of a job that a worker has taken, and that has ended without a result.
    func closePlace(_ place: Int32) {
        guard place >= 0 else { return }
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        state.pointee.closePlace(place, effects: &effects)
        self.queue.unlock()
        self.perform(effects)
    }

    /// Hands over, until the pool has finished, what the channel had no place for when its turn came.
    func handOverResults() async {
        guard case .channel(let channel) = self.results.kind else { return }
        while true {
            await withTaskContinuation { (continuation: TaskContinuation<Void>) in
                if !self.queue.withLock({ $0.waitForResults(continuation) }) { continuation.resume() }
            }
            let count = self.queue.withLock { state -> Int? in
                if case .finished = state.phase { return nil }
                return state.order?.count
            }
            guard let count else { return }
            if count > 0 { _ = await channel.waitForPlaces(count) }
            var wakeups = Wakeups<Result<Output, any Error>>()
            var effects = PoolEffects<Job>()
            let state = self.queue.lock()
            self.handOverInOrder(&state.pointee, &wakeups, &effects)
            self.queue.unlock()
            wakeups.resume()
            self.perform(effects)
        }
    }
}
