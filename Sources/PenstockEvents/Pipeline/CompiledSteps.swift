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
    /// Steps between two of the user's own, or before the first, or behind the last.
    struct Stretch: Sendable {
        /// Whether events are looked into: always for the first stretch of JSON, for others if something is read.
        var scansJSON: Bool
        var fields = FieldSet()
        var filters: FilterChain?
        /// The user's own step that follows; nil for the last stretch.
        var step: (any EventStep)?
    }

    /// In their order; at least one, and all but the last with a step of the user's own behind them.
    let stretches: [Stretch]
    let last: Stretch
    let aggregate: AggregateSpecification?
    /// Which events go to which sink, by fields of the last stretch.
    let routes: RoutePlan
    /// Which rows of the aggregate go to which sink; nil when all go to all.
    let rowRoutes: RowRoutes?

    /// Whether there are steps of the user's own.
    var hasOwnSteps: Bool { self.stretches.count > 1 }

    /// The most fields that a stretch reads.
    var fieldCount: Int { self.stretches.reduce(0) { max($0, $1.fields.count) } }

    /// Compiles the steps of a description.
    init(_ description: PipelineDescription) throws(PenstockError) {
        var stretches: [Stretch] = []
        var stretch = Stretch(scansJSON: description.decode == .json)
        var filters: [FilterExpression] = []
        var aggregate: AggregateSpecification?
        for step in description.steps {
            guard aggregate == nil else {
                throw PenstockError(
                    .invalidConfiguration,
                    "An aggregate must be the last step: nothing can be done to its rows yet."
                )
            }
            switch step {
            case .filter(let text): filters.append(try FilterExpression(filter: text, fields: &stretch.fields))
            case .aggregate(let what):
                var specification = try AggregateSpecification(checking: what)
                specification.bind(&stretch.fields)
                aggregate = specification
            case .own(let own):
                stretch.filters = FilterChain.of(filters)
                stretch.step = own.step
                stretches.append(stretch)
                stretch = Stretch(scansJSON: false)
                filters = []
            }
        }
        stretch.filters = FilterChain.of(filters)
        let isAggregate = aggregate != nil
        var rowFields = FieldSet()
        let routes: RoutePlan
        if isAggregate {
            routes = try RoutePlan(description.sinks, fields: &rowFields)
        } else {
            routes = try RoutePlan(description.sinks, fields: &stretch.fields)
        }
        stretches.append(stretch)
        for index in stretches.indices where stretches[index].fields.count > 0 {
            stretches[index].scansJSON = true
        }
        guard description.decode == .json || stretches.allSatisfy({ $0.fields.count == 0 }) else {
            throw PenstockError(
                .invalidConfiguration,
                "Steps that read fields need \"decode: json\"; \"\(description.decode.rawValue)\" has none."
            )
        }
        self.last = stretches[stretches.count - 1]
        self.stretches = stretches
        self.aggregate = aggregate
        self.routes = routes
        self.rowRoutes = isAggregate && !routes.isUniform ? RowRoutes(fields: rowFields, plan: routes) : nil
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
    fileprivate init(_ sinks: [NamedSink], fields: inout FieldSet) throws(PenstockError) {
        var conditions: [FilterChain?] = []
        for sink in sinks {
            guard let text = sink.options.when else {
                conditions.append(nil)
                continue
            }
            do throws(ExpressionError) {
                conditions.append(FilterChain.of([try FilterExpression(text, fields: &fields)]))
            } catch {
                throw PenstockError(
                    .invalidConfiguration,
                    "The condition \"\(text)\" of the sink \"\(sink.name)\" is wrong: \(error.message).",
                    underlyingError: error
                )
            }
        }
        self.init(conditions)
    }
}

extension AggregateSpecification {
    fileprivate init(checking what: AggregateDescription) throws(PenstockError) {
        guard what.every >= .milliseconds(1) else {
            throw PenstockError(.invalidConfiguration, "A window must be at least 1 ms long.")
        }
        self.init(
            by: what.by,
            every: what.every,
            count: what.count,
            sum: what.sum.map { (field: $0.field, name: $0.name) },
            min: what.min.map { (field: $0.field, name: $0.name) },
            max: what.max.map { (field: $0.field, name: $0.name) }
        )
    }
}
