//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// One run of a pipeline: what is open, what is counted, and the order to stop.
///
/// Data goes source, queue, worker, sink. When the sources have come to their end, or were stopped, the pool drains;
/// then the windows that are still open are written, in a pool of their own, because a sink that blocks for ever must
/// not hold the run past its deadline.
final class PipelineRun: Sendable {
    /// Why a run ends before its sources do.
    private enum Ending: Sendable {
        /// It does not. Can transition to: `ordered`, `failed`.
        case none
        /// It was told to drain. Can transition to: `failed`.
        case ordered
        /// A source or a sink failed. Final.
        case failed(PenstockError)
    }

    private let description: PipelineDescription
    private let endpoints: Endpoints
    private let time: TimeSource
    private let counts: PipelineCounts
    private let stop: StopSignal
    private let windows: WindowKeeper?
    private let sinks: SinkGroup
    private let pool: WorkerPool<EventBatch, Void>
    private let rowPool: WorkerPool<ClosedWindow, Void>
    private let ending: Locked<Ending>
    private let orders: DrainOrders
    private let isWritingRows = Locked(false)
    private let beginning: UInt64

    /// How long a stopped run may take to write the rows of its last windows, at least.
    private static let rowsDeadline = Duration.seconds(5)
    /// No deadline: as long as it takes.
    private static let noDeadline = Duration.seconds(86_400 * 365 * 100)

    /// Makes a run on open endpoints; nothing moves yet.
    init(
        _ description: PipelineDescription,
        steps: CompiledSteps,
        endpoints: Endpoints,
        time: TimeSource,
        wallClock: Int64
    ) throws(PenstockError) {
        let beginning = time.now()
        let origin = wallClock - Int64(clamping: beginning)
        let counts = PipelineCounts(sinkCount: endpoints.sinks.count)
        let orders = DrainOrders()
        let stop = try StopSignal()
        let ending = Locked(Ending.none)
        let sinks = SinkGroup(sinks: endpoints.sinks, deadLetter: endpoints.deadLetter, counts: counts) { failure in
            Self.fail(failure, ending, stop, orders, deadline: .zero)
        }
        let windows = steps.aggregate.map { WindowKeeper($0, every: $0.every, origin: origin) }
        let runner = BatchRunner(
            steps: steps,
            sinks: sinks,
            windows: windows,
            description: description,
            time: time,
            origin: origin
        )
        let bytesMax = description.queue.bytes
        var configuration = WorkerPoolConfiguration(
            name: description.name,
            workers: description.workers,
            capacity: description.queue.events
        )
        configuration.bytesMax = bytesMax
        // A job is a batch already: to take several at once would only hold them back from idle workers.
        configuration.batchMax = 1
        configuration.time = time
        self.pool = WorkerPool(
            configuration,
            size: { JobSize(count: $0.count, bytes: min($0.byteCharge, bytesMax)) },
            handler: { runner.run($0) }
        )
        var rowConfiguration = WorkerPoolConfiguration(name: "\(description.name)-rows", workers: 1, capacity: 16)
        rowConfiguration.time = time
        self.rowPool = WorkerPool(rowConfiguration, handler: { sinks.writeRows(of: $0) })
        self.description = description
        self.endpoints = endpoints
        self.time = time
        self.counts = counts
        self.stop = stop
        self.windows = windows
        self.sinks = sinks
        self.ending = ending
        self.orders = orders
        self.beginning = beginning
    }

    /// Tells the run to stop.
    func drain(deadline: Duration) {
        self.ending.withLock { ending in
            if case .none = ending { ending = .ordered }
        }
        self.orders.give(deadline)
    }

    /// How far the run has come.
    func progress() -> PipelineProgress {
        var progress = PipelineProgress()
        (progress.events, progress.writing, progress.bytesRead) = self.counts.progress
        progress.bytesTotal = self.endpoints.bytesTotal
        progress.countTotal = self.endpoints.countTotal
        progress.elapsed = .nanoseconds(Int64(clamping: self.time.now() &- self.beginning))
        progress.isDraining = self.stop.isStopped
        return progress
    }

