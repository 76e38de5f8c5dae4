//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension JSONValue {
    /// The value as JSON for people: each member on a line of its own, but for lists and objects that fit into one.
    var pretty: String { self.pretty(indent: "") }

    private func pretty(indent: String) -> String {
        let short = self.json
        if indent.count + short.count <= 110 { return self.spaced }
        let inner = indent + "  "
        switch self {
        case .array(let values):
            return "[\n" + values.map { inner + $0.pretty(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            let lines = members.map { "\(inner)\(JSONText.string($0.key)): \($0.value.pretty(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        case .null, .bool, .number, .string: return short
        }
    }

    /// On one line, with spaces after commas and colons.
    private var spaced: String {
        switch self {
        case .array(let values): "[" + values.map(\.spaced).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(JSONText.string($0.key)): \($0.value.spaced)" }.joined(separator: ", ") + "}"
        case .null, .bool, .number, .string: self.json
        }
    }
}
