//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
public import PenstockEvents
public import Tracing

/// Makes spans of what a pipeline does: one for each batch that a worker runs, and one for each write to a sink.
///
/// ```swift
/// var configuration = PipelineConfiguration()
/// configuration.tracing = SpanTracing(every: 100)
/// ```
///
/// | span | kind | parent | attributes |
/// |---|---|---|---|
/// | `penstock.batch` | consumer | whoever handed the batch over: for a source of type `http` the request's `traceparent` | `penstock.pipeline`, `penstock.source`, `penstock.position`, `penstock.events` |
/// | `penstock.write` | producer | the batch's span, or for several batches links to them | `penstock.pipeline`, `penstock.sink`, `penstock.events`, `penstock.attempt` |
///
/// What a sink does in a write is inside of its span: an `http` sink sends its `traceparent` along. A write that is to be
/// tried again has the status `error`. After a durable queue a batch begins a trace of its own.
public struct SpanTracing: PipelineTracing {
    private let interval: Int
    private let tracer: (any Tracer)?
    private let count = Locked(0)

    /// Creates a tracing.
    ///
    /// - Parameters:
    ///   - interval: Every so many-th batch has a span, and its writes with it; at least 1. A batch whose source was
    ///     handed a trace has one in any case.
    ///   - tracer: Who makes the spans. Default (nil): the one that was bootstrapped.
    public init(every interval: Int = 1, tracer: (any Tracer)? = nil) {
        precondition(interval >= 1, "Every 1st batch at most, not every \(interval)th.")
        self.interval = interval
        self.tracer = tracer
    }

    /// The context of the current task.
    public func origin() -> (any Sendable)? { ServiceContext.current }

    /// Runs a batch in a span, if it is its turn.
    public func trace(_ batch: TracedBatch, _ body: () async -> Void) async {
        let origin = batch.origin as? ServiceContext
        let isNext = self.count.withLock { count in
            defer { count = (count + 1) % self.interval }
            return count == 0
        }
        guard origin != nil || isNext else {
            // Not in the context of whoever started the pool: its writes would be taken for traced.
            return await ServiceContext.withValue(nil) { await body() }
        }
        let context = origin ?? .topLevel
        let span = self.current.startAnySpan("penstock.batch", context: context, ofKind: .consumer)
        span.attributes["penstock.pipeline"] = batch.pipeline
        span.attributes["penstock.source"] = batch.source
        span.attributes["penstock.position"] = Int64(clamping: batch.position)
        span.attributes["penstock.events"] = batch.events
        await ServiceContext.withValue(span.context) { await body() }
        span.end()
    }

    /// Runs a write in a span, if a batch of its has one.
    public func trace(
        _ write: TracedWrite,
        _ body: () async throws -> SinkAnswer
    ) async throws -> SinkAnswer {
        let origins = write.origins.compactMap { $0 as? ServiceContext }
        guard let first = origins.first else { return try await body() }
        let parent = origins.count == 1 ? first : .topLevel
        let span = self.current.startAnySpan("penstock.write", context: parent, ofKind: .producer)
        if origins.count > 1 {
            for origin in origins { span.addLink(SpanLink(context: origin, attributes: [:])) }
        }
        span.attributes["penstock.pipeline"] = write.pipeline
        span.attributes["penstock.sink"] = write.sink
        span.attributes["penstock.events"] = write.events
        span.attributes["penstock.attempt"] = write.attempt
        defer { span.end() }
        do {
            let answer = try await ServiceContext.withValue(span.context) { try await body() }
            if answer != .delivered { span.setStatus(SpanStatus(code: .error, message: "not all was delivered")) }
            return answer
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error, message: "\(error)"))
            throw error
        }
    }

    private var current: any Tracer { self.tracer ?? InstrumentationSystem.tracer }
}
