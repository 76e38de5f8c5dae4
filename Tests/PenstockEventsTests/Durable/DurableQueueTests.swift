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

/// What a pipeline does with a durable queue, in a store that lies in memory and fails when it is told to.
@Suite(.timeLimit(.minutes(5)))
struct DurableQueueTests {
    private let store = MemoryEventStore()

    private func lines(_ count: Int) -> [String] { (0..<count).map { "{\"n\":\($0)}" } }

    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func pipeline(
        _ source: any EventSource,
        _ sink: any EventSink,
        options: DurableQueueOptions = DurableQueueOptions(),
        change: (inout SinkOptions) -> Void = { _ in }
    ) -> Pipeline {
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        var sinkOptions = SinkOptions()
        sinkOptions.retry.attemptsMax = 2
        sinkOptions.retry.backoffInitial = .microseconds(10)
        change(&sinkOptions)
        return Pipeline("test", configuration: configuration) {
            Source("in", source)
            StoredQueue(in: self.store, options: options)
            Sink("out", sink, options: sinkOptions)
        }
    }

    @Test func storeInMemoryHoldsToItsPromises() async throws {
        let store = MemoryEventStore()
        try await EventStoreConformance { store }.run()
    }

    @Test func whatIsLeftKeepsItsOrigins() async throws {
        let first = OriginSink(hangs: true)
        let source = CountedSource(self.lines(500), ending: .stall)
        let pipeline = self.pipeline(source, first)
        async let running = pipeline.run()
        try await self.until { source.settlements.reduce(0) { $0 + $1.stored } == 500 }
        try await self.until { !first.origins.isEmpty }
        pipeline.drain(deadline: .zero)
        let report = try await running
        first.release()
        #expect(report.balanced)
        #expect(report.exit.name == "interrupted")
        #expect(report.events.stored == 500)
        let ledger = report.sinks[0].ledger
        #expect(ledger.dropped.isEmpty && ledger.stored > 0 && ledger.stored == ledger.routed, "\(ledger)")
        #expect(!self.store.isOpen)
        let second = OriginSink(hangs: false)
        let again = try await self.pipeline(CountedSource([]), second).run()
        #expect(again.balanced)
        #expect(again.events.recovered == 500)
        #expect(again.events.delivered == 500)
        #expect(again.exit.name == "drained")
        #expect(Set(second.origins).count == 500)
        #expect(first.origins.allSatisfy(Set(second.origins).contains))
        #expect(second.origins.map(\.position) == Array(1...500))
        #expect(self.store.batches.isEmpty)
    }

    @Test func sourceThatIsNotToldWaitsUntilItsEventsAreSafe() async throws {
        struct Plain: EventSource {
            let store: MemoryEventStore
            let kept: Locked<[Int]>
            func run(_ feed: SourceFeed) async throws {
                for number in 1...5 {
                    try await feed.send(SourceBatch(id: UInt64(number), text: "{\"n\":\(number)}"))
                    self.kept.withLock { $0.append(self.store.commitCount) }
                }
            }
        }
        let kept = Locked<[Int]>([])
        let report = try await self.pipeline(Plain(store: self.store, kept: kept), CollectingSink()).run()
        #expect(report.balanced)
        #expect(report.events.delivered == 5)
        let commits = kept.withLock { $0 }
        let isRising = zip(commits, commits.dropFirst()).allSatisfy { $0 < $1 }
        #expect(isRising, "Each call comes back after a transaction of its own.")
    }

