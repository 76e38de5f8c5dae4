//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Which of the queued jobs a free worker takes next.
///
/// A discipline is a description: each pool makes a state of its own from it, so that one may be given to many pools.
///
/// Closures that tell something of a job are called under the pool's lock, once a job when it comes unless they say
/// otherwise. They must be quick and must not call the pool.
public struct Discipline<Job: Sendable>: Sendable {
    /// Which one it is, for what depends on it.
    @usableFromInline let kind: DisciplineKind
    /// Makes the state for a pool; nil for `fifo`, for which the pool's ring suffices.
    @usableFromInline let make: (@Sendable () -> AnyDiscipline<Job>)?

    @usableFromInline
    init(kind: DisciplineKind, make: (@Sendable () -> AnyDiscipline<Job>)?) {
        self.kind = kind
        self.make = make
    }

    // MARK: - By time

    /// The job that came first. The default, and the fastest.
    public static var fifo: Discipline { Discipline(kind: .fifo, make: nil) }

    /// The job that came last.
    ///
    /// The newest jobs wait least, and while there is too much to do the oldest wait without a bound: for jobs that are
    /// worth little once they are old. The job that is shed first is the oldest.
    ///
    /// It takes 8 bytes a queued job. Coming, going and being cancelled take constant time.
    @inlinable public static var lifo: Discipline {
        Discipline(kind: .lifo) { ErasedDiscipline(LIFODiscipline()) }
    }

    // MARK: - By urgency

    /// The job of the most urgent class, and within a class the one that came first.
    ///
    /// Classes are strict: while there is a job of class 0, none of class 1 is taken, unless it has aged. A job that has
    /// waited for at least `ageing` is taken before any that has not, and the oldest of those first, so that no class starves
    /// while workers finish jobs. When nearly all jobs wait that long, the order is that of arrival: then the pool has
    /// too little room for its classes to matter.
    ///
    /// The job that is shed first is one of the least urgent class that has one: the newest when the queue is full, the
    /// oldest when jobs have waited too long.
    ///
    /// It takes 24 bytes a queued job. Coming, going and being cancelled take constant time; a look for an aged job
    /// takes a step a class, and comes when one may have aged.
    ///
    /// - Parameters:
    ///   - classes: How many classes there are, 1 to 64. Default: 3.
    ///   - ageing: How long a job waits at most before it goes ahead of those that have waited less; zero for order of
    ///     arrival alone. Default: 1 s, which people who wait begin to notice.
    ///   - classOf: A job's class, from 0, which is served first. One below 0 counts as 0, one too high as the last.
    @inlinable
    public static func priority(
        classes: Int = 3,
        ageing: Duration = .seconds(1),
        class classOf: @escaping @Sendable (borrowing Job) -> Int
    ) -> Discipline {
        // Here, so that a number of classes that cannot be is told where it is written.
        let classesMax = PriorityDiscipline<Job>.classesMax
        precondition(
            (1...classesMax).contains(classes),
            "There are 1 to \(classesMax) classes of priority, not \(classes)."
        )
        return Discipline(kind: .priority) {
            ErasedDiscipline(PriorityDiscipline(classes: classes, ageing: ageing.wholeNanoseconds, classOf: classOf))
        }
    }

    /// The job with the earliest deadline; of those with the same deadline the one that came first.
    ///
    /// Earliest deadline first is best where all can be met: if any order meets every deadline on one worker, this one does
    /// (C. L. Liu and J. W. Layland, "Scheduling algorithms for multiprogramming in a hard-real-time environment", Journal
    /// of the ACM 20(1), 1973). Jobs whose deadline has passed are not run. Those without a deadline come last, in order of
    /// arrival, and may wait without a bound.
    ///
    /// The job that is shed first is one without a deadline: the newest when the queue is full, the oldest when jobs have
    /// waited too long. If all have one, it is the one that came first: it has
    /// waited longest, and mostly has the least time left.
    ///
    /// It takes 32 bytes a queued job. Coming, going and being cancelled take a number of steps that grows with the
    /// logarithm of the number of queued jobs.
    ///
    /// - Parameter deadline: When a job must have begun, in nanoseconds of the pool's ``TimeSource``; nil, or `UInt64.max`,
    ///   for no deadline.
    @inlinable
    public static func deadline(of deadline: @escaping @Sendable (borrowing Job) -> UInt64?) -> Discipline {
        Discipline(kind: .deadline) { ErasedDiscipline(DeadlineDiscipline(deadlineOf: deadline)) }
    }

