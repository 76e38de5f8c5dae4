//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a ``ResourcePool`` is set up.
///
/// It is checked once, when the pool is made.
public struct ResourcePoolConfiguration: Sendable {
    /// Which idle resource is leased next.
    public struct Reuse: Sendable, Hashable {
        enum Kind { case newestFirst, oldestFirst }
        let kind: Kind

        /// The one that came back last: it is the warmest, and what is not needed stays idle until it is retired.
        public static let newestFirst = Reuse(kind: .newestFirst)
        /// The one that has been idle longest: all are used alike, and none is retired while any is used.
        public static let oldestFirst = Reuse(kind: .oldestFirst)
    }

    /// When new resources are made, how many at once, and what follows a failure.
    public struct Creation: Sendable {
        /// How long a creation may take before its slot is given back.
        ///
        /// Default: 10 s.
        public var timeMax = Duration.seconds(10)
        /// The most creations in progress at a time; after a failure it is one, until one has succeeded.
        ///
        /// Default: 4, so that a burst of demand is no burst of connections.
        public var concurrentMax = 4
        /// The longest wait after the first failure; it doubles with each further one.
        ///
        /// Each wait is a random one from zero up to that (full jitter), and one for the whole pool.
        ///
        /// Default: 100 ms.
        public var backoffInitial = Duration.milliseconds(100)
        /// The longest wait after any number of failures.
        ///
        /// Default: 10 s.
        public var backoffMax = Duration.seconds(10)
        /// After how many failures in a row all waiting leases fail with `creationFailed`, if no resource is in being.
        ///
        /// From then on each further failure ends the waits of those who have come meanwhile. Fewer failures end no
        /// wait: it lasts until a resource comes or its own time has passed. Default: 8, some seconds of an outage.
        public var failuresMax = 8

        /// Creates the defaults.
        public init() {}
    }

    /// When a resource is asked whether it still works.
    ///
    /// Without a `check` closure none of this has an effect. A successful lease counts as a check.
    public struct Check: Sendable {
        /// A resource that has not been proved for so long is checked before it is leased; nil: never.
        ///
        /// Default: 30 s.
        public var afterIdle: Duration? = .seconds(30)
        /// Idle resources are checked in the background when they have not been proved for so long, one at a time; nil:
        /// never.
        ///
        /// Default: nil.
        public var interval: Duration?
        /// How long a check may take before the resource counts as broken.
        ///
        /// Default: 5 s.
        public var timeMax = Duration.seconds(5)

        /// Creates the defaults.
        public init() {}
    }

    /// The pool's name in reports and metrics.
    ///
    /// Default: `resources`.
    public var name = "resources"
    /// The fewest resources in being while the pool runs, also when nobody wants one.
    ///
    /// Default: 0.
    public var minimum = 0
    /// The most resources in being, 1 to 1,000,000.
    ///
    /// What is being created and what is being destroyed counts too: to the other side it is a connection like any
    /// other. Default: 10.
    public var maximum = 10
    /// The most leases that may wait; a further one is refused with `full`.
    ///
    /// Default: 10,000.
    public var waitersMax = 10_000
    /// How long a lease waits that does not say for how long.
    ///
    /// Default: 30 s.
    public var waitTimeMax = Duration.seconds(30)
    /// After how long an idle resource is retired, if there are more than the minimum; nil: never.
    ///
    /// Default: 10 minutes.
    public var idleTimeMax: Duration? = .seconds(600)
    /// At what age a resource is retired, when it is not leased; nil: never.
    ///
    /// Default: nil.
    public var ageMax: Duration?
    /// By which share of the maximum age a resource may be retired earlier, from 0 to 1, chosen at random for each.
    ///
    /// Default: 0.1, so that those made together do not go together.
    public var ageJitter = 0.1
    /// From which age on a lease is reported to the observer, once, with the place where it was taken; nil: never.
    ///
    /// Default: 60 s.
    public var leaseTimeMax: Duration? = .seconds(60)
    /// How long a destruction may take before its slot is given back.
    ///
    /// Default: 5 s.
    public var destructionTimeMax = Duration.seconds(5)
    /// The most closures that run on although they were cancelled and their slots given back.
    ///
    /// While there are as many, nothing is created. Default: 64.
    public var straysMax = 64
    /// When new resources are made, how many at once, and what follows a failure.
    public var creation = Creation()
    /// When a resource is asked whether it still works.
    public var check = Check()
    /// Which idle resource is leased next.
    ///
    /// Default: ``Reuse/newestFirst``.
    public var reuse = Reuse.newestFirst
    /// Whether an error that left the body of ``ResourcePool/with(timeout:file:line:_:)`` has broken its resource.
    ///
    /// A broken one is destroyed; another is checked, if the pool has a check, before anybody else gets it.
    ///
    /// Default: no error has.
    public var isBroken: @Sendable (any Error) -> Bool = { _ in false }
    /// How long a drain waits for leases to come back.
    ///
    /// Default: 30 s.
    public var drainDeadline = Duration.seconds(30)
    /// How long a drain then waits for closures to end.
    ///
    /// Default: 5 s.
    public var drainGrace = Duration.seconds(5)
    /// Where time comes from.
    ///
    /// Default: the machine.
    public var time = TimeSource.system
    /// What the pool's jitter follows from; nil for chance.
    ///
    /// Default: nil.
    public var seed: UInt64?
    /// An executor for everything that the pool does by itself; it must outlive the pool.
    ///
    /// Default: nil, for Swift's own threads.
    public var executor: (any TaskExecutor)?
    /// Who looks on.
    ///
    /// Default: nobody.
    public var observer: any PipelineObserver = SilentObserver()

    /// Creates a configuration with the values that are most often set, and defaults for the others.
    ///
    /// - Parameters:
    ///   - name: The pool's name.
    ///   - minimum: The fewest resources in being.
    ///   - maximum: The most resources in being, 1 to 1,000,000.
    public init(name: String = "resources", minimum: Int = 0, maximum: Int = 10) {
        self.name = name
        self.minimum = minimum
        self.maximum = maximum
    }
}
