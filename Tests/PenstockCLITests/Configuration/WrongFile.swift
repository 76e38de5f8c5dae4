//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

/// A pipeline file with one fault, and what must be said about it.
struct WrongFile: CustomTestStringConvertible, Sendable {
    var text: String
    var line: Int
    var column: Int
    var message: String
    var hint: String?
    var testDescription: String

    init(
        _ name: String,
        _ text: String,
        _ line: Int,
        _ column: Int,
        _ message: String,
        hint: String? = nil
    ) {
        self.testDescription = name
        self.text = text
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }

    /// Five lines that are right; the fault follows on line 6.
    static func after(
        _ name: String,
        _ rest: String,
        _ line: Int,
        _ column: Int,
        _ message: String,
        hint: String? = nil
    ) -> WrongFile {
        WrongFile(name, Self.right + rest + "\n", line, column, message, hint: hint)
    }

    /// A right file with another source.
    static func source(_ source: String, _ column: Int, _ message: String, hint: String? = nil) -> WrongFile {
        WrongFile(
            "source \(source)",
            "pipeline: p\nsources:\n  in: \(source)\nsinks:\n  out: { type: stdout }\n",
            3,
            column,
            message,
            hint: hint
        )
    }

    /// A right file with another sink.
    static func sink(_ sink: String, _ column: Int, _ message: String, hint: String? = nil) -> WrongFile {
        WrongFile(
            "sink \(sink)",
            "pipeline: p\nsources:\n  in: { type: stdin }\nsinks:\n  out: \(sink)\n",
            5,
            column,
            message,
            hint: hint
        )
    }

    /// Five lines that make a pipeline file.
    static let right = "pipeline: p\nsources:\n  in: { type: stdin }\nsinks:\n  out: { type: stdout }\n"
}
