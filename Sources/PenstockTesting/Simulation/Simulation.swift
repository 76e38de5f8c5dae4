//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// One run of concurrent code under a seed: the seed chooses, at each step, which task goes on.
///
/// Everything runs on one thread and on a clock of its own, so that a run is the same each time for the same seed, and
/// takes no real time. Put on it whatever you want to test: your own pools and channels, with the code around them.
///
/// ```swift
/// try Simulation.run(seeds: 1...10_000) { simulation in
///     let pool = WorkerPool(simulation.configuration(workers: 3, capacity: 4)) { (order: Order) in
///         await simulation.pause()                   // let others go on here
///         return try await enrich(order)
///     }
///     simulation.watch(pool)                         // balanced and within capacity after every step
///     …
/// }
/// ```
///
/// Tasks made with `Task { }` and work of other executors do not run under it; child tasks and task groups do.
public final class Simulation: Sendable {
    /// The seed of this run.
    public let seed: UInt64
    /// Where its tasks run. Hand it to what starts tasks of its own.
    public let executor: any TaskExecutor
    /// Its clock: it moves a little at each look, and jumps to the next sleeper when nothing else can run.
    public let clock = VirtualClock()

    private struct State {
        /// Numbers for the code under test.
        var generator: SeededGenerator
        /// Numbers for the choice of the next task.
        var choices: SeededGenerator
        var steps = 0
        var trace: UInt64 = 14_695_981_039_346_656_037
        var watchers: [@Sendable () -> String?] = []
        var failure: String?
    }

    private let steps: SimulationExecutor
    private let state: Locked<State>

