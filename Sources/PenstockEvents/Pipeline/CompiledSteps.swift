//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The steps of a pipeline, ready to run.
struct CompiledSteps: Sendable {
    /// What a stretch of steps ends with.
    enum Ending: Sendable {
        /// A step that makes other bytes of each event.
        case rewrite(EventRewrite)
        /// A step of the user's own.
        case own(any EventStep)
    }

    /// Filters, and the step behind them that may change what an event holds.
    struct Stretch: Sendable {
        /// Whether events are looked into: always for the first stretch of JSON, for others if something is read.
        var scansJSON: Bool
        var fields = FieldSet()
        var filters: FilterChain?
        /// What follows the filters; nil for the last stretch.
        var ending: Ending?
    }

    /// In their order; at least one, and all but the last with an ending.
    let stretches: [Stretch]
    let last: Stretch
    let aggregate: AggregateSpecification?
    /// Which events go to which sink, by fields of the last stretch.
    let routes: RoutePlan
    /// Which rows of the aggregate go to which sink; nil when all go to all.
    let rowRoutes: RowRoutes?

    /// Whether there is more than one stretch.
    var hasStretches: Bool { self.stretches.count > 1 }

    /// The most fields that a stretch reads.
    var fieldCount: Int { self.stretches.reduce(0) { max($0, $1.fields.count) } }

    /// Compiles the steps of a description.
    init(_ description: PipelineDescription) throws(PenstockError) {
        var compiler = StepCompiler(description)
        for step in description.steps { try compiler.add(step) }
        self.aggregate = compiler.aggregate
        let isAggregate = compiler.aggregate != nil
        var rowFields = FieldSet()
        let routes: RoutePlan
        if isAggregate {
            routes = try RoutePlan(description.sinks, fields: &rowFields, known: compiler.known)
        } else {
            routes = try RoutePlan(description.sinks, fields: &compiler.stretch.fields, known: compiler.known)
        }
        let stretches = try compiler.finish()
        self.last = stretches[stretches.count - 1]
        self.stretches = stretches
        self.routes = routes
        self.rowRoutes = isAggregate && !routes.isUniform ? RowRoutes(fields: rowFields, plan: routes) : nil
    }
}

/// Puts steps into stretches.
private struct StepCompiler {
    private let decode: DecodeFormat
    private var stretches: [CompiledSteps.Stretch] = []
    var stretch: CompiledSteps.Stretch
    private var filters: [FilterExpression] = []
    private(set) var aggregate: AggregateSpecification?
    /// What is known of events behind the steps so far.
    private(set) var known: KnownFields
    /// Whether the events of the stretch are objects.
    private var areObjects: Bool
    /// How many workers share what an aggregate may hold.
    private let workers: Int

    init(_ description: PipelineDescription) {
        self.decode = description.decode
        self.stretch = CompiledSteps.Stretch(scansJSON: description.decode == .json)
        self.known = KnownFields(description.decode)
        self.areObjects = self.known.areObjects
        self.workers = max(1, description.workers ?? ProcessorCount.available())
    }

    /// Adds a step.
    mutating func add(_ step: StepDescription) throws(PenstockError) {
        guard self.aggregate == nil else {
            throw Self.refuse("An aggregate must be the last step: nothing can be done to its rows yet.")
        }
        switch step {
        case .filter(let text):
            let filter = try FilterExpression(filter: text, fields: &self.stretch.fields)
            try self.known.check(filter.paths, of: "The filter \"\(text)\"")
            self.filters.append(filter)
        case .aggregate(let what):
            var specification = try AggregateSpecification(checking: what, workers: self.workers)
            let columns = (what.sum + what.min + what.max).map(\.field)
            try self.known.check((what.by + columns).map(FieldPaths.split), of: "The aggregate")
            specification.bind(&self.stretch.fields)
            self.aggregate = specification
        case .own(let own): try self.end(with: .own(own.step))
        case .select(let paths): try self.add(select: paths)
        case .rename(let pairs): try self.add(rename: pairs)
        case .parse(let what): try self.add(parse: what)
        }
        self.known.pass(step)
        self.areObjects = self.aggregate == nil ? self.known.areObjects : self.areObjects
    }

    /// The stretches, the last one included.
    mutating func finish() throws(PenstockError) -> [CompiledSteps.Stretch] {
        try self.closeStretch()
        return self.stretches
    }

    // MARK: - Private

    private static func refuse(_ message: String, _ underlying: (any Error)? = nil) -> PenstockError {
        PenstockError(.invalidConfiguration, message, underlyingError: underlying)
    }

    private mutating func add(select paths: [String]) throws(PenstockError) {
        if paths.isEmpty { throw Self.refuse("A select keeps at least one field.") }
        if let problem = SelectStep.problem(of: paths) { throw Self.refuse("A select is wrong: \(problem.text).") }
        try self.known.check(paths.map(FieldPaths.split), of: "A select")
        let step = SelectStep(paths, fields: &self.stretch.fields)
        try self.end(with: .rewrite(.select(step)))
    }

