//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a pool begins and ends.
extension PoolStateMachine {
    /// Lets the workers begin. False when they have begun, or must not any more.
    mutating func start() -> Bool {
        switch self.phase {
        case .created: self.phase = .running
        case .closed: self.phase = .draining
        case .running, .draining, .revoked, .finished: return false
        }
        self.hasStarted = true
        self.liveWorkers = self.limits.workers
        return true
    }

    /// Takes no jobs any more. Producers that wait wake with `closed`; staged jobs, which were accepted, are queued.
    mutating func close(effects: inout PoolEffects<Job>) {
        switch self.phase {
        case .created: self.phase = .closed
        case .running: self.phase = .draining
        case .closed, .draining, .revoked, .finished: return
        }
        // In this order: what a sender still stages in between would be in nobody's sight.
        self.reclaimRoom()
        self.collectStages()
        while let first = self.submitters.first {
            if let job = first.element { self.refuseWaiting(job) }
            self.submitters.remove(first, outcome: .closed)
            effects.submitters.append(first)
        }
        self.wakeAllWorkers(&effects)
        self.finishIfDone(&effects)
    }

    /// Brings the end of a drain nearer. Returns the clock to go by from now on, or nil when it stays as it was.
    mutating func advanceDrain(deadline: UInt64, end: UInt64) -> DrainClock? {
        guard let drain = self.drain else {
            self.drain = DrainClock(deadline: deadline, end: end, generation: 1)
            return self.drain
        }
        guard deadline < drain.deadline || end < drain.end else { return nil }
        self.drain = DrainClock(
            deadline: min(deadline, drain.deadline),
            end: min(end, drain.end),
            generation: drain.generation + 1
        )
        return self.drain
    }

    /// Takes back every job that has not begun, those in workers' batches first: they are the oldest.
    mutating func revoke(effects: inout PoolEffects<Job>) {
        switch self.phase {
        case .created, .running, .closed, .draining: break
        case .revoked, .finished: return
        }
        self.close(effects: &effects)
        if case .finished = self.phase { return }
        self.phase = .revoked
        for index in 0..<self.limits.workers {
            let worker = self.workers + index
            worker.pointee.cell.end()
            guard self.stealable(worker) > 0 else { continue }
            let slots = worker.pointee.cell.takeBack(half: false)
            let count = self.takeBack(worker.pointee.jobs, slots)
            worker.pointee.initialized = slots.lowerBound
            worker.pointee.held -= count
        }
        while !self.jobs.isEmpty {
            let job = self.jobs.removeFirst()
            let size = self.size(of: job)
            self.queued -= size.count
            self.queuedBytes -= size.bytes
            self.counts.returned += size.count
            self.returned.append(job)
        }
        self.arrivals.removeAll()
        for index in self.heldResults.indices { self.giveUpResults(worker: index) }
        self.finishIfDone(&effects)
    }

    /// Gives up on every job that still runs.
    ///
    /// A worker that hands results over at this moment is left to do so: no code of a user's holds it. What any other
    /// has, ended jobs and their results, is taken from it, even if no thread is free to end its loop.
    mutating func abandon(effects: inout PoolEffects<Job>) {
        switch self.phase {
        case .revoked: break
        case .created, .running, .closed, .draining, .finished: return
        }
        for index in 0..<self.limits.workers {
            let worker = self.workers + index
            switch worker.pointee.phase {
            case .active, .parked: break
            case .exited, .abandoned: continue
            }
            let cell = worker.pointee.cell
            if cell.isDelivering { continue }
            let begun = worker.pointee.taken > 0 ? cell.progress.claimed : 0
            let ended = self.countEnds(worker)
            for slot in ended..<max(ended, begun) {
                let job = worker.pointee.jobs[slot]
                self.counts.abandoned += self.size(of: job).count
                self.abandoned.append((job, index, worker.pointee.takenAt))
            }
            if cell.hasResults, let results = self.resultBuffers[index] {
                self.undelivered.append(contentsOf: UnsafeBufferPointer(start: results, count: ended))
            }
            worker.pointee.held = 0
            worker.pointee.phase = .abandoned
            self.liveWorkers -= 1
        }
        self.finishIfDone(&effects)
    }

    /// The ledger now. Stages are read one after another: each is balanced by itself.
    func ledger() -> Ledger {
        var ledger = self.counts
        ledger.queued = self.queued
        for stage in self.stages {
            let staged = stage.staged
            ledger.offered += staged.upperBound
            ledger.accepted += staged.count
            ledger.queued += staged.count
        }
        for index in 0..<self.limits.workers { ledger.inFlight += (self.workers + index).pointee.held }
        return ledger
    }

    /// When the oldest job that waits for a worker came.
    func oldestArrival() -> UInt64? {
        let staged = self.stages.compactMap { $0.staged.isEmpty ? nil : $0.arrival }
        return ((self.arrivals.isEmpty ? [] : [self.arrivals.first]) + staged).min()
    }

    /// How many jobs wait although a worker is parked and none is on its way: always 0, or a wake-up was lost.
    func strandedJobs() -> Int {
        guard !self.parked.isEmpty, self.waking == 0 else { return 0 }
        let staged = self.stages.reduce(0) { $0 + $1.staged.count }
        return self.queued + staged + (0..<self.limits.workers).reduce(0) { $0 + self.stealable(self.workers + $1) }
    }

    @usableFromInline
    mutating func finishIfDone(_ effects: inout PoolEffects<Job>) {
        guard self.liveWorkers == 0 else { return }
        switch self.phase {
        case .created, .running, .finished: return
        case .closed where !self.jobs.isEmpty: return
        case .closed, .draining, .revoked: break
        }
        self.phase = .finished
        effects.hasFinished = true
    }

    // MARK: - Private

    private mutating func wakeAllWorkers(_ effects: inout PoolEffects<Job>) {
        effects.others = self.parked.compactMap { index in
            let worker = self.workers + index
            worker.pointee.phase = .active
            defer { worker.pointee.continuation = nil }
            return worker.pointee.continuation
        }
        self.parked = []
        self.updateHungry()
    }

    private mutating func takeBack(_ jobs: UnsafeMutablePointer<Job>, _ slots: Range<Int>) -> Int {
        var count = 0
        for slot in slots {
            let job = (jobs + slot).move()
            count += self.size(of: job).count
            self.returned.append(job)
        }
        self.counts.returned += count
        return count
    }
}
