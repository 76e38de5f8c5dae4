//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A filter, compiled from an expression that is written and means what it does in CEL.
///
/// - Fields of an event are its variables; `a.b` and `a["b"]` reach into objects. A name that is not a word is written
///   in backticks.
/// - Integers that `Int64` holds are ints, all other numbers doubles; they compare with each other exactly.
/// - `==` between values of different types is false. `<` and its kin take two numbers, strings (by code point) or
///   bools (false first). Objects and arrays cannot be compared with their like.
/// - A field that is not there is an error, as is an order that does not exist. `&&` and `||` ignore an error when the
///   other side decides. `has(a)` tells whether a field is there; `has(a.b)` still errs when `a` is not an object.
/// - The result must be a bool.
package struct FilterExpression: Sendable {
    /// How many bytes an expression may have.
    package static let lengthMax = 16_384
    /// How deep its parts may nest.
    package static let depthMax = 64

    private let program: ExpressionProgram

    /// Compiles an expression.
    ///
    /// - Parameters:
    ///   - text: The expression.
    ///   - fields: Where the fields it reads are asked for; unchanged when it throws.
    package init(_ text: String, fields: inout FieldSet) throws(ExpressionError) {
        self.program = try ExpressionParser.parse(text, fields: &fields)
    }

    /// The paths it reads.
    package var paths: [[String]] { self.program.paths.names }

    /// Says what becomes of an event; allocates nothing unless it fails.
    ///
    /// - Parameter event: An event that was scanned for the fields this expression asked for.
    package func evaluate(_ event: EventView) -> FilterVerdict {
        let value = self.program.value(self.program.root, event)
        if value.kind == .bool { return value.bits == 1 ? .keep : .drop }
        return .failed("filter: " + self.program.reason(value, event))
    }
}
