//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import Penstock

/// Plays random calls on a pool's state machine and knows for each job where it must be.
struct PoolModel: ~Copyable {
    /// Where a job stands.
    enum Place: Equatable {
        case waiting, rejected, queued, running(Int), ended, returned, abandoned
    }

    private var pool: PoolStateMachine<Int, Int>
    private var random: SeededGenerator
    private var places: [Place] = []
    private var line: [(waiter: Waiter<Int>, job: Int)] = []
    private var stages: [SenderStage<Int>] = []
    private var isGone: [Bool]
    private var now: UInt64 = 1
    private var last = ""
    private(set) var problem: String?

    init(capacity: Int, workers: Int, seed: UInt64, size: (@Sendable (borrowing Int) -> JobSize)?) {
        var limits = PoolLimits(
            capacity: capacity,
            bytesMax: size == nil ? nil : 100,
            workers: workers,
            parallelism: min(workers, 2),
            batchMax: 16
        )
        if seed % 3 == 0 { limits.waitersMax = Int(seed % 4) }
        self.pool = PoolStateMachine(limits: limits, size: size, hungry: HungryFlag())
        self.random = SeededGenerator(seed: seed)
        self.isGone = Array(repeating: false, count: workers)
    }

    deinit { self.pool.hungry.destroy() }

    mutating func play(steps: Int) {
        for step in 0..<steps where self.problem == nil {
            self.now += UInt64(self.random.below(200_000))
            self.step(canEnd: step > steps / 2)
            self.check("step \(step), \(self.last)")
        }
        self.end()
    }

    /// Runs and counts all that a worker has taken.
    static func runAll(_ pool: inout PoolStateMachine<Int, Int>, worker: Int) {
        let cell = pool.workers[worker].cell
        while cell.claim() != nil { WorkerCell.count(cell.done, jobs: 1, as: 1) }
    }

    // MARK: - Private

    private mutating func step(canEnd: Bool) {
        switch self.random.below(canEnd ? 24 : 22) {
        case 0...4: self.admitOne()
        case 5: self.admitMany()
        case 6...7: self.suspendOne()
        case 8: self.cancelOne()
        case 9...12: self.work(worker: self.random.below(self.isGone.count))
        case 13...14: self.runOne(worker: self.random.below(self.isGone.count))
        case 15...18: self.stageOne()
        case 19: self.retireOne()
        case 20: if self.stages.count < 5 { self.registerOne() }
        case 21: self.begin()
        case 22: if self.random.oneIn(4) { self.close() }
        default: if self.random.oneIn(8) { self.revoke() }
        }
    }

    /// Ends the pool whatever state it is in; then every job must have its end.
    private mutating func end() {
        guard self.problem == nil else { return }
        if self.random.oneIn(2) { self.close() }
        self.check("the last close")
        self.revoke()
        self.check("the last revoke")
        for worker in self.isGone.indices where self.random.oneIn(2) {
            while self.runOne(worker: worker) {}
            self.work(worker: worker)
            self.check("the last work of \(worker)")
        }
        if self.problem != nil { return }
        var effects = PoolEffects<Int>()
        self.pool.abandon(now: self.now, effects: &effects)
        for (job, _, _) in self.pool.abandoned { self.places[job] = .abandoned }
        self.check("abandon")
        // A second one finds nothing.
        let before = self.pool.ledger()
        self.pool.abandon(now: self.now, effects: &effects)
        guard case .finished = self.pool.phase else { return self.fail("a pool has not finished after abandon") }
        let ledger = self.pool.ledger()
        if ledger != before { self.fail("abandoned twice") }
        if ledger.queued + ledger.inFlight + ledger.waiting != 0 { self.fail("work is left: \(ledger)") }
        // Those that come back later change nothing.
        for worker in self.isGone.indices {
            Self.runAll(&self.pool, worker: worker)
            guard case .exit = self.pool.take(worker: worker, now: self.now, runTimes: nil, effects: &effects)
            else { return self.fail("a worker goes on after the end") }
            self.pool.exit(worker: worker, effects: &effects)
        }
        if self.pool.ledger() != ledger { self.fail("a worker that came back was counted") }
    }

    private mutating func fail(_ what: String) {
        if self.problem == nil { self.problem = what }
    }

    private mutating func newJob(_ place: Place) -> Int {
        self.places.append(place)
        return self.places.count - 1
    }

    private mutating func begin() {
        self.last = "start"
        _ = self.pool.start()
    }

