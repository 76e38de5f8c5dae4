//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension ExpressionParser {
    func requireBool(_ node: Int, of symbol: ExpressionToken.Symbol, at offset: Int) throws(ExpressionError) {
        guard case .known(let kind) = self.types[node], kind != .bool else { return }
        throw ExpressionError("'\(symbol.rawValue)' takes true or false, not \(kind.name)", offset: offset)
    }

    func requireOrder(
        _ left: Int,
        _ relation: ExpressionNode.Relation,
        _ right: Int,
        at offset: Int
    ) throws(ExpressionError) {
        guard relation.isOrdering else { return }
        for case .known(.null) in [self.types[left], self.types[right]] {
            throw ExpressionError("null has no order", offset: offset, hint: "compare it with == or !=")
        }
        guard case .known(let one) = self.types[left], case .known(let other) = self.types[right], one != other else {
            return
        }
        let numbers: [ExpressionValue.Kind] = [.int, .double]
        if numbers.contains(one), numbers.contains(other) { return }
        throw ExpressionError("\(one.name) and \(other.name) have no order", offset: offset)
    }

    func startsOperand() -> Bool {
        switch self.token.kind {
        case .name, .string, .integer, .double: true
        case .symbol, .end: false
        }
    }

    func expectedOperand() -> ExpressionError {
        if self.text.allSatisfy({ $0 <= 0x20 }) { return ExpressionError("the expression is empty", offset: 0) }
        let isOver = if case .end = self.token.kind { true } else { false }
        return ExpressionError(
            "expected a field, a value or '(', not \(self.token.described)",
            offset: self.token.offset,
            hint: isOver ? "write what belongs behind the operator, or leave the operator out" : nil
        )
    }

    func unexpectedAfterOperand() -> ExpressionError {
        let token = self.token
        switch token.kind {
        case .name(let name, quoted: false):
            if let symbol = ["and": "&&", "or": "||", "is": "==", "eq": "==", "ne": "!="][name.lowercased()] {
                return ExpressionError(
                    "'\(name)' is not an operator",
                    offset: token.offset,
                    hint: "did you mean '\(symbol)'?"
                )
            }
            if name == "in" || name == "not" {
                return ExpressionError("'\(name)' is not supported here", offset: token.offset, hint: "use == and ||")
            }
        case .symbol(.close):
            return ExpressionError("')' without its '('", offset: token.offset)
        case .symbol(.dot):
            return ExpressionError(
                "expected an operator, not '.'",
                offset: token.offset,
                hint: "digits follow the point of a number, as in 1.0"
            )
        case .symbol(.minus):
            return ExpressionError(
                "'-' is not supported here",
                offset: token.offset,
                hint: "arithmetic is not supported"
            )
        default: break
        }
        return ExpressionError("expected an operator, not \(token.described)", offset: token.offset)
    }

    static func unknownFunction(_ name: String, at offset: Int) -> ExpressionError {
        ExpressionError(
            "unknown function '\(name)'",
            offset: offset,
            hint: "the only function is has(field), which tells whether an event has a field"
        )
    }

    static func tooDeep(_ offset: Int) -> ExpressionError {
        ExpressionError("expression nested deeper than \(FilterExpression.depthMax)", offset: offset)
    }
}
