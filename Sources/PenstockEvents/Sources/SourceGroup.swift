//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// All sources of a run.
///
/// Penstock's own read in threads of theirs and obey the order to stop. The user's run as jobs of a pool, as does the
/// delivery of news to them: one that does not return when it is time holds up nothing for longer than the grace.
final class SourceGroup: Sendable {
    private let runners: [SourceRunner]
    private let own: [(source: any EventSource, feed: SourceFeed)]
    private let news: [(source: any AcknowledgedSource, desk: SettlementDesk)]
    private let stop: StopSignal
    private let name: String
    private let tasks: LiveTasks
    private let ownPool: WorkerPool<Int, SourceEnd>?
    private let newsPool: WorkerPool<Int, Void>?

    /// How long a source may take to return when it is time to stop.
    static let grace = Duration.seconds(5)

    init(
        _ sources: [OpenSource],
        of description: PipelineDescription,
        intake: SourceIntake,
        stop: StopSignal,
        time: TimeSource,
        tasks: LiveTasks,
        session: UInt64
    ) {
        let queue = description.queue
        // Eight buffers at least share the queue's bytes, as far as buffers of a useful size allow.
        let byteCapacity = min(EventBufferPool.usualByteCapacity, max(4096, queue.bytes / 8))
        let buffers = EventBufferPool(byteCapacity: byteCapacity)
        let limits = LineFramer.Limits(
            eventsMax: min(1024, max(1, queue.events / 8)),
            lineBytesMax: description.lineBytesMax,
            stripsCarriageReturn: description.decode != .raw
        )
        var runners: [SourceRunner] = []
        var own: [(source: any EventSource, feed: SourceFeed)] = []
        var news: [(source: any AcknowledgedSource, desk: SettlementDesk)] = []
        for (index, source) in sources.enumerated() {
            guard case .own(let one) = source.input else {
                runners.append(
                    SourceRunner(
                        index: index,
                        source: source,
                        pool: buffers,
                        limits: limits,
                        stop: stop,
                        time: time,
                        intake: intake
                    )
                )
                continue
            }
            let desk = (one as? any AcknowledgedSource).map { source in
                let desk = SettlementDesk()
                news.append((source, desk))
                return desk
            }
            let feed = SourceFeed(
                name: source.name,
                index: index,
                session: session,
                limits: limits,
                buffers: buffers,
                intake: intake,
                stop: stop,
                time: time,
                settlements: desk,
                tracing: description.tracing
            )
            own.append((one, feed))
        }
        self.runners = runners
        self.own = own
        self.news = news
        self.stop = stop
        self.name = description.name
        self.tasks = tasks
        self.ownPool = Self.pool("\(description.name)-sources", own.count, time, tasks) { [own] index in
            await Self.run(own[index].source, own[index].feed)
        }
        self.newsPool = Self.pool("\(description.name)-news", news.count, time, tasks) { [news] index in
            await news[index].desk.deliver(to: news[index].source)
        }
        // Before anything can end the run: news are told even if that comes first.
        for index in news.indices { self.newsPool?.trySubmit(index) }
    }

    /// Runs all sources, until each has come to its end or was stopped.
    ///
    /// - Parameter fail: Told of sources that failed.
    /// - Returns: Whether one has stopped before its end.
    func run(_ fail: @escaping @Sendable (PenstockError) -> Void) async -> Bool {
        let executor = ThreadExecutor(threads: max(1, self.runners.count), name: "\(self.name)-in")
        defer { executor.shutdown() }
        return await withTaskGroup(of: SourceEnd?.self) { group in
            for runner in self.runners {
                group.addTask("source \(runner.source.name)", in: self.tasks, on: executor) { await runner.run() }
            }
            if let pool = self.ownPool {
                group.addTask("sources", in: self.tasks) {
                    _ = try? await pool.run()
                    return nil
                }
                for index in self.own.indices {
                    group.addTask("source \(self.own[index].feed.name)", in: self.tasks) {
                        (try? await pool.call(index)) ?? .stopped
                    }
                }
            }
            group.addTask("stop", in: self.tasks) {
                await self.stop.wait()
                return nil
            }
            var running = self.runners.count + self.own.count
            var stopped = false
            while running > 0, let end = await group.next() {
                if end != nil { running -= 1 }
                switch end {
                case .none: _ = await self.ownPool?.drain(deadline: .zero, grace: Self.grace)
                case .exhausted: break
                case .stopped: stopped = true
                case .failed(let failure): fail(failure)
                }
                // The paced ones of our own sleep.
                if self.stop.isStopped { group.cancelAll() }
            }
            _ = await self.ownPool?.drain(deadline: .zero, grace: Self.grace)
            group.cancelAll()
            return stopped
        }
    }

    /// Brings sources the news of their batches, until ``finishNews()``.
    func deliverNews() async {
        guard let pool = self.newsPool else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask("news", in: self.tasks) { _ = try? await pool.run() }
        }
    }

    /// Ends the delivery of news: there will be none.
    func finishNews() async {
        for (_, desk) in self.news { desk.finish() }
        _ = await self.newsPool?.drain(deadline: Self.grace, grace: .zero)
    }

    // MARK: - Private

    private static func pool<Output: Sendable>(
        _ name: String,
        _ count: Int,
        _ time: TimeSource,
        _ tasks: LiveTasks,
        _ handler: @escaping @Sendable (Int) async -> Output
    ) -> WorkerPool<Int, Output>? {
        guard count > 0 else { return nil }
        var configuration = WorkerPoolConfiguration(name: name, workers: count, capacity: count)
        configuration.time = time
        configuration.tasks = tasks
        configuration.batchMax = 1
        // A source may block its thread.
        configuration.threads = .perWorker
        return WorkerPool(configuration, handler: handler)
    }

    private static func run(_ source: any EventSource, _ feed: SourceFeed) async -> SourceEnd {
        do {
            try await source.run(feed)
            return feed.isStopping || Task.isCancelled ? .stopped : .exhausted
        } catch {
            if feed.isStopping || Task.isCancelled { return .stopped }
            let reason = (error as? PenstockError)?.message ?? "\(error)"
            return .failed(
                PenstockError(.inputOutput, "The source \"\(feed.name)\" failed: \(reason).", underlyingError: error)
            )
        }
    }
}
