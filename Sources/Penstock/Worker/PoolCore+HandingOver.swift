//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How results go from a worker to whoever takes them.
extension PoolCore {
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
        guard let queue = self.resultQueue else {
            outcomes.removeAll()
            return nil
        }
        let count = outcomes.count
        guard count > 0 else { return nil }
        let cell = worker.cell
        guard cell.beginDelivery() else { return 0..<count }
        let sent = queue.trySend(from: outcomes.results, count: count, moves: true) ?? 0
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
