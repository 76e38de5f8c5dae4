//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One word of an expression.
struct ExpressionToken: Sendable, Equatable {
    /// What kinds of words there are.
    enum Kind: Sendable, Equatable {
        /// A name; `quoted` ones stood in backticks and are never a keyword.
        case name(String, quoted: Bool)
        case string(String)
        /// A number without its sign, which is an operator.
        case integer(UInt64)
        case double(Double)
        /// An operator or a bracket, as it is written.
        case symbol(Symbol)
        case end
    }

    /// Operators and brackets of CEL that Penstock knows.
    enum Symbol: String, Sendable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case and = "&&"
        case or = "||"
        case less = "<"
        case greater = ">"
        case not = "!"
        case minus = "-"
        case dot = "."
        case open = "("
        case close = ")"
        case openIndex = "["
        case closeIndex = "]"
    }

    let kind: Kind
    /// Where it begins, as a UTF-8 offset.
    let offset: Int

    /// How an error names it.
    var described: String {
        switch self.kind {
        case .name(let name, _): "'\(name)'"
        case .string: "a string"
        case .integer, .double: "a number"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "the end of the expression"
        }
    }
}
