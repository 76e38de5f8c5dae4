//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A job that runs for longer than its pool finds right.
public struct StuckJob: Sendable, CustomStringConvertible {
    /// The job, as text; at most 200 characters of it.
    public let job: String
    /// The worker that runs it, as `pool/worker-2`.
    public let worker: String
    /// For how long it has run, at least.
    public let elapsed: Duration

    /// The three in a sentence.
    public var description: String { "\(self.worker) has run \(self.job) for \(self.elapsed)" }
}

/// What the look at a worker has seen last.
@usableFromInline
struct WorkerSight {
    /// Which batch, by when it was taken, and which job of it.
    var takenAt: UInt64 = 0
    var claimed = 0
    /// Since when it is known to be the same.
    var since: UInt64 = 0
}

/// Finding jobs that do not end, and lending their pool other workers.
extension PoolStateMachine {
    /// Looks at all workers, and marks those that have been at one job for too long.
    ///
    /// - Returns: Those that were not known, each with its job and since when it runs.
    mutating func findStuck(after limit: UInt64, now: UInt64) -> [(job: Job, worker: Int, since: UInt64)] {
        var found: [(job: Job, worker: Int, since: UInt64)] = []
        for index in 0..<self.workerSlots {
            let worker = self.workers + index
            guard case .active = worker.pointee.phase, worker.pointee.taken > 0 else { continue }
            let claimed = worker.pointee.cell.progress.claimed
            // One whose results find no place in their channel has ended its jobs.
            guard claimed > 0, self.heldResults[index].isEmpty else { continue }
            let sight = worker.pointee.sight
            if sight.takenAt != worker.pointee.takenAt || sight.claimed != claimed {
                let since = claimed == 1 ? worker.pointee.takenAt : now
                worker.pointee.sight = WorkerSight(takenAt: worker.pointee.takenAt, claimed: claimed, since: since)
            }
            let since = worker.pointee.sight.since
            guard !worker.pointee.isStuck, now >= since, now - since >= limit else { continue }
            worker.pointee.isStuck = true
            self.stuckWorkers += 1
            found.append((worker.pointee.jobs[claimed - 1], index, since))
        }
        self.replacements = min(self.stuckWorkers, self.limits.replacementsMax)
        return found
    }

    /// A worker that was stuck has come back.
    @usableFromInline
    mutating func unstick(_ worker: UnsafeMutablePointer<WorkerRecord<Job>>) {
        worker.pointee.isStuck = false
        self.stuckWorkers -= 1
        self.replacements = min(self.stuckWorkers, self.limits.replacementsMax)
    }

    /// Lets the watch sleep while no worker has anything to do; false when one has.
    mutating func parkWatch(_ continuation: TaskContinuation<Void>) -> Bool {
        switch self.phase {
        case .created, .running, .closed, .draining, .revoked: break
        case .finished: return false
        }
        guard self.parked.count == self.liveWorkers else { return false }
        self.idleWatch = continuation
        return true
    }

    /// Wakes the watch: there is something to do, or everything has its end.
    @usableFromInline
    mutating func wakeWatch(_ effects: inout PoolEffects<Job>) {
        guard let watch = self.idleWatch else { return }
        self.idleWatch = nil
        effects.wake(watch)
    }
}

extension PoolCore {
    /// Looks for stuck jobs until the pool has finished.
    func watchForStuckJobs(after limit: Duration) async {
        let nanoseconds = limit.wholeNanoseconds
        while true {
            await withTaskContinuation { (continuation: TaskContinuation<Void>) in
                if !self.queue.withLock({ $0.parkWatch(continuation) }) { continuation.resume() }
            }
            do {
                try await self.time.sleep(for: .nanoseconds(Int64(clamping: max(nanoseconds / 4, 1))))
            } catch {
                return
            }
            self.reportStuck(after: nanoseconds)
        }
    }

    private func reportStuck(after limit: UInt64) {
        let now = self.time.now()
        let found = self.workers.withLock { workers in
            let (found, started, threads) = self.queue.withLock { state in
                let found = state.findStuck(after: limit, now: now)
                let canStart: Bool
                switch state.phase {
                case .running, .draining: canStart = true
                case .created, .closed, .revoked, .finished: canStart = false
                }
                return (found, canStart ? state.startMissing() : [], self.threadCount(state))
            }
            if !started.isEmpty {
                self.threads?.setThreadsMax(threads)
                self.startWorkers(started, in: &workers)
            }
            return found
        }
        for (job, worker, since) in found {
            self.configuration.observer.jobIsStuck(
                self.describe(job, worker, now - since),
                pool: self.configuration.name
            )
        }
    }

    /// The jobs that are known to be stuck now.
    func stuckJobs(_ state: borrowing PoolStateMachine<Job, Output>) -> [(job: Job, worker: Int, since: UInt64)] {
        (0..<state.workerSlots).compactMap { index in
            let worker = state.workers + index
            guard worker.pointee.isStuck, worker.pointee.sight.claimed > 0 else { return nil }
            return (worker.pointee.jobs[worker.pointee.sight.claimed - 1], index, worker.pointee.sight.since)
        }
    }

    func describe(_ job: Job, _ worker: Int, _ elapsed: UInt64) -> StuckJob {
        StuckJob(
            job: String(String(describing: job).prefix(200)),
            worker: "\(self.configuration.name)/worker-\(worker)",
            elapsed: .nanoseconds(Int64(clamping: elapsed))
        )
    }
}