    private mutating func admitOne() {
        self.last = "admit"
        let job = self.newJob(.queued)
        var effects = PoolEffects<Int>()
        if case .accepted = self.pool.admit(job, now: self.now, effects: &effects) { return }
        self.pool.reject(job, as: .full)
        self.places[job] = .rejected
    }

    private mutating func admitMany() {
        self.last = "admit many"
        let jobs = (0..<1 + self.random.below(30)).map { _ in self.newJob(.queued) }
        var effects = PoolEffects<Int>()
        jobs.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let count = self.pool.admit(copying: base, count: buffer.count, now: self.now, effects: &effects) ?? 0
            self.pool.reject(base + count, count: buffer.count - count, as: .full)
            for job in jobs[count...] { self.places[job] = .rejected }
        }
    }

    private mutating func suspendOne() {
        self.last = "suspend"
        let waiter = Waiter<Int>()
        let job = self.newJob(.waiting)
        waiter.element = job
        if self.random.oneIn(3) { waiter.remaining = 1 + self.random.below(20) }
        let cancelsFirst = self.random.oneIn(6)
        if cancelsFirst, self.pool.cancelSubmitter(waiter, now: self.now) != nil {
            self.fail("a new waiter was in line")
        }
        switch self.pool.suspendSubmitter(waiter, now: self.now) {
        case .waits: self.line.append((waiter, job))
        case .ended(.cancelled, _):
            self.places[job] = .rejected
            if !cancelsFirst { self.fail("a waiter was cancelled by nobody") }
        case .ended(.retry, _):
            // It would try again; here it is forgotten, uncounted.
            self.places.removeLast()
        case .ended(.served, _), .ended(.closed, _): self.fail("a submitter that did not wait was served")
        }
    }

    private mutating func cancelOne() {
        self.last = "cancel"
        guard !self.line.isEmpty else { return }
        let (waiter, job) = self.line.remove(at: self.random.below(self.line.count))
        guard let first = self.pool.cancelSubmitter(waiter, now: self.now) else { return self.fail("not in line") }
        if first !== waiter { self.fail("somebody else was cancelled") }
        self.places[job] = .rejected
        self.settleLine()
    }

    /// Takes those out of the model's line who have their outcome.
    private mutating func settleLine() {
        var hasWaiting = false
        for (waiter, job) in self.line {
            switch waiter.outcome {
            case nil: hasWaiting = true
            case .served?:
                self.places[job] = .queued
                if hasWaiting { self.fail("a submitter overtook another") }
            case .closed?: self.places[job] = .rejected
            case .cancelled?, .retry?: self.fail("a waiter has an outcome that nobody gave")
            }
        }
        self.line.removeAll { $0.waiter.outcome != nil }
    }

    private mutating func registerOne() {
        self.last = "register"
        let stage = SenderStage<Int>()
        self.pool.register(stage)
        self.stages.append(stage)
    }

    /// What a sender does with one job.
    private mutating func stageOne() {
        self.last = "stage"
        guard !self.stages.isEmpty else { return }
        let stage = self.stages[self.random.below(self.stages.count)]
        let job = self.newJob(.queued)
        let now = self.now
        let isStaged = stage.stage(job, TimeSource(manual: .init(now: { now }, sleepUntil: { _ in })))
        var effects = PoolEffects<Int>()
        if isStaged {
            if self.pool.hungry.isSet { self.pool.flush(stage, effects: &effects) }
            return
        }
        if case .accepted = self.pool.refill(stage, with: job, now: now, effects: &effects) { return }
        self.pool.reject(job, as: .full)
        self.places[job] = .rejected
    }

    private mutating func retireOne() {
        self.last = "retire"
        guard !self.stages.isEmpty else { return }
        let stage = self.stages.remove(at: self.random.below(self.stages.count))
        var effects = PoolEffects<Int>()
        self.pool.retire(stage, now: self.now, effects: &effects)
        self.settleLine()
        if stage.staged.count + stage.room != 0 { self.fail("a retired stage holds places") }
    }

    private mutating func close() {
        self.last = "close"
        var effects = PoolEffects<Int>()
        self.pool.close(now: self.now, effects: &effects)
        self.settleLine()
        if !self.line.isEmpty { self.fail("a producer is held by a closed pool") }
    }

    private mutating func revoke() {
        self.last = "revoke"
        var effects = PoolEffects<Int>()
        self.pool.revoke(now: self.now, effects: &effects)
        self.settleLine()
        for job in self.pool.returned { self.places[job] = .returned }
    }

    @discardableResult
    private mutating func runOne(worker index: Int) -> Bool {
        self.last = "run \(index)"
        let worker = self.pool.workers + index
        guard self.pool.hasStarted, !self.isGone[index], worker.pointee.taken > 0 else { return false }
        let cell = worker.pointee.cell
        // Begun and not ended: there is at most one, the last that was claimed.
        if let running = self.places.indices.first(where: { self.places[$0] == .running(index) }) {
            let count = self.pool.size(of: running).count
            WorkerCell.count(self.random.oneIn(4) ? cell.failed : cell.done, jobs: 1, as: count)
            self.places[running] = .ended
            return true
        }
        guard let slot = cell.claim() else { return false }
        self.places[worker.pointee.jobs[slot]] = .running(index)
        return true
    }

    /// What a worker does that has run all of its batch: takes, and parks if there is nothing.
    private mutating func work(worker index: Int) {
        self.last = "work \(index)"
        guard self.pool.hasStarted, !self.isGone[index] else { return }
        let worker = self.pool.workers + index
        if case .parked = worker.pointee.phase { return }
        while self.runOne(worker: index) {}
        var effects = PoolEffects<Int>()
        switch self.pool.take(worker: index, now: self.now, runTimes: nil, effects: &effects) {
        case .run: if worker.pointee.taken == 0 { self.fail("a worker runs an empty batch") }
        case .park:
            // SAFETY: a made-up continuation that nothing resumes: effects are not performed here.
            let continuation = unsafeBitCast(UInt(1), to: TaskContinuation<Void>.self)
            _ = self.pool.park(worker: index, continuation: continuation)
        case .exit:
            self.pool.exit(worker: index, effects: &effects)
            self.isGone[index] = true
        case .sleep: self.fail("a worker waits for a rate that nobody has set")
        }
        worker.pointee.spareJobs.deinitialize(count: worker.pointee.spent)
        worker.pointee.spent = 0
        self.settleLine()
    }

    // MARK: - Checking

    private mutating func check(_ when: String) {
        self.settleLine()
        let ledger = self.pool.ledger()
        if !ledger.isBalanced { self.fail("\(when): \(ledger)") }
        var sums = Ledger()
        for (job, place) in self.places.enumerated() {
            let count = self.pool.size(of: job).count
            sums.offered += count
            switch place {
            case .waiting: sums.waiting += count
            case .rejected: sums.rejected += count
            case .queued, .running: sums.inFlight += count
            case .ended: sums.done += count
            case .returned: sums.returned += count
            case .abandoned: sums.abandoned += count
            }
        }
        let isRight =
            (sums.offered, sums.waiting, sums.rejected) == (ledger.offered, ledger.waiting, ledger.rejected)
            && (sums.returned, sums.abandoned) == (ledger.returned, ledger.abandoned)
        if !isRight { self.fail("\(when): \(ledger), but \(sums)") }
        // What a worker has ended counts as in flight until it reports.
        if ledger.queued + ledger.inFlight < sums.inFlight || ledger.done + ledger.failed > sums.done {
            self.fail("\(when): \(ledger), but \(sums)")
        }
        self.checkBounds(when, ledger)
    }

    private mutating func checkBounds(_ when: String, _ ledger: Ledger) {
        let limits = self.pool.limits
        if self.line.count > limits.waitersMax { self.fail("\(when): \(self.line.count) producers wait") }
        if ledger.queued > limits.capacity { self.fail("\(when): the queue holds \(ledger.queued)") }
        if self.pool.queued + self.pool.promised > limits.capacity { self.fail("\(when): promised too much") }
        if self.pool.queuedBytes > limits.bytesMax ?? .max { self.fail("\(when): too many bytes") }
        if self.pool.queued < 0 || self.pool.promised < 0 || self.pool.queuedBytes < 0 {
            self.fail("\(when): negative")
        }
        let held = self.stages.reduce(0) { $0 + $1.staged.count + $1.room }
        if self.pool.promised != held { self.fail("\(when): promised \(self.pool.promised), stages hold \(held)") }
        if self.pool.hungry.isSet != (!self.pool.parked.isEmpty && self.pool.waking == 0) {
            self.fail("\(when): the hungry flag is wrong")
        }
        if self.pool.strandedJobs() != 0 { self.fail("\(when): a job waits beside an idle worker") }
        if let first = self.line.first, first.waiter.remaining == 1, self.pool.fits(self.pool.size(of: first.job)) {
            self.fail("\(when): a submitter waits beside a free place")
        }
    }
}
