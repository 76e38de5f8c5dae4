//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import InMemoryTracing
import Penstock
import PenstockEvents
import PenstockLifecycle
import PenstockTesting
import Testing
import Tracing

/// The spans of pipelines and pools.
@Suite(.timeLimit(.minutes(5)))
struct SpanTracingTests {
    private struct Refused: Error {}

    private let tracer = InMemoryTracer()

    private func run(every interval: Int = 1, lines: Int, _ sink: any EventSink) async throws -> PipelineReport {
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        configuration.tracing = SpanTracing(every: interval, tracer: self.tracer)
        var options = SinkOptions()
        options.retry.backoffInitial = .microseconds(10)
        return try await Pipeline("traced", configuration: configuration) {
            Source("in", CountedSource((0..<lines).map { "{\"n\":\($0)}" }))
            Sink("out", sink, options: options)
        }.run()
    }

    private func spans(_ name: String) -> [FinishedInMemorySpan] {
        self.tracer.finishedSpans.filter { $0.operationName == name }
    }

    @Test func `each batch has a span, and each write belongs to its batches`() async throws {
        let report = try await self.run(lines: 100, CollectingSink())
        #expect(report.balanced && report.events.delivered == 100)
        let (batches, writes) = (self.spans("penstock.batch"), self.spans("penstock.write"))
        #expect(batches.reduce(0) { $0 + ($1.attributes.integer("penstock.events")) } == 100)
        #expect(writes.reduce(0) { $0 + ($1.attributes.integer("penstock.events")) } == 100)
        let ids = Set(batches.map(\.spanID))
        for write in writes {
            let origins = write.links.compactMap { $0.context.inMemorySpanContext?.spanID } + [write.parentSpanID]
            #expect(origins.contains { $0.map(ids.contains) == true }, "\(write)")
            #expect(write.status == nil && write.attributes.integer("penstock.attempt") == 1)
        }
        #expect(self.tracer.activeSpans.isEmpty)
    }

    @Test func `a write that fails says so, and so does the next attempt`() async throws {
        let report = try await self.run(lines: 1, FailingSink(CollectingSink(), failing: 2))
        #expect(report.balanced && report.events.delivered == 1)
        let writes = self.spans("penstock.write")
        #expect(writes.map { $0.attributes.integer("penstock.attempt") } == [1, 2, 3])
        #expect(writes.map { $0.status?.code } == [.error, .error, nil])
    }

    @Test func `only every so many-th batch has spans`() async throws {
        _ = try await self.run(every: 1000, lines: 100, CollectingSink())
        #expect(self.spans("penstock.batch").count == 1)
        #expect(self.spans("penstock.write").count <= 1)
    }

    @Test func `a job's span is a child of its submitter's`() async throws {
        let tracer = self.tracer
        let configuration = WorkerPoolConfiguration(workers: 1, capacity: 10)
        let handler = tracingJobs("job", tracer: tracer) { (job: Int) in
            if job == 2 { throw Refused() }
        }
        let pool = WorkerPool(configuration, handler: handler)
        async let run = pool.run()
        try await tracer.withSpan("request") { _ in
            try await pool.submit(TracedJob(1))
            try await pool.submit(TracedJob(2))
        }
        try await pool.submit(TracedJob(3))
        let report = await pool.drain()
        _ = try await run
        #expect(report.ledger.done == 2 && report.ledger.failed == 1)
        let request = try #require(self.spans("request").first)
        let jobs = self.spans("job")
        #expect(jobs.count == 2 && jobs.allSatisfy { $0.parentSpanID == request.spanID })
        #expect(jobs.map(\.errors.count).sorted() == [0, 1])
    }

    @Test func `jobs outside of a trace begin one when it is their turn`() async throws {
        let handler = tracingJobs("job", every: 4, tracer: self.tracer) { (_: Int) in }
        for job in 0..<8 { try await handler(TracedJob(job)) }
        #expect(self.spans("job").count == 2)
    }
}

extension SpanAttributes {
    fileprivate func integer(_ key: String) -> Int {
        switch self.get(key) {
        case .int32(let value): Int(value)
        case .int64(let value): Int(value)
        default: -1
        }
    }
}
