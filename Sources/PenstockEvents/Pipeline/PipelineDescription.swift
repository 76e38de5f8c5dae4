//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a pipeline file says, typed and already checked for shape.
package struct PipelineDescription: Sendable {
    /// The pipeline's name: letters, digits, `-` and `_`.
    package var name: String
    /// Where events come from; at least one.
    package var sources: [NamedSource]
    /// What an event is.
    package var decode: DecodeFormat = .json
    /// Where accepted events wait for a worker.
    package var queue: QueueDescription = QueueDescription()
    /// How many workers run the steps; `nil` for as many as there are cores to use.
    package var workers: Int?
    /// What is done to an event, in order; an aggregate is the last one.
    package var steps: [StepDescription] = []
    /// Where events, or the rows of the aggregate, go; each gets all of them that its condition is true for.
    package var sinks: [NamedSink]
    /// Where events go that could not be handled; `nil` drops them and counts them as `no_dead_letter`.
    package var deadLetter: SinkDescription?
    /// How often, and how soon, dead letters are tried again that could not be written.
    package var deadLetterRetry = SinkRetry()
    /// How the pipeline ends when it is told to.
    package var shutdown: ShutdownDescription = ShutdownDescription()
    /// The longest line that is an event, in bytes without its line end (1 MiB: longer ones are rarely meant).
    package var lineBytesMax: Int = 1 << 20
    /// Follows batches on their way; `nil` for nobody.
    package var tracing: (any PipelineTracing)?
    /// Told, as a sentence for people, of events that are dropped because there is no place for dead letters; not of each one.
    package var notice: @Sendable (String) -> Void = { _ in }

    /// How long a sink or source of the user's own may take to open.
    package var openTimeMax = Duration.seconds(30)

    /// Creates a description; everything else is a `var` with a default.
    package init(name: String, sources: [NamedSource], sinks: [NamedSink]) {
        self.name = name
        self.sources = sources
        self.sinks = sinks
    }
}

/// What an event of a pipeline is.
package enum DecodeFormat: String, Sendable, CaseIterable {
    /// A line that holds one JSON object. Anything else becomes a dead letter.
    case json
    /// A line without its end, which is LF or CRLF. The bytes may be anything.
    case lines
    /// A line without its LF; a CR before it stays. The bytes may be anything.
    case raw
}

/// Where accepted events wait for a worker.
package struct QueueDescription: Sendable, Equatable {
    /// What a full queue does.
    package typealias WhenFull = PipelineConfiguration.WhenFull

    /// The most events that wait; at least 1.
    package var events: Int = 10_000
    /// The most memory the waiting events hold, in bytes.
    package var bytes: Int = 64 << 20
    /// What a full queue in memory does. A durable queue has a policy of its own, and this is `.wait` then.
    package var whenFull: WhenFull = .wait
    /// What keeps accepted events until they have their fates.
    package var store: QueueStore = .memory

    /// Creates the default: 10,000 events, 64 MiB, wait.
    package init() {}
}

/// What keeps accepted events.
package enum QueueStore: Sendable, Equatable {
    /// The memory of the process.
    case memory
    /// A store that outlives the process; the limits of the queue are those of what waits in memory besides.
    case durable(OwnStore, DurableQueueOptions)
}

/// A store; equal to itself alone.
package final class OwnStore: Sendable, Equatable {
    package let store: any DurableEventStore

    package init(_ store: any DurableEventStore) {
        self.store = store
    }

    package static func == (left: OwnStore, right: OwnStore) -> Bool { left === right }
}

/// One step of a pipeline.
package enum StepDescription: Sendable, Equatable {
    /// Keeps the events for which an expression is true.
    case filter(String)
    /// Keeps fields, by their paths, and leaves the others out.
    case select([String])
    /// Gives fields other names.
    case rename([RenameDescription])
    /// Makes objects of text.
    case parse(ParseDescription)
    /// Ends the events in windows of time and emits one row a group.
    case aggregate(AggregateDescription)
    /// Does what the user's own step does.
    case own(OwnStep)
}

/// A step of the user's own; equal to itself alone.
package final class OwnStep: Sendable, Equatable {
    package let step: any EventStep

    package init(_ step: any EventStep) {
        self.step = step
    }

    package static func == (left: OwnStep, right: OwnStep) -> Bool { left === right }
}

