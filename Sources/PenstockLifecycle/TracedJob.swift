//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
public import Tracing

/// A job, and the trace of whoever submitted it.
///
/// ```swift
/// let pool = WorkerPool(configuration, handler: tracingJobs("resize") { (image: Image) in try await resize(image) })
/// try await pool.submit(TracedJob(image))
/// ```
public struct TracedJob<Job: Sendable>: Sendable {
    /// The job.
    public var job: Job
    /// The trace; nil outside of one.
    public var context: ServiceContext?

    /// Takes a job together with the context of the current task.
    public init(_ job: Job) {
        self.job = job
        self.context = ServiceContext.current
    }
}

/// Makes a span of each job that belongs to a trace, and of every so many-th of the others.
///
/// A span has the kind `consumer` and is a child of the submitter's: it begins when a worker begins the job, not when
/// the job was submitted. An error that the handler throws is recorded in it.
///
/// - Parameters:
///   - name: The name of the spans.
///   - interval: Every so many-th job outside of a trace has a span, as the beginning of one; nil for none of them.
///   - tracer: Who makes the spans. Default (nil): the one that was bootstrapped.
///   - handler: What a worker does with a job; it runs in the span's context.
/// - Returns: A handler for a pool of ``TracedJob``.
public func tracingJobs<Job: Sendable, Output: Sendable>(
    _ name: String,
    every interval: Int? = nil,
    tracer: (any Tracer)? = nil,
    _ handler: @escaping @Sendable (Job) async throws -> Output
) -> @Sendable (TracedJob<Job>) async throws -> Output {
    precondition(interval ?? 1 >= 1, "Every 1st job at most.")
    let count = Locked(0)
    return { traced in
        let isNext = interval.map { interval in
            count.withLock { count in
                defer { count = (count + 1) % interval }
                return count == 0
            }
        }
        guard traced.context != nil || isNext == true else { return try await handler(traced.job) }
        let tracer = tracer ?? InstrumentationSystem.tracer
        return try await tracer.withAnySpan(name, context: traced.context ?? .topLevel, ofKind: .consumer) { _ in
            try await handler(traced.job)
        }
    }
}
