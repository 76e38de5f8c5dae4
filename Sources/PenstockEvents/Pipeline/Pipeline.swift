//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Sources, a bounded queue, workers that run steps, and sinks, made from a description.
///
/// It runs once. Windows and the times of dead letters follow the wall clock as it was when the run began, carried on
/// by the monotonic clock: a clock that is set in the middle of a run opens no window twice.
package final class Pipeline: Sendable {
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
        case ended(PipelineProgress)
    }

    /// What the pipeline was made from.
    package let description: PipelineDescription
    private let steps: CompiledSteps
    private let time: TimeSource
    private let wallClock: @Sendable () -> Int64
    private let state = Locked(State.ready)

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
    init(
        _ description: PipelineDescription,
        time: TimeSource,
        wallClock: @escaping @Sendable () -> Int64
    ) throws(PenstockError) {
        try description.validate()
        self.description = description
        self.steps = try CompiledSteps(description)
        self.time = time
        self.wallClock = wallClock
    }

    /// What `run()` would refuse: files that cannot be read, folders that cannot be written.
    ///
    /// Changes nothing on disk.
    package func check() -> [PenstockError] { Endpoints.problems(of: self.description) }

    /// Runs until the sources come to their end, or until told to drain.
    ///
    /// Cancelling it means `drain(deadline: .zero)`.
    ///
    /// - Throws: Only when the run could not start, or has been before; then nothing has been started and no file has
    ///   been changed. A failure in the middle is in the report.
    package func run() async throws -> PipelineReport {
        try self.begin()
        let run: PipelineRun
        do throws(PenstockError) {
            let endpoints = try Endpoints(opening: self.description)
            run = try PipelineRun(
                self.description,
                steps: self.steps,
                endpoints: endpoints,
                time: self.time,
                wallClock: self.wallClock()
            )
        } catch {
            self.state.withLock { $0 = .ended(PipelineProgress()) }
            throw error
        }
        let order = self.state.withLock { state in
            let order: Duration? = if case .starting(let deadline) = state { deadline } else { nil }
            state = .running(run)
            return order
        }
        if let order { run.drain(deadline: order) }
        let report = await withTaskCancellationHandler {
            await run.run()
        } onCancel: {
            run.drain(deadline: .zero)
        }
        self.state.withLock { $0 = .ended(run.progress()) }
        return report
    }

    /// Stops the sources and finishes what was accepted, from anywhere.
    ///
    /// A second call with `.zero` stops now. A later deadline than one given before changes nothing.
    ///
    /// - Parameter deadline: How long accepted events may take to find their fates.
    package func drain(deadline: Duration) {
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
        run?.drain(deadline: deadline)
    }

    /// How far the run has come; cheap, at any time.
    package func progress() -> PipelineProgress {
        let (run, last) = self.state.withLock { state -> (PipelineRun?, PipelineProgress) in
            switch state {
            case .ready, .stopped, .starting: (nil, PipelineProgress())
            case .running(let run): (run, PipelineProgress())
            case .ended(let progress): (nil, progress)
            }
        }
        return run?.progress() ?? last
    }

    // MARK: - Private

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

private func systemWallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension PipelineDescription {
    /// Refuses numbers that no run could work with.
    fileprivate func validate() throws(PenstockError) {
        func refuse(_ message: String) -> PenstockError { PenstockError(.invalidConfiguration, message) }
        if self.sources.isEmpty { throw refuse("A pipeline needs at least one source.") }
        if self.sinks.isEmpty { throw refuse("A pipeline needs at least one sink.") }
        if self.queue.events < 1 { throw refuse("A queue holds at least 1 event, not \(self.queue.events).") }
        if self.queue.bytes < 1 { throw refuse("A queue holds at least 1 byte, not \(self.queue.bytes).") }
        if self.queue.whenFull != .wait {
            throw refuse("A queue that is full can only wait so far, not \(self.queue.whenFull.rawValue).")
        }
        if let workers = self.workers, workers < 1 { throw refuse("There must be at least 1 worker, not \(workers).") }
        if !(1...1 << 30).contains(self.lineBytesMax) { throw refuse("The longest line must be from 1 byte to 1 GiB.") }
        if Set(self.sinks.map(\.name)).count < self.sinks.count { throw refuse("Two sinks have the same name.") }
        for source in self.sources {
            switch source.kind {
            case .stdin: break
            case .file(_, let times) where times < 1: throw refuse("A file is read at least once, not \(times) times.")
            case .file: break
            case .generate(let rate, let count):
                if let rate, !(rate > 0 && rate.isFinite) { throw refuse("A rate is more than 0 events a second.") }
                if let count, count < 0 { throw refuse("A count is at least 0, not \(count).") }
            }
        }
    }
}
