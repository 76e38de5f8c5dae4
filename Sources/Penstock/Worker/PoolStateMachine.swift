//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A pool's queue, its workers' batches and its ledger: a plain value under the pool's lock, without a clock.
///
/// Each method decides and counts; what has to happen outside the lock it adds to ``PoolEffects``.
///
/// Invariant of waking: when a worker is parked and no woken worker is on its way, the queue and all stages are empty,
/// no batch has a job that was not begun, and `hungry` says so to senders. Hence no accepted job waits beside an idle
/// worker.
@usableFromInline
struct PoolStateMachine<Job: Sendable, Output: Sendable>: ~Copyable {
    /// Where a pool stands in its life.
    @usableFromInline
    enum Phase {
        /// Takes jobs; no worker runs yet. Can transition to: `running`, `closed`.
        case created
        /// Takes no jobs, and no worker runs yet: until the drain's deadline one may still come. Can transition to:
        /// `draining`, `revoked`, `finished`.
        case closed
        /// Takes jobs and runs them. Can transition to: `draining`.
        case running
        /// Takes no jobs; runs those it has. Can transition to: `revoked`, `finished`.
        case draining
        /// The unstarted jobs were taken back; running ones are waited for. Can transition to: `finished`.
        case revoked
        /// Every accepted job has its end. Final.
        case finished
    }

    @usableFromInline let limits: PoolLimits
    @usableFromInline let size: (@Sendable (borrowing Job) -> JobSize)?
    @usableFromInline let hungry: HungryFlag

    @usableFromInline var phase = Phase.created
    var hasStarted = false
    @usableFromInline var jobs: Ring<Job>
    @usableFromInline var arrivals = Arrivals()
    /// The queued jobs as the bounds count them.
    @usableFromInline var queued = 0
    @usableFromInline var queuedBytes = 0
    /// Places that stages hold, filled or not.
    @usableFromInline var promised = 0
    @usableFromInline var stages: [SenderStage<Job>] = []
    @usableFromInline var stagesCollectedAt: UInt64 = 0
    @usableFromInline var submitters = WaiterLine<Job>()
    @usableFromInline var waiters = WaiterPool<Job>()
    @usableFromInline let workers: UnsafeMutablePointer<WorkerRecord<Job>>
    /// Parked workers; the last to park is woken first, its caches are warm.
    @usableFromInline var parked: [Int] = []
    /// How many parked workers were woken and have not come yet.
    @usableFromInline var waking = 0
    /// About how long a job of the last batches took, in nanoseconds.
    @usableFromInline var jobTime: UInt64 = 0
    @usableFromInline var liveWorkers = 0
    /// Counts of what was offered, and of ends; what is in flight or queued is counted where it stands.
    @usableFromInline var counts = Ledger()
    @usableFromInline var waitTimes = LatencyHistogram()
    @usableFromInline var runTimes = LatencyHistogram()
    @usableFromInline var steals = 0
    /// Where each worker keeps the results of its batch, one for each ended job in order; only with a results channel.
    @usableFromInline var resultBuffers: [UnsafeMutablePointer<Result<Output, any Error>>?]
    /// Which slots there hold results that their worker could not hand over yet.
    @usableFromInline var heldResults: [Range<Int>]

    var returned: [Job] = []
    var abandoned: [(job: Job, worker: Int, since: UInt64)] = []
    var undelivered: [Result<Output, any Error>] = []
    var finishWaiters: [UnsafeContinuation<Void, Never>] = []
    var drain: DrainClock?
    var drainTimer: Task<Void, Never>?
    var abandonedAt: UInt64 = 0
    /// Made once, when the pool has finished: each drain returns the same.
    var report: DrainReport<Job, Output>?

    @usableFromInline
    init(limits: PoolLimits, size: (@Sendable (borrowing Job) -> JobSize)?, hungry: HungryFlag) {
        self.limits = limits
        self.size = size
        self.hungry = hungry
        // A sized job counts for at least one: no queue ever holds more of them than its capacity.
        self.jobs = Ring(capacity: limits.capacity)
        self.workers = .allocate(capacity: limits.workers)
        for index in 0..<limits.workers {
            (self.workers + index).initialize(to: WorkerRecord(batchMax: limits.batchMax))
        }
        self.resultBuffers = Array(repeating: nil, count: limits.workers)
        self.heldResults = Array(repeating: 0..<0, count: limits.workers)
        self.parked.reserveCapacity(limits.workers)
    }

    deinit {
        self.workers.deinitialize(count: self.limits.workers)
        self.workers.deallocate()
    }

    @inlinable
    @inline(__always)
    func size(of job: borrowing Job) -> JobSize {
        if let size = self.size { return size(job) }
        return JobSize()
    }

    @inlinable var isAccepting: Bool {
        switch self.phase {
        case .created, .running: true
        case .closed, .draining, .revoked, .finished: false
        }
    }

    /// Whether a job of this size has a place now.
    @inlinable
    func fits(_ size: JobSize) -> Bool {
        self.queued + self.promised + size.count <= self.limits.capacity
            && (self.limits.bytesMax == nil || self.queuedBytes + size.bytes <= self.limits.bytesMax ?? 0)
    }

    @inlinable
    func canEverFit(_ size: JobSize) -> Bool {
        size.count <= self.limits.capacity && size.bytes <= self.limits.bytesMax ?? .max
    }
}

/// What became of an attempt to put jobs into the queue.
@usableFromInline
enum Admission {
    case accepted
    case full
    case closed
    case tooLarge
}

/// The bounds of a pool, checked.
@usableFromInline
struct PoolLimits: Sendable {
    @usableFromInline var capacity: Int
    @usableFromInline var bytesMax: Int?
    @usableFromInline var workers: Int
    /// How many workers can truly run at once, at least 2: a take leaves a share to each.
    @usableFromInline var parallelism: Int
    @usableFromInline var batchMax: Int
    @usableFromInline var timing = WorkerPoolConfiguration.Timing.sampled
}

/// When a drain takes the unstarted jobs back, and when it gives up on the running ones.
struct DrainClock {
    var deadline: UInt64
    var end: UInt64
    /// Which timer this is; an older one that fires late is ignored.
    var generation: Int
}
