//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Follows batches on their way through a pipeline: what a tracer hooks into.
///
/// `PenstockLifecycle` has one that makes spans of swift-distributed-tracing. A pipeline without one pays nothing.
public protocol PipelineTracing: Sendable {
    /// What there is to know of whoever hands events over at this moment: called in the task of the source, and, for events
    /// on their way to a sink's queue, inside of the trace of their batch.
    func origin() -> (any Sendable)?

    /// Runs what a worker does with a batch; `body` must be called once.
    ///
    /// - Parameters:
    ///   - batch: The batch.
    ///   - body: What the worker does.
    func trace(_ batch: TracedBatch, _ body: () async -> Void) async

    /// Runs a write to a sink; `body` must be called once.
    ///
    /// - Parameters:
    ///   - write: What is written, and where.
    ///   - body: The write.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    func trace(_ write: TracedWrite, _ body: () async throws -> SinkAnswer) async throws -> SinkAnswer
}

/// A batch that a worker is about to begin.
public struct TracedBatch: Sendable {
    /// The name of the pipeline.
    public let pipeline: String
    /// The name of the source.
    public let source: String
    /// The position of the first event in the source.
    public let position: UInt64
    /// How many events it has.
    public let events: Int
    /// What ``PipelineTracing/origin()`` said when the source handed it over; nil after a durable queue.
    public let origin: (any Sendable)?
}

/// A write that is about to begin.
public struct TracedWrite: Sendable {
    /// The name of the pipeline.
    public let pipeline: String
    /// The name of the sink.
    public let sink: String
    /// How many events are written.
    public let events: Int
    /// Which attempt it is, from 1.
    public let attempt: Int
    /// What ``PipelineTracing/origin()`` said as these events came to the sink's queue; at most 32, the first ones.
    public let origins: [any Sendable]
}
