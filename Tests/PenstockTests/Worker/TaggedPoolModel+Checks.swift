//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

/// What must hold after each call.
extension TaggedPoolModel {
    /// Takes note of what the pool says has become of jobs and of producers.
    mutating func settle(_ effects: RareEffects<Int>?) {
        var hasWaiting = false
        for (waiter, job) in self.line {
            switch waiter.outcome {
            case nil: hasWaiting = true
            case .served?:
                self.jobs[job].place = .queued
                self.jobs[job].arrival = self.now
                if hasWaiting { self.fail("a submitter overtook another") }
            case .closed?: self.jobs[job].place = .rejected
            case .cancelled?, .retry?: self.fail("a waiter has an outcome that nobody gave")
            }
        }
        self.line.removeAll { $0.waiter.outcome != nil }
        for dropped in effects?.dropped ?? [] {
            self.judgeDrop(dropped.job, dropped.reason)
            self.jobs[dropped.job].place = .dropped(dropped.reason)
            self.tell(dropped.job, dropped.handle)
        }
        for failed in effects?.failed ?? [] {
            let handle = failed.handle.takeRetainedValue()
            guard let job = self.jobs.firstIndex(where: { $0.handle === handle }) else { continue }
            let isRight =
                (failed.code == .returned && self.jobs[job].place == .returned)
                || (failed.code == .abandoned && self.jobs[job].place == .abandoned)
            if !isRight { self.fail("job \(job) is \(self.jobs[job].place), and its caller hears \(failed.code)") }
            self.jobs[job].handle?.ends += 1
        }
    }

    /// Tells who waits for a job that it has its end.
    mutating func tell(_ job: Int, _ handle: Unmanaged<JobHandle>?) {
        guard let handle else {
            if self.jobs[job].handle != nil { self.fail("the caller of job \(job) is forgotten") }
            return
        }
        if handle.takeUnretainedValue() !== self.jobs[job].handle { self.fail("job \(job) has another's caller") }
        self.jobs[job].handle?.ends += 1
        handle.release()
    }

    /// Whether a job may be dropped for a reason: the oldest is the one before all others of the queue that stay.
    private mutating func judgeDrop(_ job: Int, _ reason: DropReason) {
        switch self.jobs[job].place {
        case .queued: break
        case .delayed where reason == .cancelled: break
        default: self.fail("job \(job) was dropped, which is \(self.jobs[job].place)")
        }
        switch reason.kind {
        case .newest: if job < self.jobsBefore { self.fail("job \(job) is not the newest") }
        case .expired:
            if self.jobs[job].arrival > self.now { self.fail("job \(job) has not come yet") }
        case .cancelled: if self.jobs[job].handle == nil { self.fail("job \(job) has no caller to be cancelled") }
        case .oldest, .lowest, .overload:
            guard let index = self.order.firstIndex(of: job) else { return }
            let isOldest = self.order[..<index].allSatisfy {
                if case .dropped = self.jobs[$0].place { true } else { false }
            }
            if !isOldest { self.fail("job \(job) was dropped as \(reason), the order is \(self.order)") }
        }
    }

    /// The queue's jobs in its order.
    func queueOrder() -> [Int] {
        guard let table = self.pool.table else {
            let ring = self.pool.jobs.head..<self.pool.jobs.head + self.pool.jobs.count
            return ring.map { self.pool.jobs.slots[$0 % self.pool.jobs.capacity] }
        }
        var order: [Int] = []
        var slot = table.pointee.oldest
        while slot >= 0 {
            order.append(table.pointee.jobs[Int(slot)])
            slot = table.pointee.links[Int(slot)].next
        }
        return order
    }

    mutating func check(_ when: String) {
        let ledger = self.pool.ledger()
        if !ledger.isBalanced { self.fail("\(when): \(ledger)") }
        self.checkPlaces(when)
        self.checkLedger(when, ledger)
        self.checkBounds(when, ledger)
    }

    // MARK: - Private

    /// Each job is in the one place where it must be.
    private mutating func checkPlaces(_ when: String) {
        var isFound = [Bool](repeating: false, count: self.jobs.count)
        for job in self.queueOrder() { self.find(job, .queued, &isFound, when) }
        for stage in self.stages { for slot in stage.staged { self.find(stage.jobs[slot], .queued, &isFound, when) } }
        for delayed in self.pool.delayed { self.find(delayed.job, .delayed, &isFound, when) }
        for job in self.pool.returned { self.find(job, .returned, &isFound, when) }
        for (job, _, _) in self.pool.abandoned { self.find(job, .abandoned, &isFound, when) }
        for (number, run) in self.pool.inlineRuns { self.find(run.job, .inline(number), &isFound, when) }
        for index in 0..<self.pool.workerSlots {
            let worker = self.pool.workers + index
            guard case .active = worker.pointee.phase, worker.pointee.taken > 0 else { continue }
            let (claimed, left) = worker.pointee.cell.progress
            for slot in claimed..<claimed + left {
                self.find(worker.pointee.jobs[slot], .taken(index), &isFound, when)
            }
        }
        for job in self.jobs.indices where !isFound[job] {
            switch self.jobs[job].place {
            case .queued, .delayed, .taken, .inline, .returned, .abandoned:
                self.fail("\(when): job \(job) is lost, which was \(self.jobs[job].place)")
            case .waiting, .rejected, .running, .ended, .dropped: break
            }
        }
    }

