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

/// What becomes of events at sinks of one's own.
@Suite(.timeLimit(.minutes(5)))
struct DeliveryTests {
    private let folder = TemporaryFolder()

    private func lines(_ count: Int) -> [String] { (0..<count).map { "{\"n\":\($0)}" } }

    private var options: SinkOptions {
        var options = SinkOptions()
        options.batchEventsMax = 10
        options.retry.attemptsMax = 3
        options.retry.backoffInitial = .microseconds(10)
        return options
    }

    /// Gives way until something has happened; the suite's time limit ends it if it never does.
    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func everyEventReachesEverySink() async throws {
        let one = CollectingSink()
        let other = CollectingSink()
        let lines = self.lines(1000)
        let report = try await Pipeline("test") {
            Source("in", CountedSource(lines))
            Sink("one", one, options: self.options)
            // Nothing is to be dropped because it comes too fast.
            Sink("other", other).whenFull(.wait)
            FileSink(self.folder["out"])
        }.run()
        #expect(report.balanced)
        #expect(report.events.delivered == 1000)
        #expect(report.sinks.map(\.ledger.delivered) == [1000, 1000, 1000])
        #expect(one.lines.sorted() == lines.sorted())
        #expect(other.lines.sorted() == lines.sorted())
        #expect(self.folder.lines(of: "out").sorted() == lines.sorted())
        #expect(one.isClosed && other.isClosed)
        #expect(Set(one.batches).count == one.batches.count)
    }

    @Test func refusedEventsAreDeadLettersWithTheirOrigin() async throws {
        let sink = RefusingSink { $0.origin.position % 10 == 3 }
        let report = try await Pipeline("test") {
            Source("in", CountedSource(self.lines(100)))
            Sink("out", sink, options: self.options)
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        #expect(report.exit.name == "drained")
        #expect(report.events.delivered == 90)
        #expect(report.events.deadLettered == 10)
        #expect(report.sinks[0].ledger.deadLettered == 10)
        #expect(sink.lines.count == 90)
        let letters = self.folder.lines(of: "dead")
        #expect(letters.count == 10)
        #expect(
            letters.contains {
                $0.hasPrefix(
                    #"{"source":"in","position":13,"reason":"it was told to refuse","sink":"out","attempts":1,"time":""#
                ) && $0.hasSuffix(#","event":"{\"n\":12}"}"#)
            },
            "\(letters)"
        )
    }

    @Test func refusedEventsWithoutDeadLettersAreDroppedAndCounted() async throws {
        let report = try await Pipeline("test") {
            Source("in", CountedSource(self.lines(100)))
            Sink("out", RefusingSink { $0.origin.position > 50 }, options: self.options)
        }.run()
        #expect(report.balanced)
        #expect(report.events.dropped == ["no_dead_letter": 50])
    }

    @Test func attemptsThatAreUsedUpMakeDeadLetters() async throws {
        let sink = CollectingSink()
        let failing = FailingSink(sink, failing: 3)
        let report = try await Pipeline("test") {
            Source("in", CountedSource(self.lines(100)))
            Sink("out", failing, options: self.options)
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        #expect(report.exit.name == "drained")
        let letters = self.folder.lines(of: "dead")
        #expect((1...10).contains(letters.count))
        #expect(report.events.deadLettered == letters.count)
        #expect(sink.lines.count == 100 - letters.count)
        #expect(letters.allSatisfy { $0.contains(#""reason":"it was told to fail","sink":"out","attempts":3,"#) })
    }

    @Test func onlySinkThatFailsEndsTheRun() async throws {
        var configuration = PipelineConfiguration()
        configuration.queueEventsMax = 10
        let report = try await Pipeline("test", configuration: configuration) {
            Generator()
            Sink("out", FailingSink(CollectingSink(), failing: .max), options: self.options)
        }.run()
        #expect(report.balanced)
        guard case .failed(let error) = report.exit else {
            Issue.record("It ended as \(report.exit).")
            return
        }
        #expect(error.message == "The sink \"out\" failed: it was told to fail.")
        #expect(report.events.dropped["sink_failed", default: 0] > 0)
    }

    @Test func brokenSinkBesideAnother() async throws {
        struct Broken: EventSink {
            func write(_ batch: SinkBatch) async throws -> SinkAnswer { throw SinkBroken("its server is gone") }
        }
        let good = CollectingSink()
        let report = try await Pipeline("test") {
            Source("in", CountedSource(self.lines(1000)))
            Sink("bad", Broken())
            Sink("good", good)
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        guard case .failed(let error) = report.exit else {
            Issue.record("It ended as \(report.exit).")
            return
        }
        #expect(error.message == "The sink \"bad\" failed: its server is gone.")
        #expect(good.lines.count == 1000)
        #expect(report.events.deadLettered == 1000)
        #expect(self.folder.lines(of: "dead").count == 1000)
    }

    @Test(arguments: [SinkOptions.WhenFull.drop, .deadLetter])
    func sinkThatHangsHoldsUpNoOther(policy: SinkOptions.WhenFull) async throws {
        let hanging = HangingSink()
        let good = CollectingSink()
        var options = self.options
        options.queueEventsMax = 20
        options.whenFull = policy
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(self.lines(2000)))
            Sink("bad", hanging, options: options)
            Sink("good", good).whenFull(.wait)
            DeadLetters(self.folder["dead"])
        }
        async let running = pipeline.run()
        try await self.until { good.lines.count == 2000 && hanging.hangingCount == 1 }
        #expect(pipeline.progress().events.isBalanced)
        hanging.release()
        let report = try await running
        #expect(report.balanced)
        let bad = report.sinks[0].ledger
        #expect(bad.routed == 2000)
        #expect((10...40).contains(bad.delivered), "\(bad)")
        #expect(report.events.delivered == bad.delivered)
        switch policy {
        case .drop:
            #expect(bad.dropped == ["sink_full": 2000 - bad.delivered])
            #expect(report.events.dropped == bad.dropped)
        case .deadLetter:
            #expect(bad.deadLettered == 2000 - bad.delivered)
            #expect(self.folder.lines(of: "dead").count == bad.deadLettered)
        case .wait: break
        }
    }

    @Test func laneHoldsNoMoreThanItsQueueHoweverLargeBatchesAre() async throws {
        let hanging = HangingSink()
        var options = self.options
        options.queueEventsMax = 20
        options.whenFull = .drop
        let pipeline = Pipeline("test") {
            Generator(count: 5000)
            Sink("bad", hanging, options: options)
            NullSink()
        }
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.accepted == 5000 && hanging.hangingCount == 1 }
        try await self.until { pipeline.progress().events.inFlight <= 20 }
        hanging.release()
        let report = try await running
        #expect(report.balanced)
        #expect(report.sinks[0].ledger.delivered >= 20)
    }

