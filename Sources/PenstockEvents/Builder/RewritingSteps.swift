//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Keeps some fields of objects, and leaves the others out.
///
/// Values are copied as they are written. A path keeps its place: `actor.login` comes to `{"actor":{"login":"mona"}}`. A field
/// that an event does not have is left out; an event with none of them becomes `{}`.
public struct Select: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a step.
    ///
    /// - Parameter fields: The fields, or paths such as `actor.login`, in the order in which they are to stand; at least
    ///   one. One may not be a part of another.
    public init(_ fields: String...) {
        self.part = PipelinePart(.step(.select(fields)))
    }
}

/// Gives fields at the top of objects other names.
///
/// All else stays as it is written, the order of fields included. A field that is not there is not renamed; one that has a new
/// name already gives way to the one that gets it.
public struct Rename: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a step.
    ///
    /// - Parameter names: The name each field has, and the one that it gets. They change all at once: two fields may change
    ///   places.
    public init(_ names: KeyValuePairs<String, String>) {
        self.part = PipelinePart(.step(.rename(names.map { RenameDescription(old: $0.key, new: $0.value) })))
    }
}

/// Makes objects of text: of lines, or of a field of objects that holds text.
///
/// A text that does not match becomes a dead letter with the reason, as does one that is longer than 64 KiB or not UTF-8. Of a
/// line only what was found stays; a field's findings are added to its object, in the place of fields of the same names.
///
/// <doc:RewritingSteps> tells what patterns may hold.
public struct Parse: PipelineComponent {
    /// A form that text is known to have.
    public struct Format: Sendable {
        let form: ParseDescription.Form

        /// Apache's combined log format: `client`, `ident`, `user`, `time` (as RFC 3339 writes it), `method`, `path`,
        /// `protocol`, `status`, `bytes`, `referer` and `user_agent`; `request` if it could not be taken apart.
        public static let apacheCombined = Format(form: .apacheCombined)
    }

    /// What the text of a group becomes.
    public struct ValueType: Sendable {
        let type: ParseDescription.ValueType

        /// Text.
        public static let string = ValueType(type: .string)
        /// A whole number; null when it is empty or `-`, and a dead letter when it is something else.
        public static let int = ValueType(type: .int)
        /// A number; null when it is empty or `-`, and a dead letter when it is something else.
        public static let number = ValueType(type: .number)
    }

    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a step for text of a known form.
    ///
    /// - Parameters:
    ///   - format: The form.
    ///   - field: The field, or the path of one, that holds the text; nil for lines.
    public init(_ format: Format, field: String? = nil) {
        self.init(format.form, field: field, types: [:])
    }

    /// Creates a step for text that a regular expression takes apart.
    ///
    /// - Parameters:
    ///   - pattern: The expression, with a named group such as `(?<status>\d+)` for each value. It is looked for anywhere
    ///     in the text unless it begins with `^`.
    ///   - field: The field, or the path of one, that holds the text; nil for lines.
    ///   - types: What groups become that are not to be strings.
    public init(pattern: String, field: String? = nil, types: [String: ValueType] = [:]) {
        self.init(.pattern(pattern), field: field, types: types.mapValues(\.type))
    }

    private init(_ form: ParseDescription.Form, field: String?, types: [String: ParseDescription.ValueType]) {
        var description = ParseDescription(form)
        description.field = field
        description.types = types
        self.part = PipelinePart(.step(.parse(description)))
    }
}
