//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A bound that a benchmark is to hold.
package struct BenchBound: Sendable, Equatable {
    /// What the value counts.
    package enum Unit: Sendable {
        /// A share of something, from 0 on.
        case share
        /// How many times as much as something else.
        case factor
        case nanoseconds
        case microseconds
        case seconds
    }

    /// As a key of JSON has it: `goodput_10x`.
    package let name: String
    /// What it is, for people: "goodput at 10x, of the peak".
    package let title: String
    package let value: Double
    package let limit: Double
    /// Whether the value is to be at least the limit; else at most.
    package let isAtLeast: Bool
    package let unit: Unit

    package init(_ name: String, _ title: String, _ value: Double, atLeast limit: Double, _ unit: Unit) {
        self.init(name: name, title: title, value: value, limit: limit, isAtLeast: true, unit: unit)
    }

    package init(_ name: String, _ title: String, _ value: Double, atMost limit: Double, _ unit: Unit) {
        self.init(name: name, title: title, value: value, limit: limit, isAtLeast: false, unit: unit)
    }

    private init(name: String, title: String, value: Double, limit: Double, isAtLeast: Bool, unit: Unit) {
        self.name = name
        self.title = title
        self.value = value
        self.limit = limit
        self.isAtLeast = isAtLeast
        self.unit = unit
    }

    /// Whether it holds; a value that is no number holds nothing.
    package var isHeld: Bool { self.isAtLeast ? self.value >= self.limit : self.value <= self.limit }
}