    @Test func lingeringEventsAreWrittenWhenTheirTimeHasCome() async throws {
        let clock = VirtualClock()
        let sink = CollectingSink()
        var options = self.options
        options.linger = .seconds(5)
        let source = CountedSource(["{}", "{}", "{}"], batchMax: 1, ending: .stall)
        let pipeline = Pipeline("test", time: clock.time) {
            Source("in", source)
            Sink("out", sink, options: options)
        }
        async let running = pipeline.run()
        try await self.until { pipeline.progress().writing == 3 && clock.sleeperCount == 1 }
        #expect(sink.lines.isEmpty)
        clock.advance(by: .seconds(5))
        try await self.until { source.settlements.count == 3 }
        #expect(sink.batches.count == 1)
        pipeline.drain(deadline: .seconds(1))
        #expect(try await running.events.delivered == 3)
    }

    @Test func sinkThatHangsHoldsUpTheOthersIfAskedTo() async throws {
        let hanging = HangingSink()
        let good = CollectingSink()
        var options = self.options
        options.queueEventsMax = 20
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        let pipeline = Pipeline("test", configuration: configuration) {
            Source("in", CountedSource(self.lines(2000)))
            Sink("good", good)
            Sink("bad", hanging, options: options).whenFull(.wait)
        }
        async let running = pipeline.run()
        try await self.until { hanging.hangingCount == 1 }
        hanging.release()
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.delivered == 2000)
    }

    @Test func sinkThatHangsForEverIsAbandonedByADrain() async throws {
        let hanging = HangingSink()
        let clock = VirtualClock()
        let pipeline = Pipeline("test", time: clock.time) {
            Generator()
            Sink("out", hanging, options: self.options)
        }
        async let running = pipeline.run()
        try await self.until { hanging.hangingCount == 1 && pipeline.progress().events.inFlight > 10_000 }
        pipeline.drain(deadline: .zero)
        let mover = ClockMover(clock, by: .seconds(10))
        let report = try await running
        mover.stop()
        #expect(report.balanced)
        #expect(report.exit.name == "deadline")
        #expect(report.events.inFlight == 0)
        #expect(report.events.dropped["abandoned", default: 0] >= 1)
        #expect(report.events.dropped["returned", default: 0] > 0)
        #expect(report.sinks[0].ledger.inFlight == 0)
        hanging.release()
    }

    @Test func reportSaysWhyASinkHadNotTakenWhatADrainGaveBack() async throws {
        struct Full: EventSink {
            let attempts = Locked(0)

            func write(_ batch: SinkBatch) async throws -> SinkAnswer {
                self.attempts.withLock { $0 += 1 }
                return .retry("it has no room")
            }
        }
        let full = Full()
        var options = self.options
        options.retry.backoffInitial = .seconds(3600)
        options.retry.backoffMax = .seconds(3600)
        let clock = VirtualClock()
        let lines = self.lines(100)
        let pipeline = Pipeline("test", time: clock.time) {
            Source("in", CountedSource(lines))
            Sink("out", full, options: options)
        }
        async let running = pipeline.run()
        try await self.until { full.attempts.withLock { $0 } > 0 }
        pipeline.drain(deadline: .zero)
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.dropped["returned", default: 0] > 0)
        #expect(report.sinks[0].lastReason == "it has no room")
    }

    @Test func eventsGoWhereTheConditionsSay() async throws {
        let low = CollectingSink()
        let even = CollectingSink()
        let lines = (0..<100).map { "{\"n\":\($0),\"even\":\($0 % 2 == 0)}" }
        let report = try await Pipeline("test") {
            Source("in", CountedSource(lines))
            Filter("n != 0")
            Sink("low", low).when("n < 10")
            Sink("even", even).when("even")
        }.run()
        #expect(report.balanced)
        #expect(low.lines.count == 9)
        #expect(even.lines.count == 49)
        // 1 to 9, and the even ones from 10 on.
        #expect(report.events.delivered == 9 + 45)
        #expect(report.events.filtered == 1)
        #expect(report.events.dropped == ["no_route": 45])
    }

    @Test func conditionThatFailsMakesADeadLetterAndNoOtherHarm() async throws {
        let report = try await Pipeline("test") {
            Source("in", CountedSource(self.lines(10)))
            FileSink(self.folder["all"], name: "all")
            FileSink(self.folder["some"], name: "some").when("m > 1 || n > 7")
            DeadLetters(self.folder["dead"])
        }.run()
        #expect(report.balanced)
        #expect(self.folder.lines(of: "all").count == 10)
        #expect(self.folder.lines(of: "some").count == 2)
        #expect(self.folder.lines(of: "dead").count == 8)
        #expect(report.events.deadLettered == 8)
        #expect(self.folder.lines(of: "dead").allSatisfy { $0.contains("when: no such field: 'm'") })
    }

    @Test func rowsGoWhereTheConditionsSay() async throws {
        let lines = (0..<90).map { "{\"k\":\($0 % 3)}" } + ["{\"k\":1}"]
        let report = try await Pipeline("test") {
            Source("in", CountedSource(lines))
            Aggregate(by: "k", every: .seconds(3600)) { Count("n") }
            FileSink(self.folder["many"], name: "many").when("n > 30")
            FileSink(self.folder["zero"], name: "zero").when("k == 0")
        }.run()
        #expect(report.balanced)
        #expect(report.rows?.emitted == 3)
        #expect(report.rows?.delivered == 2)
        #expect(report.rows?.dropped == ["no_route": 1])
        #expect(self.folder.lines(of: "many").count == 1)
        #expect(self.folder.lines(of: "zero").count == 1)
    }

    @Test func sinkAsksForLongerThanItsBackOff() async throws {
        struct Busy: EventSink {
            let time: TimeSource
            let attempts = Locked<[UInt64]>([])

            func write(_ batch: SinkBatch) async throws -> SinkAnswer {
                self.attempts.withLock { $0.append(self.time.now()) }
                return batch.attempt == 1 ? .retry("busy", after: .seconds(60)) : .delivered
            }
        }
        let clock = VirtualClock()
        let busy = Busy(time: clock.time)
        var configuration = PipelineConfiguration()
        // The clock runs while the sink is opened.
        configuration.openTimeMax = .seconds(86_400 * 365)
        let pipeline = Pipeline("test", configuration: configuration, time: clock.time) {
            Source("in", CountedSource(["{}"]))
            Sink("out", busy, options: self.options)
        }
        let mover = ClockMover(clock, by: .milliseconds(100))
        let report = try await pipeline.run()
        mover.stop()
        #expect(report.balanced && report.events.delivered == 1)
        let attempts = busy.attempts.withLock { $0 }
        #expect(attempts.count == 2 && attempts[1] - attempts[0] >= 60_000_000_000)
    }

    @Test func aFullSinkThatDropsHoldsUpNobody() async throws {
        let hole = HangingSink()
        var options = SinkOptions()
        options.queueEventsMax = 10
        let lines = self.lines(1000)
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(lines))
            FileSink(self.folder["out"])
            Sink("hole", hole, options: options).whenFull(.drop)
        }
        async let running = pipeline.run()
        try await self.until { pipeline.snapshot().sinks.first?.ledger.delivered == 1000 }
        hole.release()
        let report = try await running
        #expect(report.balanced)
        #expect(self.folder.lines(of: "out").sorted() == lines.sorted())
        let taken = report.sinks[1].ledger.delivered
        #expect((1...10).contains(taken))
        #expect(report.sinks[1].ledger.dropped == ["sink_full": 1000 - taken])
        #expect(report.events.delivered == taken && report.events.dropped == ["sink_full": 1000 - taken])
    }

    @Test func partOfABatchIsTriedAgainUnderAnotherName() async throws {
        final class Halves: EventSink {
            let seen = Locked<[(SinkBatchID, [String])]>([])

            func write(_ batch: SinkBatch) async throws -> SinkAnswer {
                self.seen.withLock { $0.append((batch.id, batch.events.map(\.text))) }
                return .each([EventAnswer.delivered] + Array(repeating: .retry("later"), count: batch.events.count - 1))
            }
        }
        let sink = Halves()
        let report = try await Pipeline("test") {
            Source("in", CountedSource(["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]))
            Sink("out", sink, options: self.options)
        }.run()
        #expect(report.balanced)
        #expect(report.events.delivered == 3)
        let seen = sink.seen.withLock { $0 }
        #expect(seen.map(\.1.count) == [3, 2, 1])
        #expect(Set(seen.map(\.0)).count == 3)
    }

    /// Sinks that fail, refuse and are slow by chance, and a drain at a random moment: every snapshot balances.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func ledgersBalanceWhateverSinksDo(seed: UInt64) async throws {
        struct Moody: EventSink {
            let random: Locked<SeededGenerator>

            func write(_ batch: SinkBatch) async throws -> SinkAnswer {
                let choices = self.random.withLock { random in
                    batch.events.map { _ in Int.random(in: 0..<10, using: &random) }
                }
                for _ in 0..<(choices.first ?? 0) { await Task.yield() }
                return .each(
                    choices.map { choice in
                        switch choice {
                        case 0: .refused("mood")
                        case 1, 2: .retry("mood")
                        default: .delivered
                        }
                    }
                )
            }
        }
        var random = SeededGenerator(seed: seed)
        func moody() -> Moody { Moody(random: Locked(SeededGenerator(seed: random.next()))) }
        var options = self.options
        options.concurrency = Int.random(in: 1...3, using: &random)
        options.queueEventsMax = Int.random(in: 1...200, using: &random)
        options.whenFull = SinkOptions.WhenFull.allCases.randomElement(using: &random)
        options.linger = Bool.random(using: &random) ? .zero : .microseconds(100)
        let source = CountedSource(self.lines(3000), batchMax: Int.random(in: 1...100, using: &random))
        let pipeline = Pipeline("test") {
            Source("in", source)
            Sink("one", moody(), options: options).when("n < 50 || n > 100")
            Sink("two", moody(), options: options)
            FileSink(self.folder["out"])
            DeadLetters(self.folder["dead"])
        }
        let drainsAt = Int.random(in: 0...4000, using: &random)
        async let running = pipeline.run()
        while pipeline.progress().events.accepted < min(drainsAt, 3000) {
            #expect(pipeline.progress().events.isBalanced, "seed \(seed)")
            await Task.yield()
        }
        if drainsAt < 3000 { pipeline.drain(deadline: drainsAt % 2 == 0 ? .zero : .seconds(30)) }
        let report = try await running
        #expect(report.balanced, "seed \(seed)")
        #expect(report.events.inFlight == 0, "seed \(seed)")
        #expect(report.sinks.allSatisfy { $0.ledger.inFlight == 0 }, "seed \(seed)")
        let settled = source.settlements
        #expect(Set(settled.map(\.batch)).count == settled.count, "seed \(seed)")
        #expect(settled.count == source.batchesSent, "seed \(seed)")
        #expect(settled.reduce(0) { $0 + $1.events - $1.rejected } == report.events.accepted, "seed \(seed)")
        #expect(settled.reduce(0) { $0 + $1.delivered } == report.events.delivered, "seed \(seed)")
        #expect(settled.reduce(0) { $0 + $1.deadLettered } == report.events.deadLettered, "seed \(seed)")
        #expect(settled.reduce(0) { $0 + $1.dropped } == report.events.droppedTotal, "seed \(seed)")
    }
}
