//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Logging
public import PenstockEvents
public import ServiceLifecycle

/// A pipeline as a `Service`: it runs in a `ServiceGroup`, and a graceful shutdown drains it.
///
/// A pipeline whose sources come to their end returns, and a group takes that for a failure unless it is told otherwise:
///
/// ```swift
/// let service = PipelineService(pipeline, deadline: .seconds(30), logger: logger)
/// let configuration = ServiceGroupConfiguration(
///     services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
///     gracefulShutdownSignals: [.sigterm],
///     logger: logger
/// )
/// ```
///
/// It always ends: a shutdown takes at most the deadline and the graces of what does not stop by itself, see
/// `Pipeline.drain(deadline:)`.
public struct PipelineService: Service {
    private let pipeline: Pipeline
    private let deadline: Duration
    private let logger: Logger?
    private let onReport: (@Sendable (PipelineReport) async -> Void)?

    /// Creates a service; the pipeline does not run yet.
    ///
    /// - Parameters:
    ///   - pipeline: The pipeline. Nobody else runs it.
    ///   - deadline: How long accepted events may take to find their fates after a graceful shutdown has begun.
    ///   - logger: Hears how the run has ended: at `info`, at `warning` when the deadline has passed, or at `error`.
    ///   - onReport: Gets the report. The group waits for it.
    public init(
        _ pipeline: Pipeline,
        deadline: Duration = .seconds(30),
        logger: Logger? = nil,
        onReport: (@Sendable (PipelineReport) async -> Void)? = nil
    ) {
        self.pipeline = pipeline
        self.deadline = deadline
        self.logger = logger
        self.onReport = onReport
    }

    /// Runs the pipeline to its end: its sources have no more, a graceful shutdown, or this task is cancelled, which means
    /// `drain(deadline: .zero)`.
    ///
    /// - Throws: Why the run could not start, or what has failed in its middle; the report has been handed on by then.
    public func run() async throws {
        let (pipeline, deadline) = (self.pipeline, self.deadline)
        let report = try await withGracefulShutdownHandler {
            try await pipeline.run()
        } onGracefulShutdown: {
            pipeline.drain(deadline: deadline)
        }
        self.log(report)
        await self.onReport?(report)
        if case .failed(let error) = report.exit { throw error }
    }

    // MARK: - Private

    private func log(_ report: PipelineReport) {
        guard let logger = self.logger else { return }
        let level: Logger.Level
        let message: Logger.Message
        switch report.exit {
        case .drained, .interrupted: (level, message) = (.info, "The pipeline has ended.")
        case .deadlinePassed: (level, message) = (.warning, "The pipeline has ended before all its events.")
        case .failed(let error): (level, message) = (.error, "The pipeline has failed: \(error)")
        }
        logger.log(level: level, message, metadata: LogKey.metadata(of: report))
    }
}