/// What an aggregate step works out for each group and window.
package struct AggregateDescription: Sendable, Equatable {
    /// A field that is worked on, and the name of the result.
    package struct Column: Sendable, Equatable {
        /// The field, or a path such as `actor.id`.
        package var field: String
        /// The name of the result.
        package var name: String

        /// Creates a column.
        package init(field: String, name: String) {
            self.field = field
            self.name = name
        }
    }

    /// The fields whose values make a group; may be empty.
    package var by: [String]
    /// How long a window is.
    package var every: Duration
    /// The name under which events are counted; `nil` counts none.
    package var count: String?
    /// What is summed.
    package var sum: [Column] = []
    /// Of what the least value is kept.
    package var min: [Column] = []
    /// Of what the greatest value is kept.
    package var max: [Column] = []
    /// The most groups that the tables of all workers hold for a window, 1 to ``groupsLimit``.
    package var groupsMax = 100_000
    /// The most bytes that their keys have together, 1 to ``keyBytesLimit``.
    package var keyBytesMax = 8 << 20
    /// The most that may be asked for.
    package static let groupsLimit = 100_000_000
    /// The most that may be asked for.
    package static let keyBytesLimit = 1 << 40

    /// Creates a description with no result yet.
    package init(by: [String], every: Duration, count: String? = nil) {
        self.by = by
        self.every = every
        self.count = count
    }
}

/// A source and its name.
package struct NamedSource: Sendable, Equatable {
    /// The name, as the report and dead letters show it.
    package var name: String
    /// What it is.
    package var kind: SourceDescription

    /// Creates a named source.
    package init(name: String, kind: SourceDescription) {
        self.name = name
        self.kind = kind
    }
}

/// Where events come from.
package enum SourceDescription: Sendable, Equatable {
    /// A file, read `repeat` times from its beginning.
    case file(path: String, repeat: Int = 1)
    /// The standard input.
    case stdin
    /// Made-up events, `rate` of them a second (`nil`: as fast as they are taken), `count` in all (`nil`: without end).
    case generate(rate: Double? = nil, count: Int? = nil)
    /// A source of the user's own.
    case own(OwnSource)

    /// Its type, as in a pipeline file.
    package var typeName: String {
        switch self {
        case .file: "file"
        case .stdin: "stdin"
        case .generate: "generate"
        case .own(let own): own.source.typeName
        }
    }
}

/// A source of the user's own; equal to itself alone.
package final class OwnSource: Sendable, Equatable {
    package let source: any EventSource

    package init(_ source: any EventSource) {
        self.source = source
    }

    package static func == (left: OwnSource, right: OwnSource) -> Bool { left === right }
}

/// A sink and its name.
package struct NamedSink: Sendable, Equatable {
    /// The name, as the report shows it.
    package var name: String
    /// What it is.
    package var kind: SinkDescription
    /// How events get to it.
    package var options: SinkOptions

    /// Creates a named sink.
    package init(name: String, kind: SinkDescription, options: SinkOptions = SinkOptions()) {
        self.name = name
        self.kind = kind
        self.options = options
    }

    /// What is wrong with the numbers of its options, as the end of a sentence; nil when nothing is.
    var problem: String? {
        if let problem = self.options.problem { return problem }
        switch self.kind {
        case .file(_, let options): return options.problem ?? self.problemOfOneWriter
        case .stdout: return self.problemOfOneWriter
        case .null, .own: return nil
        }
    }

    /// What only one can write to at a time.
    private var problemOfOneWriter: String? {
        self.options.concurrency == 1 ? nil : "1 write at a time, not \(self.options.concurrency)"
    }

    /// What becomes of an event that finds the sink's queue full: what the options say, or their default.
    package func whenFull(isOnly: Bool) -> SinkOptions.WhenFull {
        self.options.whenFull ?? (isOnly ? .wait : .deadLetter)
    }
}

/// Where events go.
package enum SinkDescription: Sendable, Equatable {
    /// The standard output.
    case stdout
    /// A file.
    case file(path: String, options: FileOptions = FileOptions())
    /// Nowhere: what comes is counted and let go.
    case null
    /// A sink of the user's own.
    case own(OwnSink)

    /// Its type, as in a pipeline file.
    package var typeName: String {
        switch self {
        case .stdout: "stdout"
        case .file: "file"
        case .null: "null"
        case .own(let own): own.sink.typeName
        }
    }
}

/// A sink of the user's own; equal to itself alone.
package final class OwnSink: Sendable, Equatable {
    package let sink: any EventSink

    package init(_ sink: any EventSink) {
        self.sink = sink
    }

    package static func == (left: OwnSink, right: OwnSink) -> Bool { left === right }
}

/// How a pipeline ends when it is told to.
package struct ShutdownDescription: Sendable, Equatable {
    /// How long sources go on after the order to drain, so that others may notice.
    package var delay: Duration = .zero
    /// How long accepted events may take to find their fates.
    package var drain: Duration = .seconds(30)

    /// Creates the default: no delay, 30 s.
    package init() {}
}
