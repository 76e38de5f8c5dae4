//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where time goes: that of workers, and that of producers.
extension PoolStateMachine {
    /// Counts a worker's time as busy or idle, up to an instant; before its batch is reported.
    @inlinable
    @inline(__always)
    mutating func countTime(of worker: UnsafeMutablePointer<WorkerRecord<Job>>, until now: UInt64) {
        if worker.pointee.countedUntil != 0 {
            let elapsed = now &- worker.pointee.countedUntil
            if worker.pointee.taken > 0 { self.busyTime &+= elapsed } else { self.idleTime &+= elapsed }
        }
        worker.pointee.countedUntil = now
    }

    /// A producer has left the line: counts the time in which it was not empty.
    @inlinable
    @inline(__always)
    mutating func endHold(now: UInt64) {
        if self.submitters.isEmpty { self.heldTime &+= now &- min(now, self.heldSince) }
    }

    /// Where the workers' time has gone up to an instant, and what each does.
    func workerTimes(now: UInt64, pool: String) -> (times: WorkerTimes, downstream: LatencyHistogram, [WorkerState]) {
        var busy = self.busyTime
        var idle = self.idleTime
        var blocked: UInt64 = 0
        var downstream = LatencyHistogram()
        var states: [WorkerState] = []
        for index in 0..<self.workerSlots {
            let worker = self.workers + index
            let waits = worker.pointee.waits.current
            blocked &+= waits.total
            if let times = waits.times { downstream.merge(times) }
            switch worker.pointee.phase {
            case .active, .parked: break
            case .exited, .abandoned: continue
            }
            let since = worker.pointee.countedUntil
            let elapsed = since == 0 ? 0 : now &- min(now, since)
            var activity = WorkerState.Activity.idle
            var stateElapsed = elapsed
            if worker.pointee.taken > 0 {
                busy &+= elapsed
                activity = .busy
                if waits.depth > 0 {
                    activity = .blocked
                    stateElapsed = now &- min(now, waits.since)
                    blocked &+= stateElapsed
                }
            } else {
                idle &+= elapsed
            }
            states.append(
                WorkerState(
                    name: "\(pool)/worker-\(index)",
                    activity: activity,
                    elapsed: .nanoseconds(Int64(clamping: stateElapsed)),
                    jobs: worker.pointee.held
                )
            )
        }
        var times = WorkerTimes()
        // A wait that is counted here may have ended a moment after the worker's time was.
        times.blocked = .nanoseconds(Int64(clamping: min(blocked, busy)))
        times.busy = .nanoseconds(Int64(clamping: busy - min(blocked, busy)))
        times.idle = .nanoseconds(Int64(clamping: idle))
        return (times, downstream, states)
    }

    /// How long producers have waited up to an instant, whenever at least one did.
    func producersHeld(now: UInt64) -> Duration {
        let current = self.submitters.isEmpty ? 0 : now &- min(now, self.heldSince)
        return .nanoseconds(Int64(clamping: self.heldTime &+ current))
    }
}
