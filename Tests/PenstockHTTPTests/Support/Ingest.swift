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

/// A pipeline that takes events over HTTP while a test runs.
struct Ingest: Sendable {
    let port: Int
    let source: HTTPSource
    let pipeline: Pipeline

    /// Runs a pipeline around a test; it drains when the test has ended, and its ledger balances.
    static func run<Result: Sendable>(
        _ sink: any EventSink = CollectingSink(),
        queueEventsMax: Int = 10_000,
        whenFull: PipelineConfiguration.WhenFull = .wait,
        change: (inout HTTPSourceConfiguration) -> Void = { _ in },
        atTheEnd: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (Ingest) async throws -> Result
    ) async throws -> (result: Result, report: PipelineReport) {
        var configuration = HTTPSourceConfiguration(listen: .loopback(port: 0))
        // Other tests hold the processors: only those that are about it are in a hurry.
        configuration.wait = .seconds(60)
        configuration.headTime = .seconds(60)
        change(&configuration)
        let source = HTTPSource(configuration)
        try await source.open()
        var pipelineConfiguration = PipelineConfiguration()
        pipelineConfiguration.queueEventsMax = queueEventsMax
        pipelineConfiguration.queueWhenFull = whenFull
        pipelineConfiguration.workers = 1
        var options = SinkOptions()
        options.queueEventsMax = queueEventsMax
        let pipeline = Pipeline("test", configuration: pipelineConfiguration) { [options] in
            Source("in", source)
            Decode.lines
            Sink("out", sink, options: options)
        }
        let ingest = Ingest(port: try #require(source.port), source: source, pipeline: pipeline)
        async let running = pipeline.run()
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(ingest))
        } catch {
            result = .failure(error)
        }
        atTheEnd()
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        #expect(report.balanced)
        return (try result.get(), report)
    }

    /// Sends bytes over a connection of its own, and tells what comes until the server hangs up or so many answers are there.
    func exchange(_ text: String, answers: Int = 1) async throws -> [Answer] {
        let port = self.port
        return try await onThread {
            let connection = try RawConnection(to: port)
            connection.send(text)
            return connection.receive(answers: answers)
        }
    }
}

/// Waits until something is so.
func until(_ isSo: () -> Bool) async throws {
    while !isSo() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
#endif
