//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock
import PenstockEvents
import PenstockHTTP
import PenstockTesting
import Testing

/// The suites of PenstockTesting, passed over real connections.
@Suite(.timeLimit(.minutes(10)))
struct ConformanceTests {
    @Test(arguments: HTTPSourceConfiguration.Acknowledgement.allCases)
    func source(acknowledgement: HTTPSourceConfiguration.Acknowledgement) async throws {
        let lines = (0..<3000).map { "line \($0)" }
        try await SourceConformance(expected: lines) { PostedSource(lines, acknowledgement) }.run()
    }

    /// The sink posts to a source: each keeps the other's word.
    @Test func sink() async throws {
        try await SinkConformance {
            try await LoopedSink()
        } contents: { sink in
            try await (sink as? LoopedSink)?.contents() ?? []
        }.run()
    }
}

/// A source that a client posts events to until all of them have been taken; then it ends.
private final class PostedSource: AcknowledgedSource {
    private let source: HTTPSource
    private let lines: [String]

    init(_ lines: [String], _ acknowledgement: HTTPSourceConfiguration.Acknowledgement) {
        var configuration = HTTPSourceConfiguration(listen: .loopback(port: 0))
        configuration.acknowledgement = acknowledgement
        configuration.wait = .milliseconds(200)
        self.source = HTTPSource(configuration)
        self.lines = lines
    }

    func settle(_ settlements: [Settlement]) async { await self.source.settle(settlements) }

    func run(_ feed: SourceFeed) async throws {
        try await self.source.open()
        guard let port = self.source.port else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [source] in try await source.run(feed) }
            group.addTask { [lines] in try await onThread { try Self.post(lines, to: port) } }
            // When the client is done the source is told to stop; when it was stopped the client finds nobody.
            try await group.next()
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
    }

    private static func post(_ lines: [String], to port: Int) throws {
        var rest = lines[...]
        while !rest.isEmpty {
            guard let connection = try? RawConnection(to: port) else { return }
            let body = rest.prefix(300).map { $0 + "\n" }.joined()
            connection.send(PenstockHTTPTests.post(body))
            switch connection.receive(answers: 1).first?.status {
            case 200, 202: rest = rest.dropFirst(300)
            case 429: break
            default: return
            }
        }
    }
}

/// A sink that posts to a pipeline of its own.
private final class LoopedSink: EventSink {
    private let received = CollectingSink()
    private let sink: HTTPSink
    private let pipeline: Pipeline
    private let running = Locked<PipelineReport?>(nil)
    private let ended = Channel<Void>(capacity: 1)

    init() async throws {
        let source = HTTPSource(HTTPSourceConfiguration(listen: .loopback(port: 0)))
        try await source.open()
        let port = try #require(source.port)
        self.sink = HTTPSink(HTTPSinkConfiguration(url: "http://127.0.0.1:\(port)/events"))
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        let received = self.received
        let pipeline = Pipeline("received", configuration: configuration) {
            Source("in", source)
            Decode.lines
            Sink("out", received)
        }
        self.pipeline = pipeline
        let ended = self.ended
        let running = self.running
        Task {
            let report = try await pipeline.run()
            running.withLock { $0 = report }
            ended.finish()
        }
    }

    func open() async throws { try await self.sink.open() }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer { try await self.sink.write(batch) }

    func close() async throws { try await self.sink.close() }

    func contents() async throws -> [String] {
        self.pipeline.drain(deadline: .seconds(30))
        _ = try? await self.ended.receive()
        #expect(self.running.withLock { $0 }?.balanced == true)
        return self.received.lines
    }
}
#endif