    private mutating func find(_ job: Int, _ place: Place, _ isFound: inout [Bool], _ when: String) {
        if isFound[job] { self.fail("\(when): job \(job) is in two places") }
        if self.jobs[job].place != place { self.fail("\(when): job \(job) is \(place), not \(self.jobs[job].place)") }
        isFound[job] = true
    }

    private mutating func checkLedger(_ when: String, _ ledger: Ledger) {
        var sums = Ledger()
        for job in self.jobs.indices {
            let count = self.count(of: job)
            sums.offered += count
            switch self.jobs[job].place {
            case .waiting: sums.waiting += count
            case .rejected: sums.rejected += count
            case .queued, .delayed: sums.queued += count
            case .taken, .running, .inline: sums.inFlight += count
            case .ended: sums.done += count
            case .returned: sums.returned += count
            case .abandoned: sums.abandoned += count
            case .dropped(let reason):
                switch reason.kind {
                case .newest: sums.sheds.newest += count
                case .oldest: sums.sheds.oldest += count
                case .lowest: sums.sheds.lowest += count
                case .overload: sums.sheds.overload += count
                case .expired: sums.expired += count
                case .cancelled: sums.cancelled += count
                }
            }
        }
        let isRight =
            (sums.offered, sums.waiting, sums.rejected) == (ledger.offered, ledger.waiting, ledger.rejected)
            && (sums.returned, sums.abandoned, sums.queued) == (ledger.returned, ledger.abandoned, ledger.queued)
            && sums.sheds == ledger.sheds
        // What a worker has ended counts as in flight until it reports.
        let ended = ledger.done + ledger.failed + ledger.cancelled + ledger.expired
        let isInTime = ledger.inFlight >= sums.inFlight && ended <= sums.done + sums.cancelled + sums.expired
        if !isRight || !isInTime { self.fail("\(when): \(ledger), \(ledger.sheds), but \(sums), \(sums.sheds)") }
    }

    /// Who and what waits, for a message.
    private var standing: String {
        let workers = (0..<self.pool.workerSlots).map { index in
            let worker = self.pool.workers + index
            return "\(worker.pointee.phase) \(worker.pointee.taken) \(worker.pointee.cell.progress)"
        }
        let staged = self.stages.map(\.staged.count)
        return """
            \(self.pool.phase), ready \(self.pool.ready), staged \(staged), delayed \(self.pool.delayed.count), parked \
            \(self.pool.parked), live \(self.pool.liveWorkers) of \(self.pool.workersMax), \(workers), isControlled \
            \(self.pool.isControlled)
            """
    }

    private func isAboutToBegin(_ index: Int) -> Bool {
        let worker = self.pool.workers + index
        let (claimed, left) = worker.pointee.cell.progress
        return worker.pointee.taken > 0 && claimed == 0 && left > 0
    }

    private mutating func checkBounds(_ when: String, _ ledger: Ledger) {
        let pool = (queued: self.pool.queued, promised: self.pool.promised)
        // Jobs that were tried before stand beside the capacity.
        let again = self.jobs.indices.filter { job in
            switch self.jobs[job].place {
            case .queued: self.jobs[job].attempts > 0
            case .delayed: true
            default: false
            }
        }
        let beside = again.reduce(0) { $0 + self.count(of: $1) }
        if pool.queued - beside + pool.promised > self.pool.limits.capacity { self.fail("\(when): too much: \(pool)") }
        if pool.queued < 0 || pool.promised < 0 || self.pool.queuedBytes < 0 { self.fail("\(when): negative: \(pool)") }
        let held = self.stages.reduce(0) { $0 + $1.staged.count + $1.room }
        if pool.promised != held { self.fail("\(when): promised \(pool.promised), stages hold \(held)") }
        if self.pool.hungry.isSet != (!self.pool.parked.isEmpty && self.pool.waking == 0 && !self.pool.isHeld) {
            self.fail("\(when): the hungry flag is wrong")
        }
        // A worker begins the first job of its batch at once. Nobody is woken for that one if it came with the worker: from
        // the line of producers, or when the worker had waited for the rate.
        let own = (0..<self.pool.workerSlots).count { self.isAboutToBegin($0) }
        if self.pool.strandedJobs() > own { self.fail("\(when): a job waits beside an idle worker: \(self.standing)") }
        if let first = self.line.first, self.pool.fits(JobSize(count: self.count(of: first.job))) {
            self.fail("\(when): a submitter waits beside a free place")
        }
        let staged = self.stages.filter { !$0.staged.isEmpty }.map(\.arrival)
        let oldest = (staged + self.queueOrder().prefix(1).map { self.jobs[$0].arrival }).min()
        if self.pool.oldestArrival() != oldest {
            self.fail("\(when): the oldest came at \(self.pool.oldestArrival() ?? 0)")
        }
        let live = self.loops.count { !$0.isGone }
        let isOver = if case .finished = self.pool.phase { true } else { false }
        if !isOver, self.pool.hasStarted, self.pool.liveWorkers != live {
            self.fail("\(when): \(self.pool.liveWorkers) live, not \(live)")
        }
    }
}
