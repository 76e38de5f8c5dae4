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
/// Data goes source, queue, worker, lane, sink. When the sources have come to their end, or were stopped, the pool drains;
/// then the windows that are still open go to the sinks, in a pool of their own, and then the lanes of the sinks are
/// emptied. Each stage ends by the deadline of the drain and its grace, whatever sinks do.
final class PipelineRun: Sendable {
    let description: PipelineDescription
    private let endpoints: Endpoints
    let time: TimeSource
    let counts: PipelineCounts
    private let tasks: LiveTasks
    let stop: StopSignal
    let windows: WindowKeeper?
    let sinks: SinkGroup
    private let sources: SourceGroup
    let journal: EventJournal?
    let pool: WorkerPool<EventBatch, Void>
    private let rowPool: WorkerPool<ClosedWindow, Void>
    private let ending: Locked<RunEnding>
    private let orders: DrainOrders
    let beginning: UInt64
    let slowest: SlowBatches
    let keys: KeyWatch?

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
        tasks: LiveTasks,
        wallClock: Int64
    ) throws(PenstockError) {
        let beginning = time.now()
        let origin = wallClock - Int64(clamping: beginning)
        let session = UInt64.random(in: 1 ... .max)
        let counts = PipelineCounts(of: endpoints)
        let orders = DrainOrders()
        let stop = try StopSignal()
        let ending = Locked(RunEnding())
        let fail = Self.failure(of: ending, stop, orders)
        let sinks = SinkGroup(
            opening: endpoints,
            of: description,
            counts: counts,
            steps: steps,
            time: time,
            tasks: tasks,
            origin: origin,
            session: session,
            report: fail
        )
        self.windows = steps.aggregate.map { WindowKeeper($0, every: $0.every, origin: origin) }
        let runner = BatchRunner(
            steps: steps,
            sinks: sinks,
            windows: self.windows,
            description: description,
            time: time,
            origin: origin,
            session: session
        )
        let pool = Self.pool(description, counts: counts, time: time, tasks: tasks) { await runner.run($0) }
        self.rowPool = Self.rowPool(description, time: time, tasks: tasks) { await sinks.deliverRows(of: $0) }
        let scribe = JournalScribe(description, origin: origin, session: session)
        let journal = endpoints.store.map { store in
            EventJournal(store, of: description, scribe: scribe, counts: counts, time: time, tasks: tasks) {
                fail($0, true)
            }
        }
        let intake = SourceIntake(counts: counts, stop: stop, journal: journal) { batch throws(PenstockError) in
            try await pool.submit(batch)
        }
        self.sources = SourceGroup(
            endpoints.sources,
            of: description,
            intake: intake,
            stop: stop,
            time: time,
            tasks: tasks,
            session: session
        )
        self.journal = journal
        self.pool = pool
        self.description = description
        self.endpoints = endpoints
        (self.time, self.tasks) = (time, tasks)
        self.counts = counts
        self.stop = stop
        self.sinks = sinks
        self.ending = ending
        self.orders = orders
        self.beginning = beginning
        (self.slowest, self.keys) = (runner.slowest, runner.keys)
    }

    /// Tells the run to stop.
    func drain(deadline: Duration) {
        self.ending.withLock { $0.order() }
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

    /// Whether it is to end before its sources do; it may go on to accept events for its shutdown's delay.
    var isToldToStop: Bool { self.ending.withLock { $0.isCaused } }

    /// Runs to the end.
    func run() async -> PipelineReport {
        self.journal?.prepare()
        return await withTaskGroup(of: Void.self) { group in
            group.addTask("orders", in: self.tasks) { await self.followOrders() }
            if self.windows != nil { group.addTask("rows", in: self.tasks) { _ = try? await self.rowPool.run() } }
            for port in self.sinks.ports {
                group.addTask("sink \(port.name)", in: self.tasks) { await port.lane.run() }
            }
            group.addTask("news", in: self.tasks) { await self.sources.deliverNews() }
            if let journal = self.journal { group.addTask("journal", in: self.tasks) { await journal.run() } }
            let (drained, sourcesStopped) = await self.runPool()
            let rowsLost = await self.writeLastRows(after: drained)
            let lanesLost = await self.emptyLanes()
            await self.closeLetters()
            await self.journal?.finish()
            _ = self.ending.withLock { $0.enter(.over) }
            await self.sources.finishNews()
            self.orders.finish()
            await group.waitForAll()
            let isLost = rowsLost || lanesLost
            return self.report(exit: self.exit(drained, isLost: isLost, sourcesStopped))
        }
    }

    // MARK: - Private

    /// What a failure does to a run: it is noted, and ends the run if the second is true.
    private static func failure(
        of ending: Locked<RunEnding>,
        _ stop: StopSignal,
        _ orders: DrainOrders
    ) -> @Sendable (PenstockError, Bool) -> Void {
        { error, ends in
            ending.withLock { $0.fail(error, ends: ends) }
            guard ends else { return }
            stop.stop()
            orders.give(.zero)
        }
    }

    private static func pool(
        _ description: PipelineDescription,
        counts: PipelineCounts,
        time: TimeSource,
        tasks: LiveTasks,
        _ handler: @escaping @Sendable (EventBatch) async -> Void
    ) -> WorkerPool<EventBatch, Void> {
        let bytesMax = description.queue.bytes
        var configuration = WorkerPoolConfiguration(
            name: description.name,
            workers: description.workers,
            capacity: description.queue.events
        )
        configuration.bytesMax = bytesMax
        configuration.overflow = OverflowPolicy(description.queue.whenFull)
        // A job is a batch already: to take several at once would only hold them back from idle workers.
        configuration.batchMax = 1
        configuration.time = time
        configuration.tasks = tasks
        return WorkerPool(
            configuration,
            size: { JobSize(count: $0.count, bytes: min($0.byteCharge, bytesMax)) },
            onDrop: { batch, _ in counts.drop(batch, DropReason.queueFull) },
            handler: handler
        )
    }

    private static func rowPool(
        _ description: PipelineDescription,
        time: TimeSource,
        tasks: LiveTasks,
        _ handler: @escaping @Sendable (ClosedWindow) async -> Void
    ) -> WorkerPool<ClosedWindow, Void> {
        var configuration = WorkerPoolConfiguration(name: "\(description.name)-rows", workers: 1, capacity: 16)
        configuration.time = time
        configuration.tasks = tasks
        return WorkerPool(configuration, handler: handler)
    }

    /// Carries out orders to drain; each can only bring the end nearer.
    private func followOrders() async {
        await withTaskGroup(of: Void.self) { group in
            while let deadline = await self.orders.next() {
                group.addTask("order", in: self.tasks) { await self.follow(deadline) }
            }
            group.cancelAll()
        }
    }

    private func follow(_ deadline: Duration) async {
        let delay = self.description.shutdown.delay
        if deadline > .zero, delay > .zero, !self.stop.isStopped { try? await self.time.sleep(for: delay) }
        self.stop.stop()
        // What was not handed on is safe where it is.
        self.journal?.halt()
        let instant = self.time.now().advanced(by: deadline)
        switch self.ending.withLock({ $0.hurry(by: instant) }) {
        case .events: _ = await self.pool.drain(deadline: deadline)
        case .rows: _ = await self.rowPool.drain(deadline: deadline)
        case .lanes:
            await withTaskGroup(of: Void.self) { group in
                for port in self.sinks.ports { group.addTask { await port.lane.hurry(deadline: deadline) } }
            }
        case .over: break
        }
    }

    /// From the first event to the last; the windows that are still open stay so.
    private func runPool() async -> (DrainReport<EventBatch, Void>, sourcesStopped: Bool) {
        await withTaskGroup(of: Void.self) { group in
            group.addTask("workers", in: self.tasks) { _ = try? await self.pool.run() }
            group.addTask("windows", in: self.tasks) { await self.closePassedWindows() }
            if let journal = self.journal {
                group.addTask("feed", in: self.tasks) {
                    await journal.feed { batch throws(PenstockError) in try await self.pool.submit(batch) }
                }
            }
            let sourcesStopped = await self.sources.run { failure in
                self.ending.withLock { $0.fail(failure, ends: true) }
                self.stop.stop()
                self.orders.give(self.description.shutdown.drain)
            }
            await self.journal?.endInput()
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

    /// Brings the rows of the windows that are still open on their way.
    ///
    /// True: some could not be in time.
    private func writeLastRows(after drained: DrainReport<EventBatch, Void>) async -> Bool {
        _ = self.ending.withLock { $0.enter(.rows) }
        guard let windows = self.windows else { return false }
        for window in windows.closeAll() {
            do throws(PenstockError) {
                try await self.rowPool.submit(window)
            } catch  where drained.abandoned.isEmpty {
                // The run's own task was cancelled, and so the pool drains. No sink is held up: write them here.
                await self.sinks.deliverRows(of: window)
            } catch {
                self.sinks.dropRows(of: window, DropReason.returned)
            }
        }
        let ended = await self.rowPool.drain(deadline: self.isUnhurried ? Self.noDeadline : Self.rowsDeadline)
        for window in ended.returned { self.sinks.dropRows(of: window, DropReason.returned) }
        return !ended.returned.isEmpty || !ended.abandoned.isEmpty
    }

    /// Lets the sinks write what their lanes hold.
    ///
    /// True: some could not be in time.
    private func emptyLanes() async -> Bool {
        let instant = self.ending.withLock { $0.enter(.lanes) }
        var deadline = Self.noDeadline
        if let instant {
            let now = self.time.now()
            deadline = instant > now ? .nanoseconds(Int64(clamping: instant - now)) : .zero
            if self.windows != nil { deadline = max(deadline, Self.rowsDeadline) }
        }
        let isLeft = await withTaskGroup(of: Bool.self) { [deadline] group in
            for port in self.sinks.ports {
                group.addTask("end of sink \(port.name)", in: self.tasks) {
                    let left = await port.lane.finish(deadline: deadline)
                    self.sinks.drop(left, of: port)
                    return !left.isEmpty
                }
            }
            var isLeft = false
            for await one in group where one { isLeft = true }
            return isLeft
        }
        return self.counts.abandonRouted(at: self.time.now()) || isLeft
    }

    /// Ends the sink for dead letters, and does not wait for it for ever.
    private func closeLetters() async {
        let letters = self.sinks.letters
        guard letters.isOpen else { return }
        await runShortJob("\(self.description.name)-dead", time: self.time, tasks: self.tasks) { await letters.close() }
    }

    /// Whether nobody has told the run to end.
    private var isUnhurried: Bool { !self.isToldToStop }

    private func exit(
        _ drained: DrainReport<EventBatch, Void>,
        isLost: Bool,
        _ sourcesStopped: Bool
    ) -> PipelineExit {
        if let failure = self.ending.withLock({ $0.failure }) { return .failed(failure) }
        // What a durable queue keeps is not lost, whatever deadline has passed.
        if self.journal != nil { return sourcesStopped || !self.isUnhurried ? .interrupted : .drained }
        let returned = self.counts.current.hasReturned
        if isLost || returned || !drained.returned.isEmpty || !drained.abandoned.isEmpty { return .deadlinePassed }
        return sourcesStopped ? .interrupted : .drained
    }

    /// Whether the queues, which count for themselves, have seen the same events.
    private func agrees(_ totals: PipelineCounts.Totals) -> Bool {
        guard let journal = self.journal else { return totals.agrees(with: self.pool.ledger) }
        return totals.agrees(with: self.pool.ledger, left: journal.leftCount)
    }

    private func report(exit: PipelineExit) -> PipelineReport {
        let totals = self.counts.current
        let seconds = Double(self.time.now() &- self.beginning) / 1e9
        let reasons = self.sinks.letters.reasons.current
        let sinks = zip(self.description.sinks, totals.sinks).enumerated().map { index, sink in
            PipelineReport.Sink(name: sink.0.name, ledger: sink.1, lastReason: reasons.sinks[index])
        }
        return PipelineReport(
            pipeline: self.description.name,
            seconds: seconds,
            eventsPerSecond: seconds > 0 ? Double(totals.events.fates) / seconds : 0,
            // Not with the drain's: a source may have been refused after it, when its report was made.
            balanced: totals.isBalanced && self.agrees(totals),
            events: totals.events,
            sinks: sinks,
            rows: self.windows == nil ? nil : totals.rows,
            latency: totals.latency,
            memoryPeakBytes: PeakMemory.bytes(),
            exit: exit,
            lastReason: reasons.steps
        )
    }
}

extension OverflowPolicy {
    /// What the workers' queue does as the pipeline says.
    fileprivate init(_ whenFull: QueueDescription.WhenFull) {
        self =
            switch whenFull {
            case .wait: .wait
            case .reject: .reject
            case .dropNewest: .dropNewest
            case .dropOldest: .dropOldest
            }
    }
}
