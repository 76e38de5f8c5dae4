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

/// Lines over real connections.
@Suite(.timeLimit(.minutes(5)))
struct TCPSourceTests {
    private let notices = Locked<[String]>([])
    private let folder = TemporaryFolder()

    private func source(
        time: TimeSource = .system,
        _ change: (inout TCPSourceConfiguration) -> Void = { _ in }
    ) -> TCPSource {
        var configuration = TCPSourceConfiguration(listen: .loopback(port: 0))
        change(&configuration)
        return TCPSource(configuration, time: time) { notice in self.notices.withLock { $0.append(notice) } }
    }

    /// Runs a pipeline on a source until a body, on a thread of its own, has done what clients do.
    private func run(
        _ source: TCPSource,
        to sink: any EventSink,
        configuration: PipelineConfiguration = PipelineConfiguration(),
        _ body: @Sendable @escaping (Int) async -> Void
    ) async throws -> PipelineReport {
        try await source.open()
        let port = try #require(source.port)
        let dead = self.folder["dead"]
        let pipeline = Pipeline("tcp", configuration: configuration) {
            Source("in", source)
            Decode.lines
            Sink("out", sink)
            DeadLetters(dead)
        }
        let threads = ThreadExecutor(threads: 1, name: "clients")
        defer { threads.shutdown() }
        return try await withThrowingTaskGroup(of: PipelineReport?.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask(executorPreference: threads) {
                await body(port)
                pipeline.drain(deadline: .seconds(60))
                return nil
            }
            var report: PipelineReport?
            for try await one in group { report = one ?? report }
            let ended = try #require(report)
            #expect(ended.balanced)
            return ended
        }
    }

