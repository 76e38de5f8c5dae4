//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What an aggregate step works out, and for which groups.
package struct AggregateSpecification: Sendable {
    /// What an accumulator does with the numbers of its field.
    enum Operation: Sendable {
        case sum
        case min
        case max
    }

    /// One result that is worked out from a field.
    struct Column: Sendable {
        let operation: Operation
        let field: String
        let name: String
    }

    /// The paths whose values make a group; none makes one group of all.
    package let by: [String]
    /// How long one window is.
    package let every: Duration
    /// What the number of events is called in a row, when it is wanted.
    package let count: String?
    /// How many groups one table may hold.
    package let groupsMax: Int
    /// How many bytes their keys may have together.
    package let keyBytesMax: Int
    let columns: [Column]

    /// The paths of `by`, then those of `columns`.
    private(set) var paths = FieldPaths()
    /// Each name of a row with its quotes and colon: `by`, `count`, `columns`, and the window's two.
    let labels: [[UInt8]]

    /// Creates a specification.
    ///
    /// - Parameters:
    ///   - by: The fields that make a group, as paths such as `actor.login`.
    ///   - every: How long one window is.
    ///   - count: What to call the number of events.
    ///   - sum: Fields to add up, and what to call each sum.
    ///   - min: Fields whose least number is wanted.
    ///   - max: Fields whose greatest number is wanted.
    ///   - groupsMax: How many groups a table may hold.
    ///   - keyBytesMax: How many bytes their keys may have together.
    package init(
        by: [String],
        every: Duration,
        count: String? = nil,
        sum: [(field: String, name: String)] = [],
        min: [(field: String, name: String)] = [],
        max: [(field: String, name: String)] = [],
        groupsMax: Int = 100_000,
        keyBytesMax: Int = 8 << 20
    ) {
        precondition(groupsMax >= 1 && groupsMax < Int(UInt32.max), "A table holds at least one group.")
        self.by = by
        self.every = every
        self.count = count
        self.groupsMax = groupsMax
        self.keyBytesMax = keyBytesMax
        self.columns =
            sum.map { Column(operation: .sum, field: $0.field, name: $0.name) }
            + min.map { Column(operation: .min, field: $0.field, name: $0.name) }
            + max.map { Column(operation: .max, field: $0.field, name: $0.name) }
        self.labels = Self.names(by: by, count: count, columns: self.columns).map { name in
            var label: [UInt8] = []
            AggregateRow.append(string: name.utf8, to: &label)
            return label + [UInt8(ascii: ":")]
        }
    }

    /// Asks for the fields it reads; to be called once, before a table is made of it.
    ///
    /// - Parameter fields: Where the fields are asked for.
    package mutating func bind(_ fields: inout FieldSet) {
        self.paths = FieldPaths()
        for path in self.by + self.columns.map(\.field) {
            _ = self.paths.add(FieldPaths.split(path), fields: &fields)
        }
    }

    /// What is wrong with it: a path with an empty name, or two results of one name.
    package func problem() -> String? {
        for path in self.by + self.columns.map(\.field) {
            if let problem = FieldPaths.problem(of: path) { return problem }
        }
        var seen: Set<String> = []
        for name in Self.names(by: self.by, count: self.count, columns: self.columns) {
            if name.isEmpty { return "a result has no name" }
            guard seen.insert(name).inserted else { return "two values of a row would be called '\(name)'" }
        }
        return nil
    }

    // MARK: - Private

    /// The names of a row's values, in order.
    private static func names(by: [String], count: String?, columns: [Column]) -> [String] {
        by + (count.map { [$0] } ?? []) + columns.map(\.name) + ["window_start", "window_end"]
    }
}

extension AggregateDescription {
    /// About the most memory that its groups take: the tables of a window that closes and of the one behind it, both put
    /// together, and the rows that are made of them.
    package var memoryBytesMax: Int {
        let columns = self.sum.count + self.min.count + self.max.count
        let tables = 3 * (self.groupsMax * GroupIndex.groupBytes(columns: columns) + 2 * self.keyBytesMax)
        let names = (self.by + self.sum.map(\.name) + self.min.map(\.name) + self.max.map(\.name)).reduce(0) {
            $0 + $1.utf8.count
        }
        return tables + self.groupsMax * (128 + names + 24 * columns) + 2 * self.keyBytesMax
    }
}
