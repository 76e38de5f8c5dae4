//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How workers hand results over that do not fit into the results channel at once.
///
/// They stay in their worker's buffer, which it does not touch meanwhile: a drain can take them from there.
extension PoolStateMachine {
    /// What became of results that a worker holds.
    @usableFromInline
    enum HandOver {
        /// None is left in the worker's buffer.
        case done
        /// Some are left, for which there is no place yet.
        case waits
        /// The drain did not wait for the worker, and has copied them.
        case copied
    }

    /// Hands over what there are places for, and keeps the rest.
    @inlinable
    mutating func hold(
        _ slots: Range<Int>,
        for channel: Channel<Result<Output, any Error>>,
        worker index: Int,
        wakeups: inout Wakeups<Result<Output, any Error>>
    ) -> HandOver {
        let worker = self.workers + index
        switch worker.pointee.phase {
        case .abandoned, .exited: return .copied
        case .active, .parked: break
        }
        self.heldResults[index] = slots
        worker.pointee.cell.endDelivery()
        let outcome = self.handOver(to: channel, worker: index, wakeups: &wakeups)
        switch self.phase {
        case .created, .running, .closed, .draining: return outcome
        case .revoked, .finished:
            self.giveUpResults(worker: index)
            return .done
        }
    }

    /// Hands over what of a worker's results there are places for.
    ///
    /// The channel's lock is taken inside the queue's: a result is always in one place that a drain can see.
    @inlinable
    mutating func handOver(
        to channel: Channel<Result<Output, any Error>>,
        worker index: Int,
        wakeups: inout Wakeups<Result<Output, any Error>>
    ) -> HandOver {
        let slots = self.heldResults[index]
        guard !slots.isEmpty, let buffer = self.resultBuffers[index] else { return .done }
        let state = channel.guarded.lock()
        let sent = state.pointee.sendServed(moving: buffer + slots.lowerBound, count: slots.count, wakeups: &wakeups)
        channel.guarded.unlock()
        guard let sent else {
            self.giveUpResults(worker: index)
            return .done
        }
        self.heldResults[index] = (slots.lowerBound + sent)..<slots.upperBound
        return sent == slots.count ? .done : .waits
    }

    /// Puts what a worker could not hand over into the drain's report: nobody will take it.
    @usableFromInline
    mutating func giveUpResults(worker index: Int) {
        guard let buffer = self.resultBuffers[index] else { return }
        for slot in self.heldResults[index] { self.undelivered.append((buffer + slot).move()) }
        self.heldResults[index] = 0..<0
    }
}
