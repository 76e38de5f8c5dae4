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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

func closeFile(_ number: Int32) { close(number) }

/// Runs that end before their sources do.
@Suite(.timeLimit(.minutes(5)))
struct PipelineEndTests {
    private let folder = TemporaryFolder()

    init() {
        signal(SIGPIPE, SIG_IGN)
    }

    private func endless(to path: String) -> PipelineDescription {
        var description = PipelineDescription(
            name: "test",
            sources: [NamedSource(name: "made", kind: .generate(rate: nil, count: nil))],
            sinks: [NamedSink(name: "out", kind: .file(path: path))]
        )
        description.sinks[0].options.retry.attemptsMax = 3
        description.sinks[0].options.retry.backoffInitial = .milliseconds(1)
        description.deadLetterRetry = description.sinks[0].options.retry
        return description
    }

    /// Gives way until something has happened; the suite's time limit ends it if it never does.
    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func drainInTheMiddle() async throws {
        let pipeline = try Pipeline(self.endless(to: "/dev/null"))
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.delivered > 10_000 }
        #expect(pipeline.progress().events.isBalanced)
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        #expect(report.balanced)
        #expect(report.exit.name == "interrupted")
        #expect(report.events.delivered == report.events.accepted)
        #expect(report.events.inFlight == 0)
        #expect(pipeline.progress().events == report.events)
    }

    @Test func ledgerBalancesAtEveryMoment() async throws {
        let pipeline = try Pipeline(self.endless(to: "/dev/null"))
        async let running = pipeline.run()
        for look in 0..<2000 {
            #expect(pipeline.progress().events.isBalanced)
            // Each yield lets every other test go on that waits for a thread.
            if look % 100 == 0 { await Task.yield() }
        }
        pipeline.drain(deadline: .zero)
        #expect(try await running.balanced)
    }

    @Test func sourcesGoOnForTheDelay() async throws {
        var description = self.endless(to: "/dev/null")
        description.shutdown.delay = .seconds(10)
        let clock = VirtualClock()
        let pipeline = try Pipeline(description, time: clock.time)
        async let running = pipeline.run()
        pipeline.drain(deadline: .seconds(30))
        try await self.until { clock.sleeperCount == 1 }
        let before = pipeline.progress().events.delivered
        try await self.until { pipeline.progress().events.delivered > before + 10_000 }
        #expect(!pipeline.progress().isDraining)
        let snapshot = pipeline.snapshot()
        #expect(snapshot.phase == .stopping)
        let status = PipelineStatus(snapshot, time: 0)
        #expect(status.reasonsNotReady == ["stopping"])
        #expect(status.diagnoses.map(\.code) == ["stopping"])
        clock.advance(by: .seconds(10))
        let report = try await running
        #expect(report.balanced)
        #expect(report.exit.name == "interrupted")
    }

    @Test func secondOrderDoesNotWaitForTheDelay() async throws {
        var description = self.endless(to: "/dev/null")
        description.shutdown.delay = .seconds(1_000_000)
        let pipeline = try Pipeline(description)
        async let running = pipeline.run()
        pipeline.drain(deadline: .seconds(30))
        try await self.until { pipeline.progress().events.delivered > 10_000 }
        pipeline.drain(deadline: .zero)
        #expect(try await running.balanced)
    }

    @Test func drainBeforeTheRun() async throws {
        let pipeline = try Pipeline(self.endless(to: "/dev/null"))
        pipeline.drain(deadline: .seconds(30))
        let report = try await pipeline.run()
        #expect(report.balanced)
        #expect(report.exit.name == "interrupted")
    }

    @Test func cancellingTheRun() async throws {
        let pipeline = try Pipeline(self.endless(to: "/dev/null"))
        let running = Task { try await pipeline.run() }
        try await self.until { pipeline.progress().events.delivered > 0 }
        running.cancel()
        #expect(try await running.value.balanced)
    }

    @Test func slowPacedSourceStopsAtOnce() async throws {
        var description = self.endless(to: "/dev/null")
        description.sources = [NamedSource(name: "made", kind: .generate(rate: 0.001, count: nil))]
        let pipeline = try Pipeline(description)
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.delivered == 1 }
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.accepted == 1)
    }

    @Test func sourceThatWaitsForInputStopsAtOnce() async throws {
        let (path, reading) = self.folder.makePipe("in")
        let writing = open(path, O_WRONLY)
        defer {
            close(reading)
            close(writing)
        }
        var description = self.endless(to: self.folder["out"])
        description.sources = [NamedSource(name: "in", kind: .file(path: path))]
        description.decode = .lines
        let pipeline = try Pipeline(description)
        async let running = pipeline.run()
        writeAll(Array("a\nb\nunfini".utf8), to: writing)
        try await self.until { pipeline.progress().events.delivered == 2 }
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        #expect(report.balanced)
        #expect(report.events.offered == 2)
        #expect(self.folder.lines(of: "out") == ["a", "b"])
    }

    @Test func fullDisk() async throws {
        let report = try await Pipeline(self.endless(to: "/dev/full")).run()
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
        guard case .failed(let error) = report.exit else { return }
        #expect(error.message == "The sink \"out\" failed: writing to \"/dev/full\": No space left on device.")
        #expect(report.events.delivered == 0)
        #expect(report.events.dropped["sink_failed", default: 0] > 0)
    }

    @Test func fullDiskUnderAnotherSink() async throws {
        var description = self.endless(to: "/dev/full")
        description.sources = [NamedSource(name: "made", kind: .generate(rate: nil, count: 100_000))]
        description.sinks.append(NamedSink(name: "good", kind: .file(path: self.folder["good"])))
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
        #expect(report.events.delivered == 0)
        #expect(report.events.droppedTotal == 100_000)
        // The other sink is not held up, and gets everything.
        #expect(report.sinks[1].ledger.delivered == 100_000)
        #expect(self.folder.lines(of: "good").count == 100_000)
        let lost = report.sinks[0].ledger.dropped
        #expect(lost["sink_failed", default: 0] > 0)
        #expect(lost["sink_failed", default: 0] + lost["sink_full", default: 0] == 100_000)
    }

    @Test func fullDeadLetterSink() async throws {
        let source = self.folder.write(String(repeating: "no\n{}\n", count: 5000), to: "in")
        var description = self.endless(to: self.folder["out"])
        description.sources = [NamedSource(name: "in", kind: .file(path: source, repeat: 100))]
        description.deadLetter = .file(path: "/dev/full")
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
        #expect(report.events.deadLettered == 0)
        #expect(report.events.dropped["sink_failed", default: 0] > 0)
        #expect(report.events.delivered == self.folder.lines(of: "out").count)
    }

    @Test func fullDiskWhenTheWindowCloses() async throws {
        var description = self.endless(to: "/dev/full")
        description.sources = [NamedSource(name: "made", kind: .generate(rate: nil, count: 1000))]
        description.steps = [.aggregate(AggregateDescription(by: ["service"], every: .seconds(3600), count: "n"))]
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
        #expect(report.events.aggregated == 1000)
        #expect(report.rows?.dropped["sink_failed"] == report.rows?.emitted)
    }

    @Test func readerThatGoesAway() async throws {
        let (path, reading) = self.folder.makePipe("out")
        let pipeline = try Pipeline(self.endless(to: path))
        async let running = pipeline.run()
        var bytes: [UInt8] = []
        try await self.until {
            bytes += readAll(from: reading)
            return bytes.count > 300_000
        }
        close(reading)
        let report = try await running
        #expect(report.balanced)
        #expect(report.exit.name == "failed")
        guard case .failed(let error) = report.exit else { return }
        #expect(error.message.hasSuffix("Broken pipe."))
        #expect(report.events.delivered >= bytes.count { $0 == UInt8(ascii: "\n") })
        #expect(report.events.dropped["sink_failed", default: 0] > 0)
    }

    @Test func deadlineOfZeroReturnsWhatHasNotBegun() async throws {
        // Nobody reads: the worker is held, the queue fills, and what is more than the queue holds is the worker's.
        let (path, reading) = self.folder.makePipe("out")
        fillPipe(path)
        var description = self.endless(to: path)
        description.workers = 1
        let pipeline = try Pipeline(description)
        async let running = pipeline.run()
        try await self.until { pipeline.progress().events.inFlight > description.queue.events }
        pipeline.drain(deadline: .zero)
        try await self.until { pipeline.progress().isDraining }
        var bytes: [UInt8] = []
        let reader = Task {
            var bytes: [UInt8] = []
            while !Task.isCancelled {
                bytes += readAll(from: reading)
                await Task.yield()
            }
            return bytes + readAll(from: reading)
        }
        let report = try await running
        reader.cancel()
        bytes = await reader.value
        close(reading)
        #expect(report.balanced)
        #expect(report.exit.name == "deadline")
        #expect(report.events.dropped["returned", default: 0] > 0)
        // A batch that was given up on a crowded machine may still be written before the sink is closed.
        let written = bytes.count { $0 == UInt8(ascii: "\n") }
        let delivered = report.events.delivered
        #expect((delivered...(delivered + report.events.dropped["abandoned", default: 0])).contains(written))
    }

    @Test func sinkThatBlocksForEverIsAbandoned() async throws {
        let (path, reading) = self.folder.makePipe("out")
        fillPipe(path)
        var description = self.endless(to: path)
        description.workers = 1
        description.deadLetter = .file(path: self.folder["dead"])
        let clock = VirtualClock()
        let pipeline = try Pipeline(description, time: clock.time)
        async let running = pipeline.run()
        // A batch is with the sink, and not only with a worker that has not come to it.
        try await self.until { pipeline.progress().writing > 0 }
        pipeline.drain(deadline: .zero)
        // The grace passes.
        let mover = ClockMover(clock, by: .seconds(10))
        let report = try await running
        mover.stop()
        #expect(report.balanced)
        #expect(report.exit.name == "deadline")
        #expect(report.events.dropped["abandoned", default: 0] > 0)
        let ledger = report.sinks[0].ledger
        #expect(ledger.inFlight == 0 && ledger.dropped["abandoned"] == report.events.dropped["abandoned"])
        close(reading)
    }

    @Test func windowsCloseWithoutTraffic() async throws {
        let (path, reading) = self.folder.makePipe("in")
        let writing = open(path, O_WRONLY)
        close(reading)
        var description = self.endless(to: self.folder["out"])
        description.sources = [NamedSource(name: "in", kind: .file(path: path))]
        description.steps = [.aggregate(AggregateDescription(by: ["k"], every: .seconds(10), count: "n"))]
        let clock = VirtualClock()
        let pipeline = try Pipeline(description, time: clock.time, wallClock: { 1_000_000_000_000_000_000 })
        async let running = pipeline.run()
        try await self.until { clock.sleeperCount == 1 }
        for window in 1...3 {
            writeAll(Array("{\"k\":\(window)}\n{\"k\":\(window)}\n".utf8), to: writing)
            try await self.until { pipeline.progress().events.aggregated == 2 * window }
            clock.advance(by: .seconds(10))
            try await self.until { self.folder.lines(of: "out").count == window && clock.sleeperCount == 1 }
        }
        writeAll(Array("{\"k\":4}\n".utf8), to: writing)
        close(writing)
        let report = try await running
        #expect(report.balanced)
        #expect(report.rows?.emitted == 4)
        let lines = self.folder.lines(of: "out")
        #expect(lines.first?.contains("\"k\":1,\"n\":2,\"window_start\":\"2001-09-09T01:46:40") == true)
        #expect(lines.last?.contains("\"k\":4,\"n\":1,\"window_start\":\"2001-09-09T01:47:10") == true)
    }
}
