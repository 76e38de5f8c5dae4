//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A sink in the list of a pipeline's parts.
///
/// Its options can be set where it stands: `FileSink("late.ndjson").when("delay > 60")`.
public protocol PipelineSink: PipelineComponent {
    /// How events get to it.
    var options: SinkOptions { get set }
}

extension PipelineSink {
    /// The sink with other options.
    ///
    /// - Parameter change: Changes them.
    public func with(_ change: (inout SinkOptions) -> Void) -> Self {
        var copy = self
        change(&copy.options)
        return copy
    }

    /// The sink, for some events only.
    ///
    /// - Parameter condition: Which events, or rows of the aggregate, go to it: an expression as a filter has it. One
    ///   for which it cannot be worked out becomes a dead letter, and one that goes to no sink at all is dropped and
    ///   counted as `no_route`.
    public func when(_ condition: String) -> Self { self.with { $0.when = condition } }

    /// The sink, with something else done when its queue is full.
    ///
    /// - Parameter policy: What becomes of an event that finds the queue full.
    public func whenFull(_ policy: SinkOptions.WhenFull) -> Self { self.with { $0.whenFull = policy } }
}

/// Writes events to a file, one a line.
public struct FileSink: PipelineSink {
    private let path: String
    private let name: String?
    private let file: FileOptions
    /// How events get to it.
    public var options = SinkOptions()

    /// What it is in the pipeline.
    public var part: PipelinePart {
        PipelinePart(.sink(.file(path: self.path, options: self.file), name: self.name, self.options))
    }

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - path: The file; it is made if it is not there.
    ///   - options: Whether it is emptied or appended to, when it is put aside for a new one, and when it is synchronised.
    ///   - name: Its name in reports and dead letters.
    public init(_ path: String, options: FileOptions = FileOptions(), name: String? = nil) {
        self.path = path
        self.file = options
        self.name = name
    }
}

/// Writes events to the standard output, one a line.
public struct StandardOutput: PipelineSink {
    private let name: String?
    /// How events get to it.
    public var options = SinkOptions()

    /// What it is in the pipeline.
    public var part: PipelinePart { PipelinePart(.sink(.stdout, name: self.name, self.options)) }

    /// Creates a sink.
    ///
    /// - Parameter name: Its name in reports and dead letters.
    public init(name: String? = nil) {
        self.name = name
    }
}

/// Counts events and lets them go.
public struct NullSink: PipelineSink {
    private let name: String?
    /// How events get to it.
    public var options = SinkOptions()

    /// What it is in the pipeline.
    public var part: PipelinePart { PipelinePart(.sink(.null, name: self.name, self.options)) }

    /// Creates a sink.
    ///
    /// - Parameter name: Its name in reports.
    public init(name: String? = nil) {
        self.name = name
    }
}

/// A sink of one's own.
public struct Sink: PipelineSink {
    private let name: String
    private let sink: OwnSink
    /// How events get to it.
    public var options: SinkOptions

    /// What it is in the pipeline.
    public var part: PipelinePart { PipelinePart(.sink(.own(self.sink), name: self.name, self.options)) }

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - name: Its name in reports and dead letters; it is part of the names of batches.
    ///   - sink: The sink.
    ///   - options: How events get to it.
    public init(_ name: String, _ sink: any EventSink, options: SinkOptions = SinkOptions()) {
        self.name = name
        self.sink = OwnSink(sink)
        self.options = options
    }
}

/// Where events go that could not be handled, as JSON objects with the reason and the origin.
public struct DeadLetters: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Writes them to the standard output.
    public static let standardOutput = DeadLetters(part: PipelinePart(.deadLetters(.stdout, SinkRetry())))

    private init(part: PipelinePart) {
        self.part = part
    }

    /// Writes them to a file.
    ///
    /// - Parameters:
    ///   - path: The file; it is made if it is not there.
    ///   - options: How it is written; nil appends to what is there.
    ///   - retry: How often, and how soon, they are tried again that could not be written.
    public init(_ path: String, options: FileOptions? = nil, retry: SinkRetry = SinkRetry()) {
        self.part = PipelinePart(.deadLetters(.file(path: path, options: options ?? .letters), retry))
    }

    /// Gives them to a sink of one's own.
    ///
    /// - Parameters:
    ///   - sink: The sink; each of its events is a dead letter.
    ///   - retry: How often, and how soon, they are tried again that could not be written.
    public init(_ sink: any EventSink, retry: SinkRetry = SinkRetry()) {
        self.part = PipelinePart(.deadLetters(.own(OwnSink(sink)), retry))
    }
}