    @Test func fullStoreHoldsSourcesAndGoesOn() async throws {
        self.store.setFull(true)
        let sink = CollectingSink()
        let source = CountedSource(self.lines(200))
        let pipeline = self.pipeline(source, sink)
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.waiting > 0 }
        #expect(source.settlements.isEmpty)
        self.store.setFull(false)
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.delivered == 200)
        #expect(sink.lines == self.lines(200))
    }

    @Test func storeThatCannotWriteSaysSoUntilItCan() async throws {
        self.store.setFull(true)
        let source = CountedSource(self.lines(200), ending: .stall)
        let pipeline = self.pipeline(source, CollectingSink())
        async let running = pipeline.run()
        try await self.until { pipeline.snapshot().store?.failure != nil }
        let status = PipelineStatus(pipeline.snapshot(), time: 0)
        #expect(status.reasonsNotReady == ["the durable queue cannot write: it was told to be full"])
        #expect(status.diagnoses.map(\.code) == ["store_failing"])
        self.store.setFull(false)
        try await self.until { pipeline.snapshot().events.delivered == 200 }
        #expect(pipeline.snapshot().store?.failure == nil)
        #expect(PipelineStatus(pipeline.snapshot(), time: 0).reasonsNotReady.isEmpty)
        pipeline.drain(deadline: .seconds(30))
        #expect(try await running.balanced)
    }

    @Test func storeThatKeepsAllItMayIsSeenToBeFull() async throws {
        var options = DurableQueueOptions()
        options.bytesMax = 2000
        let sink = HangingSink()
        let pipeline = self.pipeline(CountedSource(self.lines(1000)), sink, options: options)
        async let running = pipeline.run()
        try await self.until { pipeline.snapshot().store?.isFull == true && sink.hangingCount > 0 }
        let snapshot = pipeline.snapshot()
        let store = try #require(snapshot.store)
        #expect(store.bytesMax == 2000 && store.failure == nil && store.oldestAge > .zero)
        #expect(PipelineStatus(snapshot, time: 0).reasonsNotReady == ["the durable queue is full"])
        sink.release()
        let report = try await running
        #expect(report.balanced && report.events.delivered == 1000)
        let last = try #require(pipeline.snapshot().store)
        #expect(last.events == 0 && last.bytes == 0 && !last.isFull && last.oldestAge == .zero)
    }

    @Test func fullStoreThatStaysSoEndsWithTheOrder() async throws {
        self.store.setFull(true)
        let source = CountedSource(self.lines(200), ending: .stall)
        let pipeline = self.pipeline(source, CollectingSink())
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.waiting > 0 }
        pipeline.drain(deadline: .seconds(1))
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.accepted == 0)
        #expect(report.events.rejected == report.events.offered)
        #expect(report.events.rejectedReasons.values.reduce(0, +) == report.events.rejected)
        #expect(source.settlements.allSatisfy { $0.rejected == $0.events })
    }

    @Test func fullStoreRefusesWhenItIsToldTo() async throws {
        self.store.setFull(true)
        var options = DurableQueueOptions()
        options.whenFull = .reject
        let source = CountedSource(self.lines(200), ending: .stall)
        let pipeline = self.pipeline(source, CollectingSink(), options: options)
        async let running = pipeline.run()
        try await self.until { source.settlements.contains { $0.rejected > 0 } }
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.rejected > 0)
        #expect(report.events.accepted == 0)
    }

    @Test func fullStoreDropsWhenItIsToldTo() async throws {
        self.store.setFull(true)
        var options = DurableQueueOptions()
        options.whenFull = .dropNewest
        let source = CountedSource(self.lines(200))
        let report = try await self.pipeline(source, CollectingSink(), options: options).run()
        #expect(report.balanced)
        #expect(report.events.dropped == ["queue_full": 200])
        #expect(source.settlements.reduce(0) { $0 + $1.dropped } == 200)
    }

    @Test func storeThatBreaksFailsTheRun() async throws {
        let source = CountedSource(self.lines(50), ending: .stall)
        let hanging = HangingSink()
        let pipeline = self.pipeline(source, hanging)
        async let running = pipeline.run()
        try await self.until { hanging.hangingCount > 0 }
        self.store.breakDown()
        hanging.release()
        let report = try await running
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
    }

    @Test func damagedBatchCostsItsEventsAlone() async throws {
        try await self.leave(self.lines(21))
        #expect(self.store.batches.count == 3)
        self.store.damage(at: 1)
        let sink = CollectingSink()
        let letters = CollectingSink()
        let report = try await Pipeline("test") {
            Source("in", CountedSource([]))
            StoredQueue(in: self.store)
            Sink("out", sink)
            DeadLetters(letters)
        }.run()
        #expect(report.balanced)
        #expect(report.events.recovered == 21)
        #expect(report.events.delivered == 14)
        #expect(report.events.deadLettered == 7)
        #expect(
            letters.lines.allSatisfy { $0.contains("\"reason\":\"durable queue: the checksum of its batch is wrong\"") }
        )
        #expect(letters.lines.contains { $0.contains("\"encoding\":\"base64\"") })
        #expect(self.store.batches.isEmpty)
    }

    @Test func onlySinkThatFailsLeavesItsEventsStored() async throws {
        let report = try await self.pipeline(CountedSource(self.lines(70), ending: .stall), RetryingSink()).run()
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
        #expect(report.events.dropped.isEmpty)
        #expect(report.events.stored == report.events.accepted)
        let ledger = report.sinks[0].ledger
        #expect(ledger.dropped.isEmpty && ledger.stored > 0 && ledger.stored == ledger.routed, "\(ledger)")
        #expect(self.store.batches.reduce(0) { $0 + $1.count } == report.events.stored)
    }

    /// Waits for as long as its task is not cancelled, and throws then.
    private struct PatientStep: EventStep {
        let began: @Sendable () -> Void
        let never = Channel<Int>(capacity: 1)

        func handle(_ events: Events) async throws -> [StepFate] {
            self.began()
            _ = try await self.never.receive()
            return events.map { _ in .keep }
        }
    }

    @Test(arguments: [true, false])
    func eventsOfAStepThatADeadlineCutsOffStay(isClosure: Bool) async throws {
        let began = Locked(false)
        let patient = PatientStep { began.withLock { $0 = true } }
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(100), ending: .stall))
            StoredQueue(in: self.store)
            if isClosure {
                Step { event in
                    if event.text != "{\"n\":50}" { return .keep }
                    patient.began()
                    _ = try await patient.never.receive()
                    return .keep
                }
            } else {
                Step(patient)
            }
            Sink("out", CollectingSink())
        }
        async let running = pipeline.run()
        try await self.until { began.withLock { $0 } }
        pipeline.drain(deadline: .zero)
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.dropped.isEmpty && report.events.deadLettered == 0, "\(report.events)")
        #expect(report.events.stored + report.events.delivered == 100)
        #expect(self.store.batches.reduce(0) { $0 + $1.count } >= report.events.stored)
        let again = try await self.pipeline(CountedSource([]), CollectingSink()).run()
        #expect(again.balanced)
        #expect(again.events.recovered >= report.events.stored && again.events.delivered == again.events.recovered)
    }

    @Test func eventsOfAWindowStayUntilItsRowsAreDelivered() async throws {
        let hanging = HangingSink()
        let source = CountedSource(self.lines(100))
        let pipeline = Pipeline("test") {
            Source("in", source)
            StoredQueue(in: self.store)
            Aggregate(every: .seconds(3600)) { Count("events") }
            Sink("out", hanging)
        }
        async let running = pipeline.run()
        try await self.until { hanging.hangingCount > 0 }
        #expect(self.store.batches.reduce(0) { $0 + $1.count } == 100)
        pipeline.drain(deadline: .zero)
        let report = try await running
        hanging.release()
        #expect(report.balanced)
        #expect(report.events.stored == 100)
        #expect(report.events.aggregated == 0)
        let sink = CollectingSink()
        let again = try await Pipeline("test") {
            Source("in", CountedSource([]))
            StoredQueue(in: self.store)
            Aggregate(every: .seconds(3600)) { Count("events") }
            Sink("out", sink)
        }.run()
        #expect(again.balanced)
        #expect(again.events.aggregated == 100)
        #expect(sink.lines.count == 1)
        #expect(sink.lines.first?.contains("\"events\":100") == true)
        #expect(self.store.batches.isEmpty)
    }

    @Test func whateverLiesInTheStoreMemoryHoldsLittleOfIt() async throws {
        try await self.leave(self.lines(20_000))
        let sink = CollectingSink()
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        configuration.queueEventsMax = 50
        configuration.queueBytesMax = 1000
        let report = try await Pipeline("test", configuration: configuration) {
            Source("in", CountedSource(["{\"n\":-1}"]))
            StoredQueue(in: self.store)
            Sink("out", sink)
        }.run()
        #expect(report.balanced)
        #expect(sink.lines == self.lines(20_000) + ["{\"n\":-1}"])
    }

    /// Leaves events in the store, as a run does that is stopped before anything was delivered.
    private func leave(_ lines: [String]) async throws {
        let hanging = HangingSink()
        let source = CountedSource(lines, ending: .stall)
        let pipeline = self.pipeline(source, hanging)
        async let running = pipeline.run()
        try await self.until { source.settlements.reduce(0) { $0 + $1.stored } == lines.count }
        pipeline.drain(deadline: .zero)
        let report = try await running
        hanging.release()
        #expect(report.balanced)
        #expect(report.events.stored == lines.count)
    }
}

/// Keeps the origins of what it gets, and hangs if it is told to.
private final class OriginSink: EventSink {
    private let kept = Locked<[EventOrigin]>([])
    private let hanging: HangingSink?

    init(hangs: Bool) {
        self.hanging = hangs ? HangingSink() : nil
    }

    var origins: [EventOrigin] { self.kept.withLock { $0 } }

    func release() { self.hanging?.release() }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        self.kept.withLock { $0 += batch.events.map(\.origin) }
        return try await self.hanging?.write(batch) ?? .delivered
    }
}

/// Never takes anything, and says each time that it may be tried again.
private struct RetryingSink: EventSink {
    func write(_ batch: SinkBatch) async throws -> SinkAnswer { .retry("it was told to fail") }
}
