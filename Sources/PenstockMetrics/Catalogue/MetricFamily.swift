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
        precondition(Self.isName(name) && Self.isName(self.baseName), "'\(name)' is no name of a metric.")
        precondition(labels.allSatisfy(Self.isLabelName), "A label of '\(name)' has no name of a label.")
        precondition(!labels.contains("le"), "The label 'le' of '\(name)' is the histograms' own.")
        precondition(Set(labels).count == labels.count, "Two labels of '\(name)' have the same name.")
        precondition(kind != .counter || name.hasSuffix("_total"), "The name of the counter '\(name)' ends in _total.")
        precondition(kind != .info || name.hasSuffix("_info"), "The name of '\(name)' ends in _info.")
        precondition(unit.map { self.baseName.hasSuffix("_" + $0) } ?? true, "'\(name)' ends in its unit.")
    }

    /// The name as OpenMetrics has it, without what tells the kind: `_total`, `_info`.
    var baseName: String {
        switch self.kind {
        case .counter: String(self.name.dropLast("_total".utf8.count))
        case .info: String(self.name.dropLast("_info".utf8.count))
        case .gauge, .histogram: self.name
        }
    }

    /// The names that no other family may have, or derive from its own.
    var claimedNames: [String] {
        switch self.kind {
        case .counter, .info: [self.baseName, self.name]
        case .gauge: [self.name]
        case .histogram: [self.name, self.name + "_bucket", self.name + "_count", self.name + "_sum"]
        }
    }

    /// Whether a text can be the name of a metric: letters, digits and `_`, not first a digit.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy(self.isWordByte)
    }

    /// Whether a text can be the name of a label: as above, and not beginning with `__`.
    static func isLabelName(_ text: String) -> Bool { self.isName(text) && !text.hasPrefix("__") }

    /// Whether a byte is a letter or digit of ASCII, or `_`.
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
