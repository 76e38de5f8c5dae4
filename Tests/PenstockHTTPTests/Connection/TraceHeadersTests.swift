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
import PenstockTesting
import Testing
import Tracing

@testable import PenstockHTTP

/// A trace that comes in with a request goes on with what the pipeline posts.
@Suite(.timeLimit(.minutes(5)))
struct TraceHeadersTests {
    /// Knows one header, as W3C's Trace Context names it.
    private struct Propagator: Instrument {
        func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier,
            into context: inout ServiceContext,
            using extractor: Extract
        ) where Extract.Carrier == Carrier {
            context[Parent.self] = extractor.extract(key: "traceparent", from: carrier)
        }

        func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext,
            into carrier: inout Carrier,
            using injector: Inject
        ) where Inject.Carrier == Carrier {
            guard let parent = context[Parent.self] else { return }
            injector.inject(parent, forKey: "traceparent", into: &carrier)
        }
    }

    private enum Parent: ServiceContextKey {
        typealias Value = String
    }

    /// Runs what is done with a batch, and the writes of it, in the context of its source.
    private struct Following: PipelineTracing {
        func origin() -> (any Sendable)? { ServiceContext.current }

        func trace(_ batch: TracedBatch, _ body: () async -> Void) async {
            await ServiceContext.withValue(batch.origin as? ServiceContext) { await body() }
        }

        func trace(_ write: TracedWrite, _ body: () async throws -> SinkAnswer) async throws -> SinkAnswer {
            try await ServiceContext.withValue(write.origins.first as? ServiceContext) { try await body() }
        }
    }

    /// Once for the process, as a program does it.
    private static let bootstrap: Void = InstrumentationSystem.bootstrap(Propagator())

    @Test func aTraceGoesThroughAPipeline() async throws {
        Self.bootstrap
        let server = try ScriptedServer { _, _ in ScriptedServer.answer(204) }
        var configuration = HTTPSourceConfiguration(listen: .loopback(port: 0))
        configuration.acknowledgement = .delivered
        // Other tests hold the processors: this one is not in a hurry.
        configuration.wait = .seconds(60)
        configuration.headTime = .seconds(60)
        let source = HTTPSource(configuration)
        try await source.open()
        let port = try #require(source.port)
        var pipelineConfiguration = PipelineConfiguration()
        pipelineConfiguration.tracing = Following()
        let sink = HTTPSink(HTTPSinkConfiguration(url: server.url))
        let pipeline = Pipeline("test", configuration: pipelineConfiguration) {
            Source("in", source)
            Sink("out", sink)
        }
        async let running = pipeline.run()
        let parents = ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil]
        for parent in parents {
            let header = parent.map { "traceparent: \($0)\r\n" } ?? ""
            let head = "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n\(header)"
            let answers = try await onThread {
                let connection = try RawConnection(to: port)
                connection.send(head + "Content-Length: 8\r\nConnection: close\r\n\r\n{\"a\":1}\n")
                return connection.receive(answers: 1)
            }
            #expect(answers.map(\.status) == [200])
        }
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        server.stop()
        #expect(report.balanced && report.events.delivered == 2)
        #expect(server.requests.map { $0.header("traceparent") } == parents)
    }
}
#endif
