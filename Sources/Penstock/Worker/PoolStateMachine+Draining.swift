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
        for index in 0..<self.limits.workers {
            self.workers[index].phase = .active
            self.workers[index].hasLeft = false
        }
        return true
    }

    /// Takes no jobs any more. Producers that wait wake with `closed`; staged jobs, which were accepted, are queued.
    mutating func close(now: UInt64, effects: inout PoolEffects<Job>) {
        self.isPaused = false
        switch self.phase {
        case .created: self.phase = .closed
        case .running: self.phase = .draining
        case .closed, .draining, .revoked, .finished: return
        }
        // In this order: what a sender still stages in between would be in nobody's sight.
        self.reclaimRoom()
        self.collectStages()
        while let first = self.submitters.first {
            if let job = first.element { self.refuseWaiting(job, as: .closed) }
            self.submitters.remove(first, outcome: .closed)
            effects.submitters.append(first)
            self.endHold(now: now)
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
    mutating func revoke(now: UInt64, effects: inout PoolEffects<Job>) {
        switch self.phase {
        case .created, .running, .closed, .draining: break
        case .revoked, .finished: return
        }
        self.close(now: now, effects: &effects)
        if case .finished = self.phase { return }
        self.phase = .revoked
        for index in 0..<self.workerSlots {
            let worker = self.workers + index
            worker.pointee.cell.end()
            guard self.hasUnbegun(worker) else { continue }
            let slots = worker.pointee.cell.takeBack(half: false)
            if worker.pointee.isTagged, let tags = worker.pointee.tags {
                for slot in slots {
                    effects.fail(tags[slot].handle, .returned)
                    self.closePlace(tags[slot].place, effects: &effects)
                }
            }
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
        self.returnTagged(effects: &effects)
        self.returnDelayed(effects: &effects)
        self.giveUpInlineResults()
        self.wakeAllWorkers(&effects)
        for index in self.heldResults.indices { self.giveUpResults(worker: index) }
        self.finishIfDone(&effects)
    }

    /// Gives up on every job that still runs.
    ///
    /// A worker that hands results over at this moment is left to do so: no code of a user's holds it. What any other
    /// has, ended jobs and their results, is taken from it, even if no thread is free to end its loop.
    mutating func abandon(now: UInt64, effects: inout PoolEffects<Job>) {
        switch self.phase {
        case .revoked: break
        case .created, .running, .closed, .draining, .finished: return
        }
        for index in 0..<self.workerSlots {
            let worker = self.workers + index
            switch worker.pointee.phase {
            case .active, .parked: break
            case .exited, .abandoned: continue
            }
            let cell = worker.pointee.cell
            if cell.isDelivering { continue }
            let begun = worker.pointee.taken > 0 ? cell.progress.claimed : 0
            let ended = self.countEnds(worker)
            // Of a tag nothing is read here that its worker may be writing: its marks.
            for slot in ended..<max(ended, begun) {
                let job = worker.pointee.jobs[slot]
                self.counts.abandoned += self.size(of: job).count
                self.abandoned.append((job, index, worker.pointee.takenAt))
                if worker.pointee.needsCare, let tags = worker.pointee.tags {
                    effects.fail(tags[slot].handle?.retain(), .abandoned)
                    self.closePlace(tags[slot].place, effects: &effects)
                }
            }
            if cell.hasResults, let buffer = self.resultBuffers[index] {
                self.undelivered.append(
                    contentsOf: UnsafeBufferPointer(start: buffer, count: self.resultCount(worker, ended))
                )
            }
            worker.pointee.held = 0
            self.countTime(of: worker, until: now)
            worker.pointee.phase = .abandoned
            self.liveWorkers -= 1
        }
        self.abandonInline()
        self.finishIfDone(&effects)
    }

    /// Whether a drain has given up on what a worker has.
    func isAbandoned(_ cell: WorkerCell) -> Bool {
        for index in 0..<self.workerSlots where self.workers[index].cell.claims == cell.claims {
            switch self.workers[index].phase {
            case .abandoned: return true
            case .active, .parked, .exited: return false
            }
        }
        return false
    }

    /// Whether a drain has taken the unstarted jobs back, and cancelled those that run.
    var hasRevoked: Bool {
        switch self.phase {
        case .revoked, .finished: true
        case .created, .closed, .running, .draining: false
        }
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
        for index in 0..<self.workerSlots { ledger.inFlight += (self.workers + index).pointee.held }
        for (_, run) in self.inlineRuns { ledger.inFlight += self.size(of: run.job).count }
        return ledger
    }

    /// When the oldest job that waits for a worker came.
    func oldestArrival() -> UInt64? {
        let staged = self.stages.compactMap { $0.staged.isEmpty ? nil : $0.arrival }
        let queued = self.table?.pointee.oldestArrival ?? (self.arrivals.isEmpty ? nil : self.arrivals.first)
        return (staged + (queued.map { [$0] } ?? [])).min()
    }

    /// How many jobs wait although a worker is parked and none is on its way: always 0, or a wake-up was lost.
    func strandedJobs() -> Int {
        guard !self.parked.isEmpty, self.waking == 0, !self.isHeld else { return 0 }
        let staged = self.stages.reduce(0) { $0 + $1.staged.count }
        return self.ready + staged + (0..<self.workerSlots).reduce(0) { $0 + self.stealable(self.workers + $1) }
    }

    @usableFromInline
    mutating func finishIfDone(_ effects: inout PoolEffects<Job>) {
        guard self.liveWorkers == 0, self.inlineRuns.isEmpty, self.inlineResults.isEmpty else { return }
        switch self.phase {
        case .created, .running, .finished: return
        case .closed where self.queued > 0: return
        case .draining where self.order.map { $0.count > 0 } ?? false: return
        case .closed, .draining, .revoked: break
        }
        self.phase = .finished
        self.undelivered.append(contentsOf: self.order?.takeAll() ?? [])
        self.wakeForResults(&effects)
        self.wakeWatch(&effects)
        effects.finish()
    }

    // MARK: - Private

    private func hasUnbegun(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) -> Bool {
        switch worker.pointee.phase {
        case .active: worker.pointee.taken > 0 && worker.pointee.cell.progress.left > 0
        case .parked, .exited, .abandoned: false
        }
    }

    /// How many of a worker's ended jobs have a result for the pool's results.
    private func resultCount(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, _ ended: Int) -> Int {
        guard worker.pointee.needsCare, let tags = worker.pointee.tags else { return ended }
        return (0..<ended).count { tags[$0].handle == nil && !tags[$0].isSilent }
    }

    private mutating func returnTagged(effects: inout PoolEffects<Job>) {
        guard let table = self.table else { return }
        while table.pointee.oldest >= 0 {
            let (job, tag) = table.pointee.remove(Int(table.pointee.oldest))
            let size = self.size(of: job)
            self.queued -= size.count
            self.queuedBytes -= size.bytes
            self.counts.returned += size.count
            self.returned.append(job)
            self.closePlace(tag.place, effects: &effects)
            effects.fail(tag.handle, .returned)
        }
    }

    mutating func wakeAllWorkers(_ effects: inout PoolEffects<Job>) {
        for index in self.parked {
            let worker = self.workers + index
            worker.pointee.phase = .active
            if let continuation = worker.pointee.continuation { effects.wake(continuation) }
            worker.pointee.continuation = nil
        }
        self.parked = []
        self.wakeWatch(&effects)
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
