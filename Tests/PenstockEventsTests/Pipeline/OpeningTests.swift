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

/// Sinks and sources that take their time to open.
@Suite(.timeLimit(.minutes(5)))
struct OpeningTests {
    private let clock = VirtualClock()
    private let folder = TemporaryFolder()

    private func pipeline(_ source: any EventSource, _ sinks: [any EventSink]) -> Pipeline {
        Pipeline("test", time: self.clock.time) {
            Source("in", source)
            Decode.lines
            for (place, sink) in sinks.enumerated() { Sink("sink-\(place)", sink) }
            FileSink(self.folder["made"])
        }
    }

    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test(arguments: [true, false])
    func sinkThatDoesNotOpenInTimeEndsTheStart(obeys: Bool) async throws {
        let first = OpeningPart()
        let hanging = OpeningPart(hangs: true, obeys: obeys)
        let never = OpeningPart()
        let pipeline = self.pipeline(CountedSource(["a"]), [first, hanging, never])
        let running = Task { try await pipeline.run() }
        try await self.until { hanging.isOpening && self.clock.sleeperCount > 0 }
        self.clock.advance(by: .seconds(29))
        #expect(hanging.isOpening)
        let mover = ClockMover(self.clock, by: .seconds(1))
        let error = await #expect(throws: PenstockError.self) { try await running.value }
        mover.stop()
        #expect(error?.message == "The sink \"sink-1\" cannot be opened: it was not ready within 30.0 seconds.")
        #expect(first.calls == ["open", "close"])
        #expect(never.calls.isEmpty)
        #expect(self.folder.names.isEmpty)
        hanging.release()
        // One that comes back after all is not left open.
        if !obeys { try await self.until { hanging.calls == ["open", "close"] } }
    }

    @Test func sourceThatDoesNotOpenInTimeEndsTheStart() async throws {
        let sink = OpeningPart()
        let source = OpeningPart(hangs: true)
        let pipeline = self.pipeline(source, [sink])
        let running = Task { try await pipeline.run() }
        try await self.until { source.isOpening && self.clock.sleeperCount > 0 }
        let mover = ClockMover(self.clock, by: .seconds(1))
        let error = await #expect(throws: PenstockError.self) { try await running.value }
        mover.stop()
        #expect(error?.message == "The source \"in\" cannot start: it was not ready within 30.0 seconds.")
        #expect(sink.calls == ["open", "close"])
    }

    @Test(arguments: [true, false])
    func durableQueueThatDoesNotOpenInTimeEndsTheStart(obeys: Bool) async throws {
        let sink = OpeningPart()
        let store = OpeningPart(hangs: true, obeys: obeys)
        let pipeline = Pipeline("test", time: self.clock.time) {
            Source("in", CountedSource(["a"]))
            StoredQueue(in: store)
            Decode.lines
            Sink("out", sink)
            FileSink(self.folder["made"])
        }
        let running = Task { try await pipeline.run() }
        try await self.until { store.isOpening && self.clock.sleeperCount > 0 }
        let mover = ClockMover(self.clock, by: .seconds(1))
        let error = await #expect(throws: PenstockError.self) { try await running.value }
        mover.stop()
        #expect(
            error?.message == "The durable queue cannot be opened in a part: it was not ready within 30.0 seconds."
        )
        #expect(sink.calls == ["open", "close"])
        #expect(self.folder.names.isEmpty)
        store.release()
        if !obeys { try await self.until { store.calls == ["open", "close"] } }
    }

    @Test(arguments: [true, false])
    func aDrainEndsAStartThatHangs(cancels: Bool) async throws {
        let first = OpeningPart()
        let hanging = OpeningPart(hangs: true)
        let pipeline = self.pipeline(CountedSource(["a"]), [first, hanging])
        let running = Task { try await pipeline.run() }
        try await self.until { hanging.isOpening }
        if cancels { running.cancel() } else { pipeline.drain(deadline: .seconds(30)) }
        let report = try await running.value
        #expect(report.balanced)
        #expect(report.exit.name == "interrupted")
        #expect(report.events == EventLedger())
        #expect(report.sinks.map(\.name) == ["sink-0", "sink-1", "out-3"])
        #expect(first.calls == ["open", "close"])
        #expect(self.folder.names.isEmpty)
        #expect(pipeline.progress().events == EventLedger())
    }

    @Test func aDrainEndsAStartThatDoesNotObeyAfterTheGrace() async throws {
        let hanging = OpeningPart(hangs: true, obeys: false)
        let pipeline = self.pipeline(CountedSource(["a"]), [hanging])
        async let running = pipeline.run()
        try await self.until { hanging.isOpening }
        pipeline.drain(deadline: .zero)
        let mover = ClockMover(self.clock, by: .seconds(1))
        let report = try await running
        mover.stop()
        #expect(report.exit.name == "interrupted")
        hanging.release()
        try await self.until { hanging.calls == ["open", "close"] }
    }
}

/// A sink, a source or a store that may not open until it is released, whether it is cancelled or not.
private final class OpeningPart: EventSink, EventSource {
    private struct State {
        var calls: [String] = []
        var isOpening = false
    }

    private let state = Locked(State())
    private let gate = Channel<Void>(capacity: 1)
    private let hangs: Bool
    private let obeys: Bool

    init(hangs: Bool = false, obeys: Bool = true) {
        self.hangs = hangs
        self.obeys = obeys
    }

    var calls: [String] { self.state.withLock { $0.calls } }

    var isOpening: Bool { self.state.withLock { $0.isOpening } }

    func release() { self.gate.finish() }

    func open() async throws {
        self.state.withLock { $0.isOpening = true }
        if self.hangs, self.obeys {
            for await _ in self.gate {}
            try Task.checkCancellation()
        }
        // Its thread is this one's own.
        while self.hangs, !self.gate.hasEnded { await Task.yield() }
        self.state.withLock { $0.calls.append("open") }
    }

    func close() async { self.state.withLock { $0.calls.append("close") } }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer { .delivered }

    func run(_ feed: SourceFeed) async throws {}
}

extension OpeningPart: DurableEventStore {
    var name: String { "a part" }

    func check() throws {}

    func open() async throws -> StoreContents {
        try await self.open() as Void
        return StoreContents()
    }

    func commit(adding batches: [StoredBatch], removing numbers: [Int64]) async throws {}

    func read(after number: Int64, bytesMax: Int) async throws -> [StoredBatch] { [] }
}
