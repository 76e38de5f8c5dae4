//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The filters of a pipeline, one behind the other.
///
/// A chain of objects, not an array of values: to call one that stands in an array, Swift copies it and counts a
/// reference to everything in it, for each event (a fifth of all the work on flight events).
final class FilterChain: Sendable {
    private let filter: FilterExpression
    private let next: FilterChain?

    private init(_ filter: FilterExpression, next: FilterChain?) {
        self.filter = filter
        self.next = next
    }

    /// Makes a chain of filters; nil when there are none.
    static func of(_ filters: [FilterExpression]) -> FilterChain? {
        filters.reversed().reduce(nil) { FilterChain($1, next: $0) }
    }

    /// The verdict of the first filter that does not keep the event.
    func evaluate(_ event: EventView) -> FilterVerdict {
        let verdict = self.filter.evaluate(event)
        guard let next = self.next, case .keep = verdict else { return verdict }
        return next.evaluate(event)
    }
}
