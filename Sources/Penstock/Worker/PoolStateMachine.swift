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

    // What each batch changes stands together: its cache lines go from one processor to the next.

    /// The queued jobs and when they came, while the pool needs to know no more of them: first in, first out.
    @usableFromInline var jobs: Ring<Job>
    @usableFromInline var arrivals = Arrivals()
    /// The queued jobs as the bounds count them.
    @usableFromInline var queued = 0
    @usableFromInline var queuedBytes = 0
    /// Places that stages hold, filled or not.
    @usableFromInline var promised = 0
    @usableFromInline var stagesCollectedAt: UInt64 = 0
    /// About how long a job of the last batches took, in nanoseconds.
    @usableFromInline var jobTime: UInt64 = 0
    /// How long workers had jobs, waits for whoever takes results included, and how long they had none; in nanoseconds.
    @usableFromInline var busyTime: UInt64 = 0
    @usableFromInline var idleTime: UInt64 = 0
    @usableFromInline var waitTimes = LatencyHistogram()
    @usableFromInline var runTimes = LatencyHistogram()
    /// Counts of what was offered, and of ends; what is in flight or queued is counted where it stands.
    @usableFromInline var counts = Ledger()

    // What it reads, and what is seldom changed.

    @usableFromInline var limits: PoolLimits
    @usableFromInline let size: (@Sendable (borrowing Job) -> JobSize)?
    @usableFromInline let hungry: HungryFlag

    @usableFromInline var phase = Phase.created
    var hasStarted = false
    /// The queued jobs otherwise: with a discipline, or once a job was called.
    @usableFromInline var table: UnsafeMutablePointer<JobTable<Job>>?
    @usableFromInline let discipline: AnyDiscipline<Job>?
    /// Whether the discipline has ever said that jobs go together, and when workers' batches were last looked through for
    /// such as have ended.
    @usableFromInline var holdsRuns = false
    @usableFromInline var runsLookedAt: UInt64 = 0
    /// Whether the discipline has bounds of its own on what may be queued.
    @usableFromInline let limitsAdmission: Bool
    /// Whether senders are promised places. Not where jobs differ in size; and not where it
    /// matters how long each has waited, because a stage only knows when its first job came.
    @usableFromInline let grantsPlaces: Bool
    /// Whether a job's tag matters to nobody as long as it asks for no care.
    @usableFromInline let takesPlainly: Bool
    @usableFromInline var stages: [SenderStage<Job>] = []
    @usableFromInline var submitters = WaiterLine<Job>()
    /// How many places less a discipline with bounds of its own is told of while producers wait.
    @usableFromInline var reserve = 0
    @usableFromInline var waiters = WaiterPool<Job>()
    @usableFromInline var workers: UnsafeMutablePointer<WorkerRecord<Job>>
    /// How many records there are; those of workers that have exited can be used again.
    @usableFromInline var workerSlots: Int
    /// Whether workers park although there are jobs.
    @usableFromInline var isPaused = false
    /// How many workers stand in for others that are stuck.
    @usableFromInline var replacements = 0
    /// Parked workers; the last to park is woken first, its caches are warm.
    @usableFromInline var parked: [Int] = []
    /// How many parked workers were woken and have not come yet.
    @usableFromInline var waking = 0
    @usableFromInline var liveWorkers = 0
    /// How long producers have waited, whenever at least one did, and since when one does.
    @usableFromInline var heldTime: UInt64 = 0
    @usableFromInline var heldSince: UInt64 = 0
    @usableFromInline var steals = 0
    /// Where each worker keeps the results of its batch, one for each ended job in order; only with a results channel.
    @usableFromInline var resultBuffers: [UnsafeMutablePointer<Result<Output, any Error>>?]
    /// Which slots there hold results that their worker could not hand over yet.
    @usableFromInline var heldResults: [Range<Int>]

    /// Whether there is load to be shed or held.
    @usableFromInline let isControlled: Bool
    var shedding: CoDelController?
    var rate: RateLimiter?
    /// The most jobs that may begin at this moment.
    @usableFromInline var takeMax = Int.max
    /// Whether a worker waits for the moment when the next job may begin; the others park meanwhile.
    @usableFromInline var hasRateSleeper = false
    /// Failed jobs that wait for another attempt, and what pays for it.
    var delayed: [DelayedJob<Job>] = []
    var budget: RetryBudget?
    var retries = 0
    var jitter: JitterGenerator
    var retryTimer = RetryTimer()
    /// Workers that have been at one job for too long.
    var stuckWorkers = 0
    @usableFromInline var idleWatch: TaskContinuation<Void>?
    /// Results that wait for earlier ones, or for a place in the channel; only where they leave in order.
    var order: ResultOrder<Output>?
    /// Which of the jobs may be taken then.
    let fifo: PlacedFifo<Job>?

    /// Jobs that the tasks that offered them run themselves, and results of such jobs that found no place yet.
    var inlineRuns: [Int: (job: Job, since: UInt64)] = [:]
    var inlineResults: [Int: Result<Output, any Error>] = [:]
    var inlineNumber = 0

    var returned: [Job] = []
    var abandoned: [(job: Job, worker: Int, since: UInt64)] = []
    var undelivered: [Result<Output, any Error>] = []
    var finishWaiters: [TaskContinuation<Void>] = []
    var drain: DrainClock?
    var drainTimer: Task<Void, Never>?
    var abandonedAt: UInt64 = 0
    /// Made once, when the pool has finished: each drain returns the same.
    var report: DrainReport<Job, Output>?

    init(
        limits: PoolLimits,
        size: (@Sendable (borrowing Job) -> JobSize)?,
        hungry: HungryFlag,
        discipline: AnyDiscipline<Job>? = nil,
        control: PoolControl = PoolControl()
    ) {
        self.limits = limits
        self.size = size
        self.hungry = hungry
        // A sized job counts for at least one: no queue ever holds more of them than its capacity.
        self.order = limits.resultPlaces.map { ResultOrder(capacity: $0) }
        self.fifo = self.order == nil ? nil : PlacedFifo()
        let discipline = self.fifo ?? discipline
        self.discipline = discipline
        self.isControlled = control.shedding != nil || control.rate != nil
        self.shedding = control.shedding.map { CoDelController($0) }
        self.rate = control.rate.map { RateLimiter($0) }
        self.budget = control.retry.map { RetryBudget($0) }
        self.jitter = JitterGenerator(seed: control.jitterSeed)
        let limitsAdmission = discipline?.limitsAdmission ?? false
        self.limitsAdmission = limitsAdmission
        self.grantsPlaces =
            size == nil && limits.queueTimeMax == .max && control.shedding == nil
        self.takesPlainly =
            size == nil && limits.timing.kind != .everyJob && limits.resultPlaces == nil && !limits.retries
            && !limits.caresForEachJob
        self.jobs = Ring(capacity: discipline == nil ? limits.capacity : 1)
        self.workerSlots = limits.workers
        self.workers = .allocate(capacity: limits.workers)
        for index in 0..<limits.workers {
            (self.workers + index).initialize(to: WorkerRecord(batchMax: limits.batchMax))
        }
        self.resultBuffers = Array(repeating: nil, count: limits.workers)
        self.heldResults = Array(repeating: 0..<0, count: limits.workers)
        self.parked.reserveCapacity(limits.workers)
        self.fifo?.room = self.order?.room ?? 0
        if discipline != nil || limits.needsTags { self.keepTags() }
    }

    deinit {
        self.workers.deinitialize(count: self.workerSlots)
        self.workers.deallocate()
        if let table = self.table {
            table.deinitialize(count: 1)
            table.deallocate()
        }
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

    /// Whether workers park although there are jobs: in a pause, or because no more may begin yet.
    @usableFromInline var isHeld: Bool { self.isPaused || self.hasRateSleeper }

    /// How many queued jobs a worker could take now.
    @inlinable
    @inline(__always)
    var ready: Int {
        if let table = self.table { return table.pointee.ready }
        return self.jobs.count
    }

    /// Whether a job of this size has a place now.
    @inlinable
    func fits(_ size: JobSize) -> Bool {
        self.queued + self.promised + size.count <= self.limits.capacity
            && (self.limits.bytesMax == nil || self.queuedBytes + size.bytes <= self.limits.bytesMax ?? 0)
    }

    /// Whether the queue has a place for the job, and the discipline too.
    @inlinable
    @inline(__always)
    func hasPlace(for job: borrowing Job, _ size: JobSize) -> Bool {
        guard self.fits(size) else { return false }
        guard self.limitsAdmission, let discipline = self.discipline else { return true }
        // Whoever fills the promised places may be the one whose job this is.
        let free = self.limits.capacity - self.queued - 2 * self.promised - self.reserve
        return discipline.admits(job, size: size.count, free: free)
    }

    /// Whether a producer that comes may go ahead of those who wait: when nobody waits; or when those who do wait for
    /// bounds of the discipline that it need not care about.
    @inlinable
    @inline(__always)
    var maySkipLine: Bool { self.submitters.isEmpty || self.limitsAdmission }

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
    @usableFromInline var overflow = OverflowPolicy.wait
    /// The most producers in line; `.max` for any number.
    @usableFromInline var waitersMax = Int.max
    /// Whether a job that another job of the pool offers, and finds no place for, is run where it is offered.
    @usableFromInline var runsNestedInline = false
    /// The longest time in the queue, in nanoseconds; `.max` for any.
    @usableFromInline var queueTimeMax = UInt64.max
    /// How many workers may stand in for stuck ones.
    @usableFromInline var replacementsMax = 0
    /// How many processors there are, for `parallelism` after a resize.
    @usableFromInline var processors = 2
    /// How many results may be on their way to a channel that gets them in order; nil where order does not matter.
    @usableFromInline var resultPlaces: Int?
    /// Whether a handler may wait without using a processor.
    @usableFromInline var suspends = false
    /// Whether a batch's jobs all begin and end together.
    @usableFromInline var beginsWhole = false
    /// Whether jobs may be tried again.
    @usableFromInline var retries = false
    /// Whether a worker has more to do about each job than to run it.
    @usableFromInline var caresForEachJob = false
    /// Whether each job needs a tag from the beginning.
    @usableFromInline var needsTags = false

    /// Lets results leave in order.
    mutating func keepOrder(places: Int) {
        self.resultPlaces = places
        self.caresForEachJob = true
    }
}

/// What a pool does about load and failures, beside its bounds.
struct PoolControl {
    var shedding: LoadShedding?
    var rate: RateLimit?
    var retry: RetryPolicy?
    var jitterSeed: UInt64 = 0

    init() {}

    init(_ configuration: WorkerPoolConfiguration) {
        self.shedding = configuration.shedding
        self.rate = configuration.rateLimit
        self.retry = configuration.retry
        self.jitterSeed = configuration.jitterSeed
    }
}

/// When a drain takes the unstarted jobs back, and when it gives up on the running ones.
struct DrainClock {
    var deadline: UInt64
    var end: UInt64
    /// Which timer this is; an older one that fires late is ignored.
    var generation: Int
}