    /// Clients that send lines of any length, also none, in pieces that know nothing of lines.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func connectionsInPiecesLoseNothing(seed: UInt64) async throws {
        let clients = (0..<40).map { Talk(client: $0, seed: seed &* 1000 &+ UInt64($0)) }
        let expected = clients.reduce(0) { $0 + $1.events.count }
        let sink = TracedSink()
        let report = try await self.run(self.source(), to: sink) { port in
            let threads = ThreadExecutor(threads: 8, name: "talk")
            defer { threads.shutdown() }
            await withTaskGroup(of: Void.self) { group in
                for client in clients { group.addTask(executorPreference: threads) { client.talk(to: port) } }
            }
            await sink.wait(for: expected)
        }
        #expect(report.events.delivered == expected, "seed \(seed)")
        #expect(report.events.accepted == expected, "seed \(seed)")
        var bySession: [UInt64: [(UInt64, String)]] = [:]
        for (origin, line) in zip(sink.origins, sink.lines) {
            bySession[origin.session, default: []].append((origin.position, line))
        }
        let received = bySession.values.map { $0.sorted { $0.0 < $1.0 } }
        for client in clients where !client.events.isEmpty {
            let prefix = "\(client.client):"
            let own = received.first { $0.first?.1.hasPrefix(prefix) == true } ?? []
            #expect(own.map(\.0) == client.events.map(\.position), "seed \(seed)")
            #expect(own.map(\.1) == client.events.map(\.line), "seed \(seed)")
        }
    }

    @Test func aConnectionOnWhichNothingComesIsClosedAndItsLastLineIsAnEvent() async throws {
        let clock = VirtualClock()
        let sink = TracedSink()
        let source = self.source(time: clock.time)
        _ = try await self.run(source, to: sink) { port in
            guard let quiet = LineClient(to: port), let loud = LineClient(to: port) else { return }
            quiet.send("one\nhalf")
            loud.send("a\n")
            await sink.wait(for: 2)
            clock.advance(by: .seconds(299))
            loud.send("b\n")
            await sink.wait(for: 3)
            clock.advance(by: .seconds(1))
            loud.send("c\n")
            quiet.waitForEnd()
            await sink.wait(for: 5)
            loud.send("d\n")
            await sink.wait(for: 6)
        }
        #expect(sink.lines.sorted() == ["a", "b", "c", "d", "half", "one"])
        #expect(self.notices.withLock { $0 } == ["a connection was closed: nothing came for 300.0 seconds"])
    }

    @Test func oneTooManyIsClosedAtOnceAndAPlaceIsFreeAgain() async throws {
        let sink = TracedSink()
        _ = try await self.run(self.source { $0.connectionsMax = 2 }, to: sink) { port in
            guard let first = LineClient(to: port) else { return }
            var second = LineClient(to: port)
            first.send("1\n")
            second?.send("2\n")
            await sink.wait(for: 2)
            LineClient(to: port)?.waitForEnd()
            first.send("3\n")
            await sink.wait(for: 3)
            second = nil
            let third = LineClient(to: port)
            third?.send("4\n")
            await sink.wait(for: 4)
        }
        #expect(sink.lines.sorted() == ["1", "2", "3", "4"])
        #expect(self.notices.withLock { $0 } == ["a connection was closed at once: there are 2 already"])
    }

    @Test func whileTheQueueIsFullClientsWaitAndNothingIsLost() async throws {
        let gate = HangingSink()
        let sink = CollectingSink()
        var configuration = PipelineConfiguration()
        configuration.queueEventsMax = 100
        configuration.workers = 1
        let line = String(repeating: "x", count: 1023) + "\n"
        let sentMax = 256 << 20
        let taken = Locked(0)
        let report = try await self.run(self.source(), to: Gated(gate, sink), configuration: configuration) { port in
            guard let client = LineClient(to: port) else { return }
            let bytes = Array(String(repeating: line, count: 1024).utf8)
            var sent = 0
            while sent < sentMax {
                let count = client.sendWhatIsTaken(bytes)
                sent += count
                if count < bytes.count { break }
            }
            taken.withLock { $0 = sent }
            gate.release()
            client.send(Array(line.utf8.dropFirst(sent % line.utf8.count))[...])
            while sink.lines.count < (sent + line.utf8.count - 1) / line.utf8.count { await Task.yield() }
        }
        let sent = taken.withLock { $0 }
        #expect(sent < sentMax, "nobody was held up")
        #expect(report.events.delivered == report.events.accepted)
        #expect(report.events.accepted >= sent / line.utf8.count)
        #expect(report.events.rejected == 0)
    }

    @Test func lineBeyondTheLimitIsADeadLetterAndTheNextAreEvents() async throws {
        var configuration = PipelineConfiguration()
        configuration.lineBytesMax = 1000
        let sink = TracedSink()
        let report = try await self.run(self.source(), to: sink, configuration: configuration) { port in
            LineClient(to: port)?.send("a\n" + String(repeating: "x", count: 300_000) + "\n\nb")
            await sink.wait(for: 2)
        }
        #expect(report.events.deadLettered == 1)
        #expect(sink.lines.sorted() == ["a", "b"])
        #expect(sink.origins.map(\.position).sorted() == [1, 4])
        #expect(self.folder.lines(of: "dead").first?.contains(#""position":2,"#) == true)
    }

    @Test func linesWithoutAnEndHaveALimitTogether() async throws {
        var configuration = PipelineConfiguration()
        configuration.lineBytesMax = 600
        let sink = TracedSink()
        let source = self.source { $0.unfinishedBytesMax = 1000 }
        _ = try await self.run(source, to: sink, configuration: configuration) { port in
            guard let first = LineClient(to: port), let second = LineClient(to: port) else { return }
            first.send("1\n" + String(repeating: "a", count: 600))
            await sink.wait(for: 1)
            second.send("2\n" + String(repeating: "b", count: 500))
            second.waitForEnd()
            await sink.wait(for: 3)
            first.send("\n")
            await sink.wait(for: 4)
        }
        #expect(sink.lines.map(\.count).sorted() == [1, 1, 500, 600])
        let notice = "a connection was closed: there are more than 1000 bytes of lines without an end"
        #expect(self.notices.withLock { $0 } == [notice])
    }

    @Test func aDrainListensNoMoreAndFinishesWhatWasTaken() async throws {
        let sink = TracedSink()
        let source = self.source()
        let ports = Locked(0)
        let clients = Locked<[LineClient]>([])
        let report = try await self.run(source, to: sink) { port in
            ports.withLock { $0 = port }
            guard let client = LineClient(to: port) else { return }
            client.send("1\nhal")
            clients.withLock { $0 = [client] }
            await sink.wait(for: 1)
        }
        clients.withLock { $0 }.first?.waitForEnd()
        #expect(LineClient(to: ports.withLock { $0 }) == nil)
        #expect(source.port == nil)
        #expect(report.events.delivered == 1)
        #expect(report.exit.name == "interrupted")
        #expect(self.notices.withLock { $0 } == ["in: 3 bytes of lines without an end were not taken at the stop"])
    }

    @Test func takenPortAndOpenDoorAreRefused() async throws {
        let first = self.source()
        try await first.open()
        #expect(first.check().isEmpty)
        let port = try #require(first.port)
        let second = TCPSource(TCPSourceConfiguration(listen: .loopback(port: port)))
        #expect(second.check().map(\.message) == ["Nobody can listen on 127.0.0.1:\(port): Address already in use."])
        let error = await #expect(throws: PenstockError.self) {
            try await Pipeline("test") {
                Source("in", second)
                NullSink()
            }.run()
        }
        #expect(error?.message.hasPrefix("The source \"in\" cannot start: Nobody can listen on") == true)
        await first.close()
        #expect(second.check().isEmpty)
        let open = TCPSource(TCPSourceConfiguration(listen: try #require(ListenAddress("0.0.0.0:0"))))
        await #expect(throws: PenstockError.self) { try await open.open() }
        let localhost = TCPSource(TCPSourceConfiguration(listen: try #require(ListenAddress("localhost:0"))))
        #expect(localhost.check().isEmpty)
        #expect(self.source { $0.connectionsMax = 0 }.check().count == 1)
        #expect(self.source { $0.idleTime = .zero }.check().count == 1)
        #expect(self.source { $0.unfinishedBytesMax = 0 }.check().count == 1)
    }

    @Test func conformance() async throws {
        let lines = (0..<3000).map { "line \($0)" }
        try await SourceConformance(expected: lines, endsByItself: false) { SentSource(lines) }.run()
    }
}

/// What a client sends, and the events that it is.
private struct Talk: Sendable {
    let client: Int
    private(set) var events: [(position: UInt64, line: String)] = []
    private var bytes: [UInt8] = []
    private var pieces: [Int] = []

    init(client: Int, seed: UInt64) {
        self.client = client
        var random = SplitMix(state: seed)
        let count = random.below(60)
        for position in 1...UInt64(max(1, count)) {
            var line = ""
            if random.below(8) > 0 {
                line = "\(client):" + String(repeating: "x", count: random.below(random.below(20) == 0 ? 90_000 : 300))
                self.events.append((position, line))
            }
            self.bytes += line.utf8
            let isLast = position == UInt64(max(1, count))
            if !isLast || random.below(2) == 0 { self.bytes += random.below(2) == 0 ? [10] : [13, 10] }
        }
        var left = self.bytes.count
        while left > 0 {
            let piece = 1 + random.below(random.below(3) == 0 ? 40_000 : 400)
            self.pieces.append(piece)
            left -= piece
        }
    }

    func talk(to port: Int) {
        guard let client = LineClient(to: port) else { return }
        var rest = self.bytes[...]
        for piece in self.pieces {
            client.send(rest.prefix(piece))
            rest = rest.dropFirst(piece)
        }
    }
}

/// A sink that hangs before another one takes its events.
private struct Gated: EventSink {
    let gate: HangingSink
    let sink: CollectingSink

    init(_ gate: HangingSink, _ sink: CollectingSink) {
        self.gate = gate
        self.sink = sink
    }

    func open() async throws { try await self.sink.open() }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        _ = try await self.gate.write(batch)
        return try await self.sink.write(batch)
    }
}

/// A source with a client that sends it lines.
private final class SentSource: AcknowledgedSource {
    private let source = TCPSource(TCPSourceConfiguration(listen: .loopback(port: 0)))
    private let lines: [String]

    init(_ lines: [String]) {
        self.lines = lines
    }

    func open() async throws { try await self.source.open() }

    func close() async { await self.source.close() }

    func settle(_ settlements: [Settlement]) async { await self.source.settle(settlements) }

    func run(_ feed: SourceFeed) async throws {
        guard let port = self.source.port else { return }
        let threads = ThreadExecutor(threads: 1, name: "client")
        defer { threads.shutdown() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: threads) { [lines] in
                LineClient(to: port)?.send(lines.map { $0 + "\n" }.joined())
            }
            try await self.source.run(feed)
        }
    }
}
