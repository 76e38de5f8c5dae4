//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a family of metrics is called and means.
public struct MetricFamily: Sendable, Equatable {
    /// How its values behave.
    public enum Kind: String, Sendable, CaseIterable {
        /// Only grows while the process lives.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts values by ranges.
        case histogram
        /// Facts as labels, with the value 1.
        case info
    }

    /// Its name, as a scrape shows it: counters end in `_total`.
    public let name: String
    /// How its values behave.
    public let kind: Kind
    /// Its unit, the last word of its name before `_total`; nil for plain counts.
    public let unit: String?
    /// The names of its labels, in the order of their values.
    public let labels: [String]
    /// One sentence on what it means.
    public let help: String

    /// Creates a family.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and `_`; not first a digit.
    ///   - kind: How its values behave.
    ///   - unit: The last word of the name before `_total`; nil for plain counts.
    ///   - labels: Letters, digits and `_`; neither `le` nor a name that begins with `__`.
    ///   - help: One sentence on what it means.
    public init(_ name: String, _ kind: Kind, unit: String? = nil, labels: [String] = [], help: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
    }
}