    private init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        let choices = SimulationExecutor.Choice.allCases
        self.steps = SimulationExecutor(choice: choices[Int(generator.next() % UInt64(choices.count))])
        self.executor = self.steps
        self.clock.drift(upTo: generator.next() % 3 == 0 ? 60_000 : 500, seed: generator.next())
        self.state = Locked(State(generator: generator, choices: SeededGenerator(seed: ~seed)))
    }

    /// The clock as a source of time.
    public var time: TimeSource { self.clock.time }

    /// A configuration of a pool that runs under this simulation.
    ///
    /// - Parameters:
    ///   - workers: How many workers there are.
    ///   - capacity: The most jobs that wait for one.
    public func configuration(workers: Int, capacity: Int) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(name: "simulated", workers: workers, capacity: capacity)
        configuration.executor = self.executor
        configuration.timerExecutor = self.executor
        configuration.time = self.time
        // A seed gives the same run on every machine.
        configuration.processors = 2
        configuration.jitterSeed = self.seed
        return configuration
    }

    /// A number that follows from the seed.
    public func random(in range: ClosedRange<Int>) -> Int {
        self.state.withLock { Int.random(in: range, using: &$0.generator) }
    }

    /// True in one of `count` cases, by the seed.
    public func oneIn(_ count: Int) -> Bool { self.random(in: 1...count) == 1 }

    /// Lets other tasks go on.
    public func pause() async { await Task.yield() }

    /// Fails the run, unless a condition holds.
    public func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        guard !condition else { return }
        let message = message()
        self.state.withLock { $0.failure = $0.failure ?? message }
    }

    /// Fails the run at the first step after which a pool's ledger does not balance, its queue is over capacity, or a job
    /// waits beside an idle worker.
    public func watch<Job, Output>(_ pool: WorkerPool<Job, Output>) {
        let capacity = pool.capacity
        self.watch {
            let ledger = pool.ledger
            if !ledger.isBalanced { return "the ledger does not balance: \(ledger)" }
            let stranded = pool.strandedJobs
            if stranded > 0 { return "\(stranded) jobs wait beside an idle worker: a lost wake-up" }
            if ledger.queued > capacity { return "\(ledger.queued) jobs are queued, the capacity is \(capacity)" }
            return nil
        }
    }

    /// Fails the run at the first step after which a channel holds more than its capacity.
    public func watch<Element>(_ channel: Channel<Element>) {
        self.watch {
            let depth = channel.depth
            return depth > channel.capacity ? "the channel holds \(depth), its capacity is \(channel.capacity)" : nil
        }
    }

    /// Fails the run at the first step after which a check returns what is wrong.
    public func watch(_ check: @escaping @Sendable () -> String?) {
        self.state.withLock { $0.watchers.append(check) }
    }

    // MARK: - Running

    /// Runs a body once for each seed.
    ///
    /// A run fails when the body throws, an expectation or a watcher says so, nothing can go on although the body has
    /// not returned (a lost wake-up, or a deadlock), or there are too many steps.
    ///
    /// - Parameters:
    ///   - seeds: The seeds; one seed alone replays a failure.
    ///   - stepsMax: The most steps of a run.
    ///   - body: The code under test, with its expectations.
    /// - Returns: How many runs and steps there were.
    /// - Throws: ``SimulationFailure`` of the first seed that fails.
    @discardableResult
    public static func run(
        seeds: some Sequence<UInt64>,
        stepsMax: Int = 1_000_000,
        _ body: @escaping @Sendable (Simulation) async throws -> Void
    ) throws(SimulationFailure) -> SimulationSummary {
        var summary = SimulationSummary()
        for seed in seeds {
            let simulation = Simulation(seed: seed)
            try simulation.run(stepsMax: stepsMax, body)
            let (steps, trace) = simulation.state.withLock { ($0.steps, $0.trace) }
            summary.runs += 1
            summary.steps += steps
            summary.trace = (summary.trace ^ trace) &* 1_099_511_628_211
        }
        return summary
    }

    private func run(
        stepsMax: Int,
        _ body: @escaping @Sendable (Simulation) async throws -> Void
    ) throws(SimulationFailure) {
        // A watcher holds what it watches, whose handlers hold this simulation: a run would leave all of it behind.
        defer { self.state.withLock { $0.watchers = [] } }
        let outcome = Locked<Result<Void, any Error>?>(nil)
        Task(executorPreference: self.executor) {
            let result: Result<Void, any Error>
            do {
                try await body(self)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
        }
        while self.step() || (outcome.withLock { $0 == nil } && self.clock.advanceToNextSleeper()) {
            let (steps, failure) = self.state.withLock { ($0.steps, $0.failure) }
            if let failure { throw self.failure(failure) }
            if steps > stepsMax { throw self.failure("more than \(stepsMax) steps: it does not come to an end") }
        }
        if let failure = self.state.withLock({ $0.failure }) { throw self.failure(failure) }
        switch outcome.withLock({ $0 }) {
        case .success: break
        case .failure(let error): throw self.failure("threw \(error)")
        case nil:
            throw self.failure("nothing can go on, and the body has not returned: a lost wake-up or a deadlock")
        }
    }

    /// Runs one task until it suspends, then the watchers. False when none is ready.
    private func step() -> Bool {
        var choices = self.state.withLock { $0.choices }
        let index = self.steps.step(&choices)
        self.state.withLock { state in
            state.choices = choices
            guard let index else { return }
            state.steps += 1
            state.trace = (state.trace ^ UInt64(index)) &* 1_099_511_628_211
        }
        guard index != nil else { return false }
        for watcher in self.state.withLock({ $0.watchers }) {
            if let message = watcher() {
                self.expect(false, message)
                break
            }
        }
        return true
    }

    private func failure(_ message: String) -> SimulationFailure {
        SimulationFailure(seed: self.seed, step: self.state.withLock { $0.steps }, message: message)
    }
}

/// How much was simulated.
public struct SimulationSummary: Sendable, Hashable {
    /// How many seeds ran.
    public internal(set) var runs = 0
    /// How many steps they took in all.
    public internal(set) var steps = 0
    /// A number that follows from every choice made: equal for equal seeds and equal code.
    public internal(set) var trace: UInt64 = 14_695_981_039_346_656_037
}

/// A run that failed, and the seed that replays it.
public struct SimulationFailure: Error, Sendable, CustomStringConvertible {
    /// The seed.
    public let seed: UInt64
    /// After how many steps it failed.
    public let step: Int
    /// What was wrong.
    public let message: String
    /// The failure, and how to see it again.
    public var description: String {
        "seed \(self.seed), step \(self.step): \(self.message) (replay with `seeds: [\(self.seed)]`)"
    }
}