    private mutating func add(rename pairs: [RenameDescription]) throws(PenstockError) {
        if pairs.isEmpty { throw Self.refuse("A rename names at least one field.") }
        if let problem = RenameStep.problem(of: pairs) { throw Self.refuse("A rename is wrong: \(problem.text).") }
        try self.known.check(pairs.map { [$0.old] }, of: "A rename")
        let step = RenameStep(pairs, fields: &self.stretch.fields)
        try self.end(with: .rewrite(.rename(step)))
    }

    private mutating func add(parse what: ParseDescription) throws(PenstockError) {
        if what.field == nil, self.areObjects {
            throw Self.refuse("A parse of objects needs the field that holds the text.")
        }
        let step: ParseStep
        do throws(PatternError) {
            if let problem = try what.problem() { throw PatternError(problem, at: 0) }
            if let field = what.field { try self.known.check(field) }
            step = try ParseStep(what, fields: &self.stretch.fields)
        } catch {
            throw Self.refuse("A parse is wrong: \(error.message).", error)
        }
        try self.end(with: .rewrite(.parse(step)))
    }

    private mutating func end(with ending: CompiledSteps.Ending) throws(PenstockError) {
        self.stretch.ending = ending
        try self.closeStretch()
        self.stretch = CompiledSteps.Stretch(scansJSON: false)
        self.filters = []
    }

    private mutating func closeStretch() throws(PenstockError) {
        self.stretch.filters = FilterChain.of(self.filters)
        if self.stretch.fields.count > 0 {
            guard self.areObjects else {
                throw Self.refuse(
                    "Steps that read fields need \"decode: json\" or a parse before them; "
                        + "\"\(self.decode.rawValue)\" has none."
                )
            }
            self.stretch.scansJSON = true
        }
        self.stretches.append(self.stretch)
    }
}

extension KnownFields {
    /// Refuses what reads fields that no event has.
    fileprivate func check(_ paths: [[String]], of what: String) throws(PenstockError) {
        for path in paths {
            guard let problem = self.problem(of: path) else { continue }
            throw PenstockError(.invalidConfiguration, "\(what) is wrong: \(problem).")
        }
    }

    /// Refuses a path that no event has.
    fileprivate func check(_ path: String) throws(PatternError) {
        if let problem = self.problem(of: FieldPaths.split(path)) { throw PatternError(problem, at: 0) }
    }
}

extension FilterExpression {
    /// Compiles the filter of a description.
    fileprivate init(filter text: String, fields: inout FieldSet) throws(PenstockError) {
        do throws(ExpressionError) {
            try self.init(text, fields: &fields)
        } catch {
            throw PenstockError(
                .invalidConfiguration,
                "The filter \"\(text)\" is wrong: \(error.message).",
                underlyingError: error
            )
        }
    }
}

extension RoutePlan {
    /// Compiles the conditions of sinks.
    fileprivate init(_ sinks: [NamedSink], fields: inout FieldSet, known: KnownFields) throws(PenstockError) {
        var conditions: [FilterChain?] = []
        for sink in sinks {
            guard let text = sink.options.when else {
                conditions.append(nil)
                continue
            }
            let filter: FilterExpression
            do throws(ExpressionError) {
                filter = try FilterExpression(text, fields: &fields)
            } catch {
                throw PenstockError(
                    .invalidConfiguration,
                    "The condition \"\(text)\" of the sink \"\(sink.name)\" is wrong: \(error.message).",
                    underlyingError: error
                )
            }
            try known.check(filter.paths, of: "The condition \"\(text)\" of the sink \"\(sink.name)\"")
            conditions.append(FilterChain.of([filter]))
        }
        self.init(conditions)
    }
}

extension AggregateSpecification {
    /// - Parameters:
    ///   - what: What is wanted.
    ///   - workers: How many tables there are for a window at most; each may hold its part of what all may.
    fileprivate init(checking what: AggregateDescription, workers: Int) throws(PenstockError) {
        guard what.every >= .milliseconds(1) else {
            throw PenstockError(.invalidConfiguration, "A window must be at least 1 ms long.")
        }
        guard (1...AggregateDescription.groupsLimit).contains(what.groupsMax),
            (1...AggregateDescription.keyBytesLimit).contains(what.keyBytesMax)
        else {
            throw PenstockError(
                .invalidConfiguration,
                "An aggregate holds 1 to \(AggregateDescription.groupsLimit) groups, with keys of 1 byte to 1 TiB together."
            )
        }
        self.init(
            by: what.by,
            every: what.every,
            count: what.count,
            sum: what.sum.map { (field: $0.field, name: $0.name) },
            min: what.min.map { (field: $0.field, name: $0.name) },
            max: what.max.map { (field: $0.field, name: $0.name) },
            groupsMax: Swift.max(1, what.groupsMax / workers),
            keyBytesMax: Swift.max(1, what.keyBytesMax / workers)
        )
    }
}
