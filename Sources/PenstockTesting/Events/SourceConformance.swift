//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
public import PenstockEvents

/// Holds a source to what a pipeline relies on.
///
/// ```swift
/// try await SourceConformance(expected: lines) { MySource(path) }.run()
/// ```
///
/// Each promise is tried with a source of its own, in a real pipeline.
public struct SourceConformance: Sendable {
    private let expected: [String]
    private let endsByItself: Bool
    private let make: @Sendable () async throws -> any EventSource

    /// Creates a suite.
    ///
    /// - Parameters:
    ///   - expected: All events of a source, in any order.
    ///   - endsByItself: Whether a source comes to its end behind these events. One that waits for more, as a file that is
    ///     followed does, is told to stop when they have come.
    ///   - make: Makes a source at its beginning.
    public init(
        expected: [String],
        endsByItself: Bool = true,
        make: @escaping @Sendable () async throws -> any EventSource
    ) {
        self.expected = expected
        self.endsByItself = endsByItself
        self.make = make
    }

    /// Tries every promise.
    ///
    /// - Throws: ``ConformanceFailure`` with all that was broken, or an error of making the source.
    public func run() async throws {
        var faults = ConformanceFaults()
        try await self.handsEverythingOver(queueEventsMax: 10_000, &faults)
        try await self.handsEverythingOver(queueEventsMax: 1, &faults)
        try await self.stopsWhenTold(&faults)
        try await self.stopsWhenCancelled(&faults)
        try faults.check()
    }

    // MARK: - Private

    private func handsEverythingOver(queueEventsMax: Int, _ faults: inout ConformanceFaults) async throws {
        let watched = WatchedSource(try await self.make())
        let sink = CollectingSink()
        let pipeline = Self.pipeline(watched, sink, queueEventsMax: queueEventsMax)
        async let running = pipeline.run()
        if !self.endsByItself {
            while sink.lines.count < self.expected.count, !watched.hasReturned { await Task.yield() }
            pipeline.drain(deadline: .seconds(60))
        }
        let report = try await running
        let queue = "with a queue of \(queueEventsMax) events"
        faults.expect(report.balanced, "\(queue) the ledger does not balance")
        let exit = self.endsByItself ? "drained" : "interrupted"
        faults.expect(report.exit.name == exit, "\(queue) the run ended as \(report.exit.name)")
        faults.expect(sink.lines.sorted() == self.expected.sorted(), "\(queue) other events came than expected")
        faults.expect(watched.hasReturned, "\(queue) the source did not return")
        watched.check(accepted: report.events.accepted, queue, &faults)
    }

    /// The sink hangs, the queue is full: the source is in the middle of handing over.
    private func stopsWhenTold(_ faults: inout ConformanceFaults) async throws {
        try await self.stops("when it was told", &faults) { pipeline, _ in pipeline.drain(deadline: .zero) }
    }

    private func stopsWhenCancelled(_ faults: inout ConformanceFaults) async throws {
        try await self.stops("when it was cancelled", &faults) { _, running in running.cancelAll() }
    }

    private func stops(
        _ when: String,
        _ faults: inout ConformanceFaults,
        _ stop: (Pipeline, inout ThrowingTaskGroup<PipelineReport, any Error>) -> Void
    ) async throws {
        let watched = WatchedSource(try await self.make())
        let sink = HangingSink()
        let pipeline = Self.pipeline(watched, sink, queueEventsMax: 1)
        let report = try await withThrowingTaskGroup(of: PipelineReport.self) { group in
            group.addTask { try await pipeline.run() }
            while sink.hangingCount == 0, !watched.hasReturned { await Task.yield() }
            stop(pipeline, &group)
            while !watched.hasReturned { await Task.yield() }
            sink.release()
            return try await group.next()
        }
        faults.expect(report?.balanced == true, "\(when) the ledger does not balance")
        watched.check(accepted: report?.events.accepted ?? 0, when, &faults)
    }

    private static func pipeline(_ source: WatchedSource, _ sink: any EventSink, queueEventsMax: Int) -> Pipeline {
        var configuration = PipelineConfiguration()
        configuration.queueEventsMax = queueEventsMax
        configuration.workers = 1
        return Pipeline("conformance", configuration: configuration) {
            Source("in", source)
            Decode.lines
            Sink("out", sink)
        }
    }
}

/// A source that is looked at from outside.
private final class WatchedSource: AcknowledgedSource {
    private struct State {
        var hasReturned = false
        var settled: [Settlement] = []
    }

    private let source: any EventSource
    private let state = Locked(State())

    init(_ source: any EventSource) {
        self.source = source
    }

    var hasReturned: Bool { self.state.withLock { $0.hasReturned } }

    func open() async throws { try await self.source.open() }

    func close() async { await self.source.close() }

    func run(_ feed: SourceFeed) async throws {
        defer { self.state.withLock { $0.hasReturned = true } }
        try await self.source.run(feed)
    }

    func settle(_ settlements: [Settlement]) async {
        self.state.withLock { $0.settled += settlements }
        if let source = self.source as? any AcknowledgedSource { await source.settle(settlements) }
    }

    /// Whether the news adds up: each batch once, and each event that was accepted.
    func check(accepted: Int, _ when: String, _ faults: inout ConformanceFaults) {
        let settled = self.state.withLock { $0.settled }
        let names = Set(settled.map(\.batch))
        faults.expect(names.count == settled.count, "\(when) a name was given to two batches, or one was settled twice")
        let events = settled.reduce(0) { $0 + $1.events - $1.rejected }
        faults.expect(events == accepted, "\(when) \(accepted) events were accepted and \(events) settled")
    }
}
