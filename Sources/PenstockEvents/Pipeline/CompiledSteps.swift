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
    let decode: DecodeFormat
    let fields: FieldSet
    let filters: FilterChain?
    let aggregate: AggregateSpecification?

    /// Compiles the steps of a description.
    init(_ description: PipelineDescription) throws(PenstockError) {
        var fields = FieldSet()
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
            case .filter(let text):
                do throws(ExpressionError) {
                    filters.append(try FilterExpression(text, fields: &fields))
                } catch {
                    throw PenstockError(
                        .invalidConfiguration,
                        "The filter \"\(text)\" is wrong: \(error.message).",
                        underlyingError: error
                    )
                }
            case .aggregate(let what):
                var specification = try AggregateSpecification(checking: what)
                specification.bind(&fields)
                aggregate = specification
            }
        }
        guard description.decode == .json || fields.count == 0 else {
            throw PenstockError(
                .invalidConfiguration,
                "Steps that read fields need \"decode: json\"; \"\(description.decode.rawValue)\" has none."
            )
        }
        self.decode = description.decode
        self.fields = fields
        self.filters = FilterChain.of(filters)
        self.aggregate = aggregate
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