    /// Runs to the end.
    func run() async -> PipelineReport {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followOrders() }
            if self.windows != nil { group.addTask { _ = try? await self.rowPool.run() } }
            let (drained, sourcesStopped) = await self.runPool()
            let rowsLost = await self.writeLastRows(after: drained)
            self.orders.finish()
            await group.waitForAll()
            return self.report(exit: self.exit(drained, rowsLost: rowsLost, sourcesStopped))
        }
    }

    // MARK: - Private

    private static func fail(
        _ failure: PenstockError,
        _ ending: Locked<Ending>,
        _ stop: StopSignal,
        _ orders: DrainOrders,
        deadline: Duration
    ) {
        ending.withLock { ending in
            switch ending {
            case .none, .ordered: ending = .failed(failure)
            case .failed: break
            }
        }
        stop.stop()
        orders.give(deadline)
    }

    /// Carries out orders to drain; each can only bring the end nearer.
    private func followOrders() async {
        await withTaskGroup(of: Void.self) { group in
            while let deadline = await self.orders.next() {
                group.addTask { await self.follow(deadline) }
            }
            group.cancelAll()
        }
    }

    private func follow(_ deadline: Duration) async {
        let delay = self.description.shutdown.delay
        if deadline > .zero, delay > .zero, !self.stop.isStopped { try? await self.time.sleep(for: delay) }
        self.stop.stop()
        if self.isWritingRows.withLock({ $0 }) {
            _ = await self.rowPool.drain(deadline: deadline)
        } else {
            _ = await self.pool.drain(deadline: deadline)
        }
    }

    /// From the first event to the last; the windows that are still open stay so.
    private func runPool() async -> (DrainReport<EventBatch, Void>, sourcesStopped: Bool) {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await self.pool.run() }
            group.addTask { await self.closePassedWindows() }
            let sourcesStopped = await self.runSources()
            let drained = await self.pool.drain(deadline: Self.noDeadline)
            for batch in drained.returned { self.counts.drop(batch, DropReason.returned) }
            for abandoned in drained.abandoned { self.counts.drop(abandoned.job, DropReason.abandoned) }
            group.cancelAll()
            return (drained, sourcesStopped)
        }
    }

    /// Closes windows when their time has passed, with or without traffic.
    private func closePassedWindows() async {
        guard let windows = self.windows else { return }
        while true {
            do {
                try await self.time.sleep(until: windows.end(at: self.time.now()))
            } catch {
                return
            }
            for window in windows.closePassed(at: self.time.now()) {
                do {
                    try await self.rowPool.submit(window)
                } catch {
                    windows.giveBack(window)
                }
            }
        }
    }

    /// True when a source has stopped before its end.
    private func runSources() async -> Bool {
        let executor = ThreadExecutor(threads: self.endpoints.sources.count, name: "\(self.description.name)-in")
        defer { executor.shutdown() }
        return await withTaskGroup(of: SourceEnd?.self) { group in
            for runner in self.sourceRunners() {
                group.addTask(executorPreference: executor) { await runner.run() }
            }
            group.addTask {
                await self.stop.wait()
                return nil
            }
            var running = self.endpoints.sources.count
            var stopped = false
            for await end in group {
                if end != nil { running -= 1 }
                switch end {
                case .none: group.cancelAll()
                case .exhausted: break
                case .stopped: stopped = true
                case .failed(let failure):
                    let deadline = self.description.shutdown.drain
                    Self.fail(failure, self.ending, self.stop, self.orders, deadline: deadline)
                }
                if running == 0 { group.cancelAll() }
            }
            return stopped
        }
    }

    private func sourceRunners() -> [SourceRunner] {
        let queue = self.description.queue
        // Eight buffers at least share the queue's bytes, as far as buffers of a useful size allow.
        let byteCapacity = min(EventBufferPool.usualByteCapacity, max(4096, queue.bytes / 8))
        let buffers = EventBufferPool(byteCapacity: byteCapacity)
        let limits = LineFramer.Limits(
            eventsMax: min(1024, max(1, queue.events / 8)),
            lineBytesMax: self.description.lineBytesMax,
            stripsCarriageReturn: self.description.decode != .raw
        )
        return self.endpoints.sources.enumerated().map { index, source in
            SourceRunner(
                index: index,
                source: source,
                pool: buffers,
                limits: limits,
                counts: self.counts,
                stop: self.stop,
                time: self.time
            ) { batch throws(PenstockError) in try await self.pool.submit(batch) }
        }
    }

    /// Writes the rows of the windows that are still open.
    ///
    /// True: some could not be written in time.
    private func writeLastRows(after drained: DrainReport<EventBatch, Void>) async -> Bool {
        guard let windows = self.windows else { return false }
        self.isWritingRows.withLock { $0 = true }
        for window in windows.closeAll() {
            do throws(PenstockError) {
                try await self.rowPool.submit(window)
            } catch  where drained.abandoned.isEmpty {
                // The run's own task was cancelled, and so the pool drains. No sink is held up: write them here.
                self.sinks.writeRows(of: window)
            } catch {
                self.sinks.dropRows(of: window, DropReason.returned)
            }
        }
        let ended = await self.rowPool.drain(deadline: self.isUnhurried ? Self.noDeadline : Self.rowsDeadline)
        for window in ended.returned { self.sinks.dropRows(of: window, DropReason.returned) }
        return !ended.returned.isEmpty || !ended.abandoned.isEmpty
    }

    /// Whether nobody has told the run to end.
    private var isUnhurried: Bool {
        self.ending.withLock { ending in
            switch ending {
            case .none: true
            case .ordered, .failed: false
            }
        }
    }

    private func exit(
        _ drained: DrainReport<EventBatch, Void>,
        rowsLost: Bool,
        _ sourcesStopped: Bool
    ) -> PipelineExit {
        if case .failed(let failure) = self.ending.withLock({ $0 }) { return .failed(failure) }
        if rowsLost || !drained.returned.isEmpty || !drained.abandoned.isEmpty { return .deadlinePassed }
        return sourcesStopped ? .interrupted : .drained
    }

    private func report(exit: PipelineExit) -> PipelineReport {
        let totals = self.counts.current
        let seconds = Double(self.time.now() &- self.beginning) / 1e9
        return PipelineReport(
            pipeline: self.description.name,
            seconds: seconds,
            eventsPerSecond: seconds > 0 ? Double(totals.events.fates) / seconds : 0,
            // Not with the drain's: a source may have been refused after it, when its report was made.
            balanced: totals.isBalanced && totals.agrees(with: self.pool.ledger),
            events: totals.events,
            sinks: zip(self.endpoints.sinks, totals.sinks).map { PipelineReport.Sink(name: $0.name, ledger: $1) },
            rows: self.windows == nil ? nil : totals.rows,
            latency: totals.latency,
            memoryPeakBytes: PeakMemory.bytes(),
            exit: exit
        )
    }
}
