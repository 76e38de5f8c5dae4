//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A value of a YAML file, with the place where it stands.
struct YAMLValue: Sendable {
    /// A text, number, boolean or null as it is written.
    struct Scalar: Sendable {
        /// What it says, quotes and escapes undone.
        var text: String
        /// How it is written.
        var style: Style
    }

    /// How a scalar is written.
    enum Style: Sendable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    /// One key of a map with its value.
    struct Entry: Sendable {
        var key: String
        var place: Place
        var value: YAMLValue
    }

    /// What a value is.
    enum Content: Sendable {
        case scalar(Scalar)
        case list([YAMLValue])
        case map([Entry])
    }

    var place: Place
    var content: Content
    /// A tag such as `!name`, which no pipeline file needs.
    var tag: String?
}

extension YAMLValue {
    /// What people call the kind of a value.
    var kindName: String {
        switch self.content {
        case .list: "a list"
        case .map: "a map"
        case .scalar(let scalar):
            switch scalar.meaning {
            case .null: "nothing"
            case .boolean: "true or false"
            case .number: "a number"
            case .text: "text"
            }
        }
    }

    /// Whether nothing is written here.
    var isEmpty: Bool {
        guard case .scalar(let scalar) = self.content else { return false }
        return scalar.style == .plain && scalar.text.isEmpty
    }

    /// Whether nothing is written here, or a null.
    var isNull: Bool {
        guard case .scalar(let scalar) = self.content else { return false }
        return scalar.meaning == .null
    }
}

extension YAMLValue.Scalar {
    /// What YAML takes a scalar for.
    enum Meaning: Equatable {
        case null, boolean, number, text
    }

    /// Quoted and block scalars are text; of plain ones YAML takes some words for something else.
    ///
    /// `yes`, `no`, `on` and `off` are text here, as in YAML 1.2: an airport may be called `NO`.
    var meaning: Meaning {
        guard self.style == .plain else { return .text }
        switch self.text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .boolean
        default: break
        }
        let unsigned = self.text.first.map { "+-".contains($0) } == true ? self.text.dropFirst() : self.text[...]
        guard let first = unsigned.utf8.first,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || first == UInt8(ascii: ".")
        else { return .text }
        return Double(unsigned) != nil ? .number : .text
    }
}
