//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How the bytes of a source become events.
public struct Decode: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// An event is a line that holds one JSON object; anything else becomes a dead letter. This is the default.
    public static let json = Decode(part: PipelinePart(.decode(.json)))
    /// An event is a line without its end, LF or CRLF; its bytes may be anything.
    public static let lines = Decode(part: PipelinePart(.decode(.lines)))
    /// An event is a line without its LF; its bytes may be anything.
    public static let raw = Decode(part: PipelinePart(.decode(.raw)))
}

/// Keeps the events for which an expression is true.
public struct Filter: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a step.
    ///
    /// - Parameter expression: As in CEL, such as `delay > 60 && origin != "DFW"`. An event for which it cannot be worked
    ///   out becomes a dead letter.
    public init(_ expression: String) {
        self.part = PipelinePart(.step(.filter(expression)))
    }
}

/// A step of one's own.
public struct Step: PipelineComponent {
    private struct Closure: EventStep {
        let body: @Sendable (Event) async throws -> StepFate

        func handle(_ events: Events) async throws -> [StepFate] {
            var fates: [StepFate] = []
            fates.reserveCapacity(events.count)
            for event in events {
                do {
                    fates.append(try await self.body(event))
                } catch {
                    fates.append(StepFate(kind: Task.isCancelled ? .giveUp("\(error)") : .refuse("\(error)")))
                }
            }
            return fates
        }
    }

    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a step that handles events in batches.
    ///
    /// - Parameter step: The step.
    public init(_ step: any EventStep) {
        self.part = PipelinePart(.step(.own(OwnStep(step))))
    }

    /// Creates a step that handles one event at a time.
    ///
    /// - Parameter handler: Says what becomes of an event; one that it throws for becomes a dead letter, or stays in a durable
    ///   queue when the deadline of a drain has passed by then.
    public init(_ handler: @escaping @Sendable (Event) async throws -> StepFate) {
        self.init(Closure(body: handler))
    }
}

/// Ends events in windows of time, and emits a row for each group of them; the last step.
public struct Aggregate: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a step.
    ///
    /// - Parameters:
    ///   - fields: The fields whose values make a group; all events are one group without any.
    ///   - every: How long a window is, at least 1 ms.
    ///   - groupsMax: The most groups that the tables of all workers hold for a window, 1 to 100,000,000; each worker has
    ///     its part of it. An event of one group more becomes a dead letter.
    ///   - keyBytesMax: The most bytes that their keys have together; the same.
    ///   - results: What is worked out for each group.
    public init(
        by fields: String...,
        every: Duration,
        groupsMax: Int = 100_000,
        keyBytesMax: Int = 8 << 20,
        @AggregateBuilder _ results: () -> [AggregateResult]
    ) {
        var description = AggregateDescription(by: fields, every: every)
        description.groupsMax = groupsMax
        description.keyBytesMax = keyBytesMax
        for result in results() {
            switch result.kind {
            case .count(let name): description.count = name
            case .sum(let column): description.sum.append(column)
            case .least(let column): description.min.append(column)
            case .greatest(let column): description.max.append(column)
            }
        }
        self.part = PipelinePart(.step(.aggregate(description)))
    }
}

/// One result of an ``Aggregate``.
public struct AggregateResult: Sendable {
    enum Kind: Sendable {
        case count(String)
        case sum(AggregateDescription.Column)
        case least(AggregateDescription.Column)
        case greatest(AggregateDescription.Column)
    }

    let kind: Kind
}

/// Something an ``Aggregate`` works out.
public protocol AggregateComponent: Sendable {
    /// What it is.
    var result: AggregateResult { get }
}

/// How many events a group has.
public struct Count: AggregateComponent {
    /// What it is.
    public let result: AggregateResult

    /// Creates a result.
    ///
    /// - Parameter name: What the rows call it.
    public init(_ name: String) {
        self.result = AggregateResult(kind: .count(name))
    }
}

/// The sum of a field.
public struct Sum: AggregateComponent {
    /// What it is.
    public let result: AggregateResult

    /// Creates a result.
    ///
    /// - Parameters:
    ///   - field: The field, or a path such as `actor.id`.
    ///   - name: What the rows call it.
    public init(_ field: String, as name: String) {
        self.result = AggregateResult(kind: .sum(.init(field: field, name: name)))
    }
}

/// The least value of a field.
public struct Least: AggregateComponent {
    /// What it is.
    public let result: AggregateResult

    /// Creates a result.
    ///
    /// - Parameters:
    ///   - field: The field, or a path such as `actor.id`.
    ///   - name: What the rows call it.
    public init(_ field: String, as name: String) {
        self.result = AggregateResult(kind: .least(.init(field: field, name: name)))
    }
}

/// The greatest value of a field.
public struct Greatest: AggregateComponent {
    /// What it is.
    public let result: AggregateResult

    /// Creates a result.
    ///
    /// - Parameters:
    ///   - field: The field, or a path such as `actor.id`.
    ///   - name: What the rows call it.
    public init(_ field: String, as name: String) {
        self.result = AggregateResult(kind: .greatest(.init(field: field, name: name)))
    }
}

/// Makes the results of an ``Aggregate`` from a list of them.
@resultBuilder
public enum AggregateBuilder {
    /// One result.
    public static func buildExpression(_ component: some AggregateComponent) -> AggregateResult { component.result }

    /// Results one behind the other.
    public static func buildBlock(_ results: AggregateResult...) -> [AggregateResult] { results }
}