    // MARK: - By whose it is

    /// Tenants in turns, in proportion to their weights, in workers as well as in queue places.
    ///
    /// While tenants have jobs queued, each is served in proportion to its weight, by deficit round robin (M. Shreedhar and
    /// G. Varghese, "Efficient Fair Queueing Using Deficit Round Robin", SIGCOMM 1995). Between two tenants that always
    /// have jobs, what was served by weight differs by at most a quantum and a largest job; the quantum is the size of the
    /// largest job that has come since the queue was last empty. A job costs its size. A tenant's jobs keep their order.
    ///
    /// A job is admitted while what its tenant has queued is less than the tenant's weight times the free places (A. K.
    /// Choudhury and E. L. Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", IEEE/ACM Transactions
    /// on Networking 6(2), 1998); one is always admitted when its tenant has none queued and there is room. So a tenant that
    /// floods never takes the last places. The price is that some stay free: a single tenant of weight 1 gets half of
    /// the queue, and `n` of them get `n / (n + 1)` of it together; a single one of weight `w` gets `w / (w + 1)`. Of weights
    /// with the same proportions, greater ones fill the queue further, and leave less to those who come.
    ///
    /// The job that is shed first is one of the tenant that has the most queued for its weight, for which the tenants with
    /// jobs are looked through: the newest when the queue is full, the oldest when jobs have waited too long.
    ///
    /// It takes 24 bytes a queued job, and for each tenant that has jobs some 60 bytes and the tenant itself. Those without
    /// jobs are remembered too, but at most as many as the capacity; the one that has had none for longest is forgotten
    /// first. Coming, going and being cancelled take constant time.
    ///
    /// - Parameters:
    ///   - tenant: Whose a job is. It is asked twice a job: whether the job may come, and when it comes.
    ///   - weight: A tenant's weight, 1 to 1,000; what is outside counts as the nearest of them. It is asked when a tenant
    ///     appears, and again after it was forgotten. Default: 1 for each.
    @inlinable
    public static func fair<Tenant: Hashable & Sendable>(
        tenant: @escaping @Sendable (borrowing Job) -> Tenant,
        weight: @escaping @Sendable (Tenant) -> Int = { _ in 1 }
    ) -> Discipline {
        Discipline(kind: .fair) { ErasedDiscipline(FairDiscipline(LaneFinder(key: tenant, weight: weight))) }
    }

    /// The jobs of each key one after another, in order of arrival, and never two at once.
    ///
    /// A free worker takes the jobs of a key, and of further keys while it may take more at once, and has each key until those
    /// jobs have ended; then the key goes to the end of the line, if it has jobs by then. Keys in line are served in turns, in
    /// the order in which they came to have jobs that may run. No key is bound to a worker, so that a slow key holds up no
    /// other: it is a worker less for them, and nothing else. Whole keys that a worker has taken and not begun are given to one
    /// that is free, or comes for more while the first has been at its batch for over 0.4 ms; keys that it is done with are
    /// free before its batch is. A handler of whole batches gets one key at a time.
    ///
    /// The job that is shed first is the one that came first.
    ///
    /// It takes 12 bytes a queued job, and for each key with queued or running jobs some 60 bytes and the key itself.
    /// Idle keys are remembered too, but all together are at most as many as the capacity, or as are in use; the one that
    /// has been idle longest is forgotten first. Coming, going and being cancelled take constant time.
    ///
    /// - Parameter key: A job's key.
    @inlinable
    public static func keyed<Key: Hashable & Sendable>(
        by key: @escaping @Sendable (borrowing Job) -> Key
    ) -> Discipline {
        Discipline(kind: .keyed) { ErasedDiscipline(KeyedDiscipline(LaneFinder(key: key))) }
    }

    // MARK: - Your own

    /// A discipline of your own.
    ///
    /// The pool checks what it gives away: a ticket that stands for no queued job, or one that was given away before, traps.
    ///
    /// - Parameter discipline: Its state before anything has come. Each pool gets a copy; so one that is, or holds, a reference
    ///   to something that changes may be given to one pool only.
    @inlinable
    public static func custom(_ discipline: some SchedulingDiscipline<Job>) -> Discipline {
        Discipline(kind: .custom) { ErasedDiscipline(CheckedDiscipline(discipline)) }
    }

}

/// Which discipline it is, whatever the jobs are.
@usableFromInline
enum DisciplineKind: String, Sendable { case fifo, lifo, priority, deadline, fair, keyed, custom }
