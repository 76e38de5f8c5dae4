//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A field, and what it is to be called.
package struct RenameDescription: Sendable, Equatable {
    /// The name it has.
    package var old: String
    /// The name it gets.
    package var new: String

    /// Creates a pair of names.
    package init(old: String, new: String) {
        self.old = old
        self.new = new
    }

    /// What is wrong with a list of names, as the end of a sentence; with which of them, and whether with the new name.
    package static func problem(of names: [RenameDescription]) -> (place: Int, isNew: Bool, text: String)? {
        RenameStep.problem(of: names)
    }
}

/// How a text is made an object.
package struct ParseDescription: Sendable, Equatable {
    /// What takes it apart.
    package enum Form: Sendable, Equatable {
        /// A regular expression, with a named group for each value.
        case pattern(String)
        /// Apache's combined log format.
        case apacheCombined
    }

    /// What the text of a group becomes.
    package enum ValueType: String, Sendable, CaseIterable {
        /// Text.
        case string
        /// A whole number; null when it is empty or `-`.
        case int
        /// A number; null when it is empty or `-`.
        case number
    }

    /// What takes the text apart.
    package var form: Form
    /// The path of the field that holds the text, when events are objects; nil for a line of text.
    package var field: String?
    /// What the texts of groups become that are not to be strings.
    package var types: [String: ValueType] = [:]

    /// Creates a description.
    package init(_ form: Form) {
        self.form = form
    }

    /// The fields that it makes, in their order.
    package func names() throws(PatternError) -> [String] {
        switch self.form {
        case .pattern(let text): try PatternParser.parse(text).names
        case .apacheCombined: ApacheLine.names
        }
    }

    /// What is wrong with it, as the end of a sentence; the pattern's own errors are thrown.
    func problem() throws(PatternError) -> String? {
        let names = try self.names()
        if names.isEmpty { return "it has no named group such as (?<status>\\d+)" }
        if let type = self.types.keys.sorted().first(where: { !names.contains($0) }) {
            return "it has a type for '\(type)', which is no group"
        }
        return self.field.flatMap(FieldPaths.problem(of:))
    }
}

/// The lists of paths that `select` takes.
package enum SelectDescription {
    /// What is wrong with a list of paths, as the end of a sentence, and with which of them.
    package static func problem(of paths: [String]) -> (place: Int, text: String)? {
        SelectStep.problem(of: paths)
    }
}
