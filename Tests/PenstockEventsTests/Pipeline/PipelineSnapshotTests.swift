//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting
import Testing

@testable import PenstockEvents

/// What can be seen of a pipeline from outside, while it runs and after.
@Suite(.timeLimit(.minutes(5)))
struct PipelineSnapshotTests {
    private func lines(_ count: Int) -> [String] { (0..<count).map { "{\"n\":\($0)}" } }

    /// Gives way until something has happened; the suite's time limit ends it if it never does.
    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func beforeARunThereIsNothingToSee() {
        let pipeline = Pipeline("test") {
            Source("in", CountedSource([]))
            NullSink()
        }
        let snapshot = pipeline.snapshot()
        #expect(snapshot.pipeline == "test" && snapshot.phase == .starting && snapshot.isBalanced)
        #expect(snapshot.events == EventLedger() && snapshot.pool == nil && snapshot.sinks.isEmpty)
        #expect(!pipeline.pause() && !pipeline.resume() && !pipeline.resize(workers: 2))
    }

    @Test func aDeadSinkIsSeenAsWhatTheWorkersWaitFor() async throws {
        let clock = VirtualClock()
        let sink = HangingSink()
        var options = SinkOptions()
        options.queueEventsMax = 10
        options.batchEventsMax = 10
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        let pipeline = Pipeline("test", configuration: configuration, time: clock.time) {
            Source("in", CountedSource(self.lines(100)))
            Sink("out", sink, options: options)
        }
        async let running = pipeline.run()
        try await self.until {
            let snapshot = pipeline.snapshot()
            return sink.hangingCount == 1 && snapshot.sinks.first?.workersWaiting == 1
        }
        clock.advance(by: .seconds(60))
        let snapshot = pipeline.snapshot()
        #expect(snapshot.phase == .running && snapshot.isBalanced && snapshot.elapsed >= .seconds(60))
        #expect(snapshot.events.inFlight > 0 && snapshot.events.delivered == 0)
        #expect(snapshot.workerTimes.blocked == .seconds(60), "\(snapshot.workerTimes)")
        #expect(snapshot.pool?.workerStates.map(\.activity) == [.blocked])
        let out = try #require(snapshot.sinks.first)
        #expect(out.name == "out" && out.type == "custom" && out.workersWaited == .seconds(60))
        #expect(out.oldestAge == .seconds(60) && (1...10).contains(out.depth) && out.capacity == 10)
        #expect(out.writers == 1 && out.writing == 1 && out.bytes > 0)
        sink.release()
        let report = try await running
        #expect(report.balanced && report.events.delivered == 100)
        let last = pipeline.snapshot()
        #expect(last.phase == .ended && last.isBalanced && last.events == report.events)
        #expect(last.sinks.first?.ledger == report.sinks[0].ledger && last.sinks.first?.depth == 0)
        #expect(last.sinks.first?.workersWaited == .seconds(60) && last.sinks.first?.workersWaiting == 0)
        #expect(last.sources.first?.events == 100 && last.sources.first?.type == "custom")
        #expect(last.slowest.first?.elapsed == .seconds(60) && last.slowest.first?.source == "in")
    }

    @Test func tasksAreNamedWhileTheyLastAndNoneOutlivesTheRun() async throws {
        let clock = VirtualClock()
        let sink = HangingSink()
        let pipeline = Pipeline("test", time: clock.time) {
            Source("in", CountedSource(self.lines(10)))
            Aggregate(every: .seconds(3600)) { Count("n") }
            Sink("out", sink)
        }
        #expect(pipeline.snapshot().tasks.isEmpty)
        async let running = pipeline.run()
        try await self.until { sink.hangingCount == 1 }
        clock.advance(by: .seconds(60))
        let tasks = pipeline.snapshot().tasks
        // Those that end the run may begin a moment after the sink hangs.
        let lasting = tasks.filter { ["test/run", "orders", "sink out", "test-out/worker-0"].contains($0.name) }
        #expect(lasting.count == 4 && lasting.allSatisfy { $0.age >= .seconds(60) }, "\(tasks)")
        #expect(tasks.first?.name == "test/run")
        #expect(tasks.first?.place.file == "PenstockEvents/Pipeline.swift")
        sink.release()
        #expect(try await running.balanced)
        try await self.until { pipeline.snapshot().tasks.isEmpty }
    }

    @Test func failuresAreCountedUntilAWriteSucceeds() async throws {
        var options = SinkOptions()
        options.retry.backoffInitial = .microseconds(10)
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(10)))
            Sink("out", FailingSink(CollectingSink(), failing: 3), options: options)
        }
        let report = try await pipeline.run()
        #expect(report.balanced && report.events.delivered == 10)
        let out = try #require(pipeline.snapshot().sinks.first)
        #expect(out.failures == 3 && out.retries == 3 && out.lastError == nil && out.writing == 0)
        #expect(out.writeTimes.count >= 4)
    }

    @Test func eventsThatAreRefusedAreNoFailureOfTheirSink() async throws {
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(10), batchMax: 10))
            Sink("out", RefusingSink { $0.origin.position == 3 })
        }
        let report = try await pipeline.run()
        #expect(report.events.delivered == 9)
        let out = try #require(pipeline.snapshot().sinks.first)
        #expect(out.failures == 0 && out.lastError == nil)
    }

    @Test func aSinkThatRefusesAllHasFailed() async throws {
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(10), batchMax: 10))
            Sink("out", RefusingSink { _ in true })
        }
        _ = try await pipeline.run()
        let out = try #require(pipeline.snapshot().sinks.first)
        #expect(out.failures == 1 && out.lastError == "it was told to refuse")
    }

    @Test func theReasonOfTheLastFailureStays() async throws {
        var options = SinkOptions()
        options.retry.attemptsMax = 1
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(1)))
            Sink("out", FailingSink(CollectingSink(), failing: 3), options: options)
        }
        _ = try await pipeline.run()
        let out = try #require(pipeline.snapshot().sinks.first)
        #expect(out.failures == 1 && out.retries == 0 && out.lastError == "it was told to fail")
    }

    @Test func aPauseHoldsEventsInTheQueueAndAResizeChangesTheWorkers() async throws {
        let feeder = StubbornSource()
        let sink = CollectingSink()
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(100)))
            Source("open", feeder)
            Sink("out", sink)
        }
        async let running = pipeline.run()
        try await self.until { pipeline.snapshot().events.delivered == 100 }
        #expect(pipeline.pause() && pipeline.snapshot().phase == .paused)
        #expect(pipeline.resize(workers: 5) && pipeline.snapshot().pool?.workers == 5)
        #expect(pipeline.resume() && pipeline.snapshot().phase == .running)
        pipeline.drain(deadline: .seconds(30))
        try await self.until { pipeline.snapshot().phase == .draining }
        feeder.release()
        let report = try await running
        #expect(report.balanced && sink.lines.count == 100)
        #expect(pipeline.snapshot().phase == .ended)
    }
}
