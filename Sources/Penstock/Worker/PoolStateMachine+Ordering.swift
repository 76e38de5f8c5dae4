//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A pool whose results leave in the order in which their jobs were accepted.
extension PoolStateMachine {
    /// Gives each job of a batch that has a result for the pool's results, and no place yet, the next one.
    @usableFromInline
    mutating func takePlaces(_ tags: UnsafeMutablePointer<JobTag>, _ count: Int) {
        for index in 0..<count where tags[index].needsPlace { tags[index].place = self.order?.take() ?? -1 }
        self.updateRoom()
    }

    /// Closes the place of a job that has ended without a result, if it had one.
    @usableFromInline
    mutating func closePlace(_ place: Int32, effects: inout PoolEffects<Job>) {
        guard place >= 0 else { return }
        self.order?.settle(place, nil)
        self.placesHaveChanged(&effects)
    }

    /// Hands over what results there are places for whose turn has come.
    ///
    /// The channel's lock is taken inside the queue's: results stay in order, and each is in one place that a drain can see.
    mutating func handOverInOrder(
        to channel: Channel<Result<Output, any Error>>,
        wakeups: inout Wakeups<Result<Output, any Error>>,
        effects: inout PoolEffects<Job>
    ) {
        let state = channel.guarded.lock()
        while let result = self.order?.ready {
            let sent = withUnsafeTemporaryAllocation(of: Result<Output, any Error>.self, capacity: 1) {
                buffer -> Int? in
                guard let place = buffer.baseAddress else { return 0 }
                place.initialize(to: result)
                let sent = state.pointee.sendServed(moving: place, count: 1, wakeups: &wakeups)
                if sent != 1 { place.deinitialize(count: 1) }
                return sent
            }
            if sent == 0 { break }
            // Somebody has finished the channel: nobody will take it.
            if sent == nil { self.undelivered.append(result) }
            self.order?.removeFirst()
        }
        channel.guarded.unlock()
        self.placesHaveChanged(&effects)
        self.finishIfDone(&effects)
    }

    /// Lets the one wait who hands over what the channel had no place for; false when there is something to do.
    mutating func waitForResults(_ continuation: TaskContinuation<Void>) -> Bool {
        switch self.phase {
        case .created, .running, .closed, .draining, .revoked: break
        case .finished: return false
        }
        guard self.order?.ready == nil else { return false }
        self.order?.waiter = continuation
        return true
    }

    /// Whether jobs may wait for a place for their result: the workers are needed when there is one.
    var isHeldByOrder: Bool {
        guard let table = self.table, self.order != nil else { return false }
        return table.pointee.count > 0
    }

    /// Wakes the one who hands over, if there is something for it.
    mutating func wakeForResults(_ effects: inout PoolEffects<Job>) {
        guard let waiter = self.order?.waiter else { return }
        self.order?.waiter = nil
        effects.wake(waiter)
    }

    // MARK: - Private

    private mutating func placesHaveChanged(_ effects: inout PoolEffects<Job>) {
        self.updateRoom()
        self.wakeWorker(&effects)
        if self.order?.ready != nil { self.wakeForResults(&effects) }
    }

    private func updateRoom() {
        if let order = self.order { self.fifo?.room = order.room }
    }
}
