//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Something that stands in the list of a pipeline's parts.
public protocol PipelineComponent: Sendable {
    /// What it is in the pipeline.
    var part: PipelinePart { get }
}

/// A part of a pipeline: a source, a step, a sink, or what says how events are read.
public struct PipelinePart: Sendable {
    package enum Kind: Sendable {
        case source(SourceDescription, name: String?)
        case queue(QueueStore)
        case decode(DecodeFormat)
        case step(StepDescription)
        case sink(SinkDescription, name: String?, SinkOptions)
        case deadLetters(SinkDescription, SinkRetry)
    }

    let kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }
}

/// Makes the parts of a pipeline from a list of them, with `if` and `for` where they are wanted.
@resultBuilder
public enum PipelineBuilder {
    /// One part.
    public static func buildExpression(_ component: some PipelineComponent) -> [PipelinePart] { [component.part] }

    /// Parts one behind the other.
    public static func buildBlock(_ parts: [PipelinePart]...) -> [PipelinePart] { parts.flatMap { $0 } }

    /// Parts that are there or not.
    public static func buildOptional(_ parts: [PipelinePart]?) -> [PipelinePart] { parts ?? [] }

    /// The parts of the branch that is taken.
    public static func buildEither(first parts: [PipelinePart]) -> [PipelinePart] { parts }

    /// The parts of the branch that is taken.
    public static func buildEither(second parts: [PipelinePart]) -> [PipelinePart] { parts }

    /// Parts made in a loop.
    public static func buildArray(_ parts: [[PipelinePart]]) -> [PipelinePart] { parts.flatMap { $0 } }
}

extension PipelineDescription {
    /// Makes a description of parts, and tells what is wrong with their order.
    ///
    /// A source without a name is called `in`, a sink `out`; of several the second is `in-2` and so on.
    static func building(
        _ name: String,
        _ configuration: PipelineConfiguration,
        _ parts: [PipelinePart]
    ) -> (PipelineDescription, PenstockError?) {
        var description = PipelineDescription(name: name, sources: [], sinks: [])
        description.queue.events = configuration.queueEventsMax
        description.queue.bytes = configuration.queueBytesMax
        description.queue.whenFull = configuration.queueWhenFull
        description.workers = configuration.workers
        description.lineBytesMax = configuration.lineBytesMax
        description.openTimeMax = configuration.openTimeMax
        description.shutdown.delay = configuration.drainDelay
        description.shutdown.drain = configuration.drainDeadline
        description.tracing = configuration.tracing
        var problem: PenstockError?
        var place = 0
        for part in parts {
            if part.rank < place {
                problem = problem ?? Self.misplaced(part)
            } else if part.rank == place, part.isSingle {
                problem = problem ?? PenstockError(.invalidConfiguration, "A pipeline has \(part.name) once only.")
            }
            place = max(place, part.rank)
            description.add(part)
        }
        return (description, problem)
    }

    private static func misplaced(_ part: PipelinePart) -> PenstockError {
        PenstockError(
            .invalidConfiguration,
            "\(part.name.prefix(1).uppercased() + part.name.dropFirst()) stands too late in the list: events flow from "
                + "sources through a queue, decoding and steps to sinks, and then come the dead letters."
        )
    }

    private mutating func add(_ part: PipelinePart) {
        switch part.kind {
        case .source(let kind, let name):
            let number = self.sources.count + 1
            self.sources.append(NamedSource(name: name ?? (number == 1 ? "in" : "in-\(number)"), kind: kind))
        case .queue(let store): self.queue.store = store
        case .decode(let format): self.decode = format
        case .step(let step): self.steps.append(step)
        case .sink(let kind, let name, let options):
            let number = self.sinks.count + 1
            let name = name ?? (number == 1 ? "out" : "out-\(number)")
            self.sinks.append(NamedSink(name: name, kind: kind, options: options))
        case .deadLetters(let kind, let retry):
            self.deadLetter = kind
            self.deadLetterRetry = retry
        }
    }
}

extension PipelinePart {
    /// Where its kind stands among the others, from 1.
    fileprivate var rank: Int {
        switch self.kind {
        case .source: 1
        case .queue: 2
        case .decode: 3
        case .step: 4
        case .sink: 5
        case .deadLetters: 6
        }
    }

    /// Whether there may be only one of its kind.
    fileprivate var isSingle: Bool {
        switch self.kind {
        case .queue, .decode, .deadLetters: true
        case .source, .step, .sink: false
        }
    }

    /// What it is in a sentence.
    fileprivate var name: String {
        switch self.kind {
        case .source: "a source"
        case .queue: "a queue"
        case .decode: "what decodes events"
        case .step: "a step"
        case .sink: "a sink"
        case .deadLetters: "the sink for dead letters"
        }
    }
}
