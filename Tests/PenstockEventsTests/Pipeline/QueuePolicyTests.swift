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

/// What a full queue in memory does with events.
@Suite(.timeLimit(.minutes(5)))
struct QueuePolicyTests {
    private let folder = TemporaryFolder()

    /// Sixteen events, the first of which holds the only worker while ten of the others find a place.
    private func sixteen(
        _ whenFull: PipelineConfiguration.WhenFull
    ) async throws -> (report: PipelineReport, lines: [String], source: SingleSource) {
        let gate = StepGate()
        let source = SingleSource((1...16).map(String.init), gate)
        let sink = CollectingSink()
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        configuration.queueEventsMax = 10
        configuration.queueWhenFull = whenFull
        let report = try await Pipeline("test", configuration: configuration) {
            Source("in", source)
            Decode.lines
            Step(gate)
            Sink("out", sink)
        }.run()
        #expect(report.balanced)
        #expect(report.exit.name == "drained")
        return (report, sink.lines, source)
    }

    @Test func refusesWhatComes() async throws {
        let (report, lines, source) = try await self.sixteen(.reject)
        #expect(lines == (1...11).map(String.init))
        #expect(report.events.offered == 16)
        #expect(report.events.rejected == 5)
        #expect(report.events.rejectedReasons == ["queue_full": 5])
        #expect(report.events.dropped == [:])
        #expect(source.codes.withLock { $0 } == Array(repeating: .full, count: 5))
        let settled = source.settlements.withLock { $0 }
        #expect(settled.count { $0.rejected == 1 } == 5)
        #expect(settled.count { $0.delivered == 1 } == 11)
    }

    @Test func dropsWhatComes() async throws {
        let (report, lines, source) = try await self.sixteen(.dropNewest)
        #expect(lines == (1...11).map(String.init))
        #expect(report.events.accepted == 16)
        #expect(report.events.dropped == ["queue_full": 5])
        #expect(source.codes.withLock { $0 }.isEmpty)
        #expect(source.settlements.withLock { $0.count { $0.dropped == 1 } } == 5)
    }

    @Test func dropsWhatHasWaitedLongest() async throws {
        let (report, lines, source) = try await self.sixteen(.dropOldest)
        #expect(lines == ["1"] + (7...16).map(String.init))
        #expect(report.events.accepted == 16)
        #expect(report.events.dropped == ["queue_full": 5])
        #expect(source.codes.withLock { $0 }.isEmpty)
        #expect(source.settlements.withLock { $0.count { $0.dropped == 1 } } == 5)
    }

    /// Queues of any size, with files that are read as fast as they can be, and generated events.
    @Test(arguments: PipelineConfiguration.WhenFull.allCases, 1...40 as ClosedRange<UInt64>)
    func everyEventIsCounted(whenFull: PipelineConfiguration.WhenFull, seed: UInt64) async throws {
        var random = SplitMix(state: seed)
        let lines = (0..<(200 + random.below(1000))).map { "{\"number\":\($0)}" }
        let made = 200 + random.below(1000)
        var configuration = PipelineConfiguration()
        configuration.queueEventsMax = 1 + random.below(200)
        configuration.queueBytesMax = 1 + random.below(200_000)
        configuration.workers = 1 + random.below(3)
        configuration.queueWhenFull = whenFull
        let sink = CollectingSink()
        let file = self.folder.write(lines.map { $0 + "\n" }.joined(), to: "in")
        let report = try await Pipeline("test", configuration: configuration) {
            FileSource(file)
            Generator(count: made)
            Step(SlowStep())
            Sink("out", sink)
        }.run()
        let events = report.events
        #expect(report.balanced, "seed \(seed): \(events)")
        #expect(report.exit.name == "drained", "seed \(seed)")
        #expect(events.offered == lines.count + made, "seed \(seed)")
        #expect(events.delivered + (events.dropped["queue_full"] ?? 0) == events.accepted, "seed \(seed): \(events)")
        #expect(Set(events.dropped.keys).isSubset(of: ["queue_full"]), "seed \(seed)")
        #expect(sink.lines.count == events.delivered, "seed \(seed)")
        let known = Set(lines)
        let own = sink.lines.filter(known.contains)
        #expect(Set(own).count == own.count, "seed \(seed): an event came twice")
        switch whenFull {
        case .wait: #expect(events.delivered == events.offered, "seed \(seed)")
        case .reject: #expect(events.dropped.isEmpty, "seed \(seed)")
        case .dropNewest, .dropOldest: #expect(events.rejected == 0, "seed \(seed)")
        }
        if configuration.workers == 1 { #expect(own == lines.filter(Set(own).contains), "seed \(seed)") }
    }

    @Test func fileThatIsFollowedGoesOnBehindWhatIsRefused() async throws {
        let (log, state) = (self.folder["log"], self.folder["state"])
        let lines = (0..<5000).map(String.init)
        self.folder.write(lines.map { $0 + "\n" }.joined(), to: "log")
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        configuration.queueEventsMax = 8
        configuration.queueWhenFull = .reject
        let sink = CollectingSink()
        let pipeline = Pipeline("test", configuration: configuration) {
            Source("in", FileTail(log, checkpoint: state))
            Decode.lines
            Step(SlowStep())
            Sink("out", sink)
        }
        async let running = pipeline.run()
        while pipeline.progress().events.offered < 5000 { await Task.yield() }
        // The checkpoint is behind all of them: nothing that was refused comes again.
        let offset = "\"offset\":\"\(self.folder.read("log").count)\""
        while !String(decoding: self.folder.read("state"), as: UTF8.self).contains(offset) { await Task.yield() }
        pipeline.drain(deadline: .seconds(60))
        let report = try await running
        #expect(report.balanced)
        #expect(report.exit.name == "interrupted")
        #expect(report.events.delivered + report.events.rejected == 5000)
        #expect(report.events.delivered == sink.lines.count)
    }
}

/// A step that holds the first event until it is told to let it go.
private final class StepGate: EventStep {
    private let held = Locked(false)
    private let opening = Channel<Void>(capacity: 1)

    var isHolding: Bool { self.held.withLock { $0 } }

    func open() { self.opening.finish() }

    func handle(_ events: Events) async throws -> [StepFate] {
        self.held.withLock { $0 = true }
        for await _ in self.opening {}
        return events.map { _ in .keep }
    }
}

/// A step that gives way to others.
private struct SlowStep: EventStep {
    func handle(_ events: Events) async throws -> [StepFate] {
        for _ in 0..<20 { await Task.yield() }
        return events.map { _ in .keep }
    }
}

/// A source that hands over one event at a time, and all but the first when that holds the worker.
private final class SingleSource: AcknowledgedSource {
    let codes = Locked<[PenstockError.Code]>([])
    let settlements = Locked<[Settlement]>([])
    private let lines: [String]
    private let gate: StepGate

    init(_ lines: [String], _ gate: StepGate) {
        self.lines = lines
        self.gate = gate
    }

    func run(_ feed: SourceFeed) async throws {
        for (number, line) in self.lines.enumerated() {
            do throws(PenstockError) {
                try await feed.send(SourceBatch(id: UInt64(number), text: line))
            } catch {
                self.codes.withLock { $0.append(error.code) }
            }
            while !self.gate.isHolding { await Task.yield() }
        }
        self.gate.open()
    }

    func settle(_ settlements: [Settlement]) async { self.settlements.withLock { $0 += settlements } }
}
