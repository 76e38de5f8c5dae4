//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Jobs of a worker's batch that go together: the discipline holds something back until they have ended.
///
/// When a batch has several such runs, those that have ended are released before the batch is, and those that have not begun
/// can be stolen, each as a whole. So no run waits for another that takes long, as long as somebody looks: a worker
/// that finds nothing ready or is about to park, one that comes for jobs, every 100 microseconds, and whoever brings a job
/// while nothing is ready and a worker is parked.
extension PoolStateMachine {
    /// Gives the runs of the batch that was chosen to its worker.
    @usableFromInline
    mutating func takeRuns(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) {
        guard let table = self.table, let runs = worker.pointee.runs else { return }
        let count = table.pointee.batch.runCount
        precondition(
            Int(table.pointee.batch.runs[count - 1].end) == table.pointee.batch.count,
            "A discipline that holds some of a batch's jobs holds all."
        )
        for index in 0..<count { runs[index] = table.pointee.batch.runs[index] }
        worker.pointee.runCount = count
        worker.pointee.firstHeld = 0
        self.holdsRuns = true
    }

    /// Gives one such run to the worker, of which so many jobs before and in it have not expired.
    @usableFromInline
    mutating func endRun(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, _ run: Int, at end: Int) {
        guard let table = self.table, let runs = worker.pointee.runs else { return }
        if run == 0 { (worker.pointee.runCount, worker.pointee.firstHeld) = (0, 0) }
        let hold = table.pointee.batch.runs[run].hold
        let count = worker.pointee.runCount
        if end == (count == 0 ? 0 : Int(runs[count - 1].end)) {
            self.discipline?.release(hold)
        } else {
            runs[count] = HeldRun(hold: hold, end: Int32(truncatingIfNeeded: end))
            worker.pointee.runCount = count + 1
            self.holdsRuns = true
        }
    }

    /// Tells the discipline of the runs that end before a slot, or with it.
    @usableFromInline
    mutating func releaseRuns(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, endingBefore slot: Int) {
        guard let runs = worker.pointee.runs else { return }
        while worker.pointee.firstHeld < worker.pointee.runCount {
            let run = runs[worker.pointee.firstHeld]
            guard Int(run.end) <= slot else { return }
            self.discipline?.release(run.hold)
            worker.pointee.firstHeld += 1
        }
    }

    /// Tells the discipline of the runs that have ended in batches that have not.
    @usableFromInline
    mutating func releaseEndedRuns() {
        guard !self.limits.beginsWhole else { return }
        for index in 0..<self.workerSlots where self.workers[index].runCount > self.workers[index].firstHeld + 1 {
            let worker = self.workers + index
            // The job that was claimed last may run.
            switch worker.pointee.phase {
            case .active: self.releaseRuns(worker, endingBefore: worker.pointee.cell.progress.claimed - 1)
            case .parked, .exited, .abandoned: break
            }
        }
    }

    /// Does so if nothing is ready, although jobs have come, while a worker is parked.
    @inlinable
    @inline(__always)
    mutating func releaseRunsForParked() {
        if self.holdsRuns, self.ready == 0, !self.parked.isEmpty { self.releaseEndedRuns() }
    }

    /// Whether there is something ready once ended runs are released. Asked after ``canSteal(for:)``: what nobody could steal
    /// then has begun, and so all but its last job has ended.
    @usableFromInline
    mutating func findsEndedRuns() -> Bool {
        guard self.holdsRuns else { return false }
        self.releaseEndedRuns()
        return self.ready > 0
    }

    /// How many jobs could be taken from a worker's batch: not those of a run that has begun.
    func divisible(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) -> Int {
        let (claimed, left) = worker.pointee.cell.progress
        guard worker.pointee.runCount > 0 else { return left }
        return self.runStart(worker, from: claimed).map { claimed + left - $0 } ?? 0
    }

    /// Takes back about half of what a worker has not begun, and not a part of a run.
    func takeBackHalf(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) -> Range<Int> {
        guard worker.pointee.runCount > 0 else { return worker.pointee.cell.takeBack(half: true) }
        let (claimed, left) = worker.pointee.cell.progress
        guard
            let start = self.runStart(worker, from: claimed + left / 2) ?? self.lastRunStart(worker, from: claimed),
            let slots = worker.pointee.cell.takeBack(from: start)
        else { return 0..<0 }
        return slots
    }

    /// Moves the runs that begin with a slot or behind it to another worker, or none.
    mutating func moveRuns(
        from victim: UnsafeMutablePointer<WorkerRecord<Job>>,
        _ slot: Int,
        to thief: UnsafeMutablePointer<WorkerRecord<Job>>
    ) {
        guard victim.pointee.runCount > 0, let source = victim.pointee.runs, let runs = thief.pointee.runs else {
            return
        }
        var kept = victim.pointee.runCount
        while kept > 0, Int(source[kept - 1].end) > slot { kept -= 1 }
        for index in kept..<victim.pointee.runCount {
            let run = source[index]
            runs[index - kept] = HeldRun(hold: run.hold, end: run.end - Int32(truncatingIfNeeded: slot))
        }
        thief.pointee.runCount = victim.pointee.runCount - kept
        thief.pointee.firstHeld = 0
        victim.pointee.runCount = kept
    }

    // MARK: - Private

    /// Where the first run begins that begins with a slot or behind it; nil when none does.
    private func runStart(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, from slot: Int) -> Int? {
        guard let runs = worker.pointee.runs else { return nil }
        var start = 0
        for index in 0..<worker.pointee.runCount {
            if start >= slot { return start }
            start = Int(runs[index].end)
        }
        return nil
    }

    /// Where the last run begins, if it does so with a slot or behind it.
    private func lastRunStart(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>, from slot: Int) -> Int? {
        guard let runs = worker.pointee.runs, worker.pointee.runCount > 0 else { return nil }
        let start = worker.pointee.runCount > 1 ? Int(runs[worker.pointee.runCount - 2].end) : 0
        return start >= slot ? start : nil
    }
}
