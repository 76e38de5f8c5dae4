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

/// Sources and steps of one's own.
@Suite(.timeLimit(.minutes(5)))
struct OwnSourceTests {
    private let folder = TemporaryFolder()

    /// Gives way until something has happened; the suite's time limit ends it if it never does.
    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func settlementsTellOfEveryFate() async throws {
        let source = CountedSource(["{\"n\":1}", "no", "{\"n\":3}", "{\"n\":4}"], batchMax: 4)
        let report = try await Pipeline("test") {
            Source("in", source)
            Filter("n != 3")
            FileSink(self.folder["out"])
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        var expected = Settlement(batch: 1)
        expected.delivered = 2
        expected.filtered = 1
        expected.deadLettered = 1
        #expect(source.settlements == [expected])
        #expect(expected.isSafe && expected.events == 4)
    }

    @Test func eventsOfAWindowAreSettledWithItsRows() async throws {
        let clock = VirtualClock()
        let source = CountedSource((0..<50).map { "{\"k\":\($0 % 3)}" }, batchMax: 10, ending: .stall)
        let sink = CollectingSink()
        let pipeline = Pipeline("test", time: clock.time) {
            Source("in", source)
            Aggregate(by: "k", every: .seconds(10)) { Count("n") }
            Sink("out", sink)
        }
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.aggregated == 50 && clock.sleeperCount > 0 }
        #expect(source.settlements.isEmpty)
        clock.advance(by: .seconds(10))
        try await self.until { source.settlements.count == 5 }
        #expect(sink.lines.count == 3)
        #expect(source.settlements.allSatisfy { $0.aggregated == 10 && $0.isSafe })
        pipeline.drain(deadline: .seconds(30))
        #expect(try await running.balanced)
    }

    @Test func eventsOfAWindowShareTheFateOfItsRows() async throws {
        let source = CountedSource((0..<50).map { "{\"k\":\($0 % 3)}" }, batchMax: 10)
        let report = try await Pipeline("test") {
            Source("in", source)
            Aggregate(by: "k", every: .seconds(3600)) { Count("n") }
            Sink("out", RefusingSink { $0.text.contains("\"k\":1") })
        }.run()
        #expect(report.balanced)
        #expect(report.rows?.dropped == ["no_dead_letter": 1])
        #expect(source.settlements.count == 5)
        #expect(source.settlements.allSatisfy { $0.dropped == 10 && !$0.isSafe })
    }

    @Test func batchWithoutEventsIsSettledToo() async throws {
        final class Empty: AcknowledgedSource {
            let told = Locked<[Settlement]>([])

            func run(_ feed: SourceFeed) async throws { try await feed.send(SourceBatch(id: 9, lines: [])) }

            func settle(_ settlements: [Settlement]) async { self.told.withLock { $0 += settlements } }
        }
        let source = Empty()
        let report = try await Pipeline("test") {
            Source("in", source)
            NullSink()
        }.run()
        #expect(report.balanced)
        #expect(source.told.withLock { $0 } == [Settlement(batch: 9)])
    }

    @Test func positionsAndSessionsAreTheSources() async throws {
        struct Given: EventSource {
            func run(_ feed: SourceFeed) async throws {
                let lines = Array("a\n\nb\n".utf8)
                try await feed.send(SourceBatch(id: 1, lines: lines, firstPosition: 100, session: 7))
                try await feed.send(SourceBatch(id: 2, lines: lines))
            }
        }
        final class Origins: EventSink {
            let seen = Locked<[EventOrigin]>([])

            func write(_ batch: SinkBatch) async throws -> SinkAnswer {
                self.seen.withLock { $0 += batch.events.map(\.origin) }
                return .delivered
            }
        }
        let sink = Origins()
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        _ = try await Pipeline("test", configuration: configuration) {
            Source("mine", Given())
            Decode.lines
            Sink("out", sink)
        }.run()
        let seen = sink.seen.withLock { $0 }
        #expect(seen.map(\.position) == [100, 102, 103, 105])
        #expect(seen.prefix(2).allSatisfy { $0 == EventOrigin(source: "mine", session: 7, position: $0.position) })
        #expect(seen[2].session == seen[3].session && seen[2].session != 7)
    }

    @Test func sourceThatFailsFailsTheRunAndLosesNothing() async throws {
        let sink = CollectingSink()
        let report = try await Pipeline("test") {
            Source("in", CountedSource(["{}", "{}"], ending: .fail("its server is gone")))
            Sink("out", sink)
        }.run()
        #expect(report.balanced)
        guard case .failed(let error) = report.exit else {
            Issue.record("It ended as \(report.exit).")
            return
        }
        #expect(error.message == "The source \"in\" failed: its server is gone.")
        #expect(report.events.delivered == 2)
        #expect(sink.lines.count == 2)
    }

