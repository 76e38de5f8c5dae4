//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Sources, a bounded queue, workers that run steps, and sinks with a lane each.
///
/// ```swift
/// let pipeline = Pipeline("late-flights") {
///     FileSource("flights.ndjson")
///     Decode.json
///     Filter("delay > 60")
///     FileSink("late.ndjson")
/// }
/// let report = try await pipeline.run()
/// ```
///
/// It runs once. Windows and the times of dead letters follow the wall clock as it was when the run began, carried on
/// by the monotonic clock: a clock that is set in the middle of a run opens no window twice.
public final class Pipeline: Sendable {
    /// Where a pipeline stands.
    private enum State {
        /// It has not run. Can transition to: `stopped`, `starting`.
        case ready
        /// It was told to drain before it ran. Can transition to: `starting`.
        case stopped(deadline: Duration)
        /// It opens what it needs. Can transition to: `running`, `ended`.
        case starting(deadline: Duration?)
        /// It runs. Can transition to: `ended`.
        case running(PipelineRun)
        /// It has run, or could not start. Final.
        case ended(PipelineProgress, PipelineSnapshot)
    }

    /// What the pipeline was made from.
    package let description: PipelineDescription
    /// Its steps, or why it cannot run.
    private let steps: Result<CompiledSteps, PenstockError>
    private let time: TimeSource
    private let wallClock: @Sendable () -> Int64
    private let state = Locked(State.ready)
    /// Why it could not start.
    private let failedStart = Locked<PipelineProblem?>(nil)
    /// The tasks that it has started and that have not ended.
    private let tasks: LiveTasks
    /// Nothing is ever put into it: it ends with the first order to drain, which a start that is under way does not outlast.
    private let startOrder = Channel<Void>(capacity: 1)

    /// Creates a pipeline; opens nothing.
    ///
    /// What is wrong with it, an expression that does not parse perhaps, ``check()`` tells and ``run()`` throws.
    ///
    /// - Parameters:
    ///   - name: Its name, for reports and threads.
    ///   - configuration: Limits and times.
    ///   - time: The clock of windows, waits and latency.
    ///   - parts: Sources, what decodes them, steps, sinks, and where dead letters go; in this order.
    public convenience init(
        _ name: String,
        configuration: PipelineConfiguration = PipelineConfiguration(),
        time: TimeSource = .system,
        @PipelineBuilder _ parts: () -> [PipelinePart]
    ) {
        let (description, problem) = PipelineDescription.building(name, configuration, parts())
        self.init(description, problem: problem, time: time, wallClock: systemWallClock)
    }

    /// Compiles the steps; opens nothing.
    ///
    /// - Parameters:
    ///   - description: What to run.
    ///   - time: The clock of windows and latency.
    /// - Throws: `invalidConfiguration`, with the `ExpressionError` as the underlying error where there is one.
    package convenience init(_ description: PipelineDescription, time: TimeSource = .system) throws(PenstockError) {
        try self.init(description, time: time, wallClock: systemWallClock)
    }

    /// Compiles the steps, with a wall clock (in nanoseconds since 1970) that a test sets.
    convenience init(
        _ description: PipelineDescription,
        time: TimeSource,
        wallClock: @escaping @Sendable () -> Int64
    ) throws(PenstockError) {
        self.init(description, problem: nil, time: time, wallClock: wallClock)
        _ = try self.steps.get()
    }

    private init(
        _ description: PipelineDescription,
        problem: PenstockError?,
        time: TimeSource,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.description = description
        self.steps = Result { () throws(PenstockError) in
            if let problem { throw problem }
            try description.validate()
            return try CompiledSteps(description)
        }
        self.time = time
        self.wallClock = wallClock
        self.tasks = LiveTasks(time: time)
    }

    /// What ``run()`` would refuse: what is wrong with the parts, files that cannot be read, folders that cannot be
    /// written.
    ///
    /// Changes nothing on disk, and opens no sink of one's own.
    public func check() -> [PenstockError] {
        if case .failure(let error) = self.steps { return [error] }
        return Self.problems(of: self.description).map(\.error)
    }

    /// What opening would refuse of a description, whether or not the rest of it is right; changes nothing.
    package static func problems(of description: PipelineDescription) -> [PipelineProblem] {
        Endpoints.problems(of: description)
    }

    /// Why ``run()`` could not start, once it has said so, where a part of it could not be opened.
    package var startProblem: PipelineProblem? { self.failedStart.withLock { $0 } }

    /// Runs until the sources come to their end, or until told to drain.
    ///
    /// Cancelling it means `drain(deadline: .zero)`; it still returns the report.
    ///
    /// - Returns: What became of every event.
    /// - Throws: Only when the run could not start, or has been before; then nothing has been started and no file has
    ///   been changed. A failure in the middle is in the report.
    @discardableResult
    public func run() async throws -> PipelineReport {
        let steps = try self.steps.get()
        try self.begin()
        // A task of its own: to be cancelled is an order to drain, and what carries it out must not be cancelled itself.
        let entry = self.tasks.begin("\(self.description.name)/run")
        let running = Task {
            defer { self.tasks.end(entry) }
            return try await self.run(steps)
        }
        return try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            self.drain(deadline: .zero)
        }
    }

    /// Stops the sources and finishes what was accepted, from anywhere; returns at once.
    ///
    /// ``run()`` returns by the deadline and the graces of what does not stop by itself, each 5 s: sources, workers,
    /// lanes. A start that is under way and waits for a sink or source of one's own ends too, and the report tells of no
    /// event. A second call with `.zero` stops now. A later deadline than one given before changes nothing.
    ///
    /// - Parameter deadline: How long accepted events may take to find their fates.
    public func drain(deadline: Duration) {
        let run = self.state.withLock { state -> PipelineRun? in
            switch state {
            case .ready: state = .stopped(deadline: deadline)
            case .stopped(let earlier): state = .stopped(deadline: min(earlier, deadline))
            case .starting(let earlier): state = .starting(deadline: min(earlier ?? deadline, deadline))
            case .running(let run): return run
            case .ended: break
            }
            return nil
        }
        self.startOrder.finish()
        run?.drain(deadline: deadline)
    }

    /// How far the run has come; cheap, at any time.
    public func progress() -> PipelineProgress {
        let (run, last) = self.state.withLock { state -> (PipelineRun?, PipelineProgress) in
            switch state {
            case .ready, .stopped, .starting: (nil, PipelineProgress())
            case .running(let run): (run, PipelineProgress())
            case .ended(let progress, _): (nil, progress)
            }
        }
        return run?.progress() ?? last
    }

    /// The pipeline at this instant; at any time, from anywhere.
    ///
    /// It takes the locks of the queue, the ledger and each sink's lane one after another, each for some microseconds:
    /// ledgers are exact by themselves, and may be some events apart from one another.
    public func snapshot() -> PipelineSnapshot {
        let state = self.state.withLock { $0 }
        var snapshot =
            switch state {
            case .ready, .stopped, .starting: PipelineSnapshot(pipeline: self.description.name)
            case .running(let run): run.snapshot(isOver: false)
            case .ended(_, let snapshot): snapshot
            }
        snapshot.tasks = self.tasks.current
        return snapshot
    }

    /// Makes workers take no more batches until ``resume()``; those at hand are finished, and sources are held once the
    /// queue is full. A drain goes on all the same.
    ///
    /// - Returns: Whether there is a run that it holds.
    @discardableResult
    public func pause() -> Bool { self.withRun { $0.pool.pause() } }

    /// Lets workers take batches again after ``pause()``.
    ///
    /// - Returns: Whether there is a run that goes on.
    @discardableResult
    public func resume() -> Bool { self.withRun { $0.pool.resume() } }

    /// Changes how many workers there are, while they work.
    ///
    /// - Parameter workers: At least 1, at most 1,024.
    /// - Returns: Whether there is a run that it concerns.
    @discardableResult
    public func resize(workers: Int) -> Bool {
        precondition((1...1024).contains(workers), "A pipeline has 1 to 1,024 workers, not \(workers).")
        return self.withRun { $0.pool.resize(workers: workers) }
    }

    // MARK: - Private

    /// Does something to the run; false when there is none.
    private func withRun(_ body: (PipelineRun) -> Void) -> Bool {
        let state = self.state.withLock { $0 }
        switch state {
        case .ready, .stopped, .starting, .ended: return false
        case .running(let run):
            body(run)
            return true
        }
    }

    /// There was no run, and there will be none.
    private func endUnstarted() {
        var snapshot = PipelineSnapshot(pipeline: self.description.name)
        snapshot.phase = .ended
        self.state.withLock { $0 = .ended(PipelineProgress(), snapshot) }
    }

    private func run(_ steps: CompiledSteps) async throws(PenstockError) -> PipelineReport {
        let beginning = self.time.now()
        let run: PipelineRun
        do throws(PenstockError) {
            guard let endpoints = try await self.open() else {
                self.endUnstarted()
                let seconds = Double(self.time.now() &- beginning) / 1e9
                return PipelineReport(unstarted: self.description, seconds: seconds)
            }
            run = try PipelineRun(
                self.description,
                steps: steps,
                endpoints: endpoints,
                time: self.time,
                tasks: self.tasks,
                wallClock: self.wallClock()
            )
        } catch {
            self.endUnstarted()
            throw error
        }
        let order = self.state.withLock { state in
            let order: Duration? = if case .starting(let deadline) = state { deadline } else { nil }
            state = .running(run)
            return order
        }
        if let order { run.drain(deadline: order) }
        let report = await run.run()
        self.state.withLock { $0 = .ended(run.progress(), run.snapshot(isOver: true)) }
        return report
    }

    private func open() async throws(PenstockError) -> Endpoints? {
        do throws(PipelineProblem) {
            return try await Endpoints(
                opening: self.description,
                time: self.time,
                tasks: self.tasks,
                until: self.startOrder
            )
        } catch {
            self.failedStart.withLock { $0 = error }
            throw error.error
        }
    }

    private func begin() throws(PenstockError) {
        try self.state.withLock { (state) throws(PenstockError) in
            switch state {
            case .ready: state = .starting(deadline: nil)
            case .stopped(let deadline): state = .starting(deadline: deadline)
            case .starting, .running, .ended:
                throw PenstockError(.alreadyRunning, "The pipeline \(self.description.name) has been run before.")
            }
        }
    }
}

/// The machine's time of day, in nanoseconds since 1970.
package func systemWallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