    @Test func sourceThatDoesNotStopIsLeftBehind() async throws {
        let clock = VirtualClock()
        let source = StubbornSource()
        let pipeline = Pipeline("test", time: clock.time) {
            Source("in", source)
            NullSink()
        }
        async let running = pipeline.run()
        try await self.until { source.isRunning }
        pipeline.drain(deadline: .zero)
        let mover = ClockMover(clock, by: .seconds(10))
        let report = try await running
        mover.stop()
        #expect(report.balanced)
        #expect(source.isRunning)
        source.release()
    }

    @Test func stepsOfOnesOwnStandBetweenOthers() async throws {
        let report = try await Pipeline("test") {
            Source("in", CountedSource((0..<100).map { "{\"n\":\($0)}" }))
            Filter("n >= 10")
            Step { event in
                switch event.origin.position % 4 {
                case 0: .keep
                case 1: .end
                case 2: .replace(with: "{\"m\":\(event.origin.position)}")
                default: .refuse("a bad number")
                }
            }
            Filter("has(m)")
            FileSink(self.folder["out"])
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        // Positions 11 to 100: of each remainder of 4 there are 22 or 23.
        #expect(report.events.delivered == 22)
        #expect(report.events.deadLettered == 23)
        #expect(report.events.filtered == 10 + 22 + 23)
        #expect(self.folder.lines(of: "out").contains("{\"m\":98}"))
        #expect(self.folder.lines(of: "dead").contains { $0.contains(#""position":99,"reason":"a bad number""#) })
    }

    @Test func stepThatThrowsOrGivesTooFewFatesLosesNothing() async throws {
        struct Short: EventStep {
            func handle(_ events: Events) async throws -> [StepFate] { [.keep] }
        }
        struct Thrown: Error, CustomStringConvertible {
            var description: String { "no luck" }
        }
        let source = CountedSource((0..<10).map { "{\"n\":\($0)}" }, batchMax: 10)
        let report = try await Pipeline("test") {
            Source("in", source)
            Step { event -> StepFate in
                if event.text.contains("3") { throw Thrown() }
                return event.text.contains("4") ? .replace(with: "a\nb") : .keep
            }
            Step(Short())
            FileSink(self.folder["out"])
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        #expect(report.events.delivered == 1)
        #expect(report.events.deadLettered == 9)
        let letters = self.folder.lines(of: "dead")
        #expect(letters.contains { $0.contains("no luck") })
        #expect(letters.contains { $0.contains("the step made it no line: an LF in it") })
        #expect(letters.count { $0.contains("the step gave no fate for this event") } == 7)
    }

    @Test func lettersOfARunBeforeAreKept() async throws {
        for line in ["one", "two"] {
            _ = try await Pipeline("test") {
                Source("in", CountedSource([line]))
                FileSink(self.folder["out"])
                DeadLetters(self.folder["dead"])
            }.run()
        }
        #expect(self.folder.lines(of: "dead").count == 2)
        _ = try await Pipeline("test") {
            Source("in", CountedSource(["three"]))
            FileSink(self.folder["out"])
            DeadLetters(self.folder["dead"], options: FileOptions())
        }.run()
        #expect(self.folder.lines(of: "dead").count == 1)
    }

    @Test func partsInAWrongOrderAreRefused() async throws {
        let pipeline = Pipeline("test") {
            Filter("a > 1")
            Generator(count: 1)
            NullSink()
        }
        #expect(pipeline.check().map(\.code) == [.invalidConfiguration])
        await #expect(throws: PenstockError.self) { try await pipeline.run() }
    }

    @Test func whatTheFileCanDoSwiftCan() async throws {
        let pipeline = Pipeline("late-flights") {
            FileSource(
                self.folder.write("{\"origin\":\"ORD\",\"delay\":61,\"distance\":10}\n", to: "flights"),
                times: 3
            )
            Decode.json
            Filter("delay > 60")
            Aggregate(by: "origin", every: .seconds(10)) {
                Count("flights")
                Sum("distance", as: "miles")
                Least("delay", as: "least")
                Greatest("delay", as: "worst")
            }
            FileSink(self.folder["late"])
        }
        let report = try await pipeline.run()
        #expect(report.balanced)
        #expect(report.events.aggregated == 3)
        #expect(self.folder.lines(of: "late").first?.hasPrefix(#"{"origin":"ORD","flights":3,"miles":30,"#) == true)
    }
}
