//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ExpressionProgram {
    /// The value of a node.
    func value(_ index: Int, _ event: EventView) -> ExpressionValue {
        let node = self.nodes[index]
        switch node.kind {
        case .literal: return self.literals[Int(node.first)]
        case .field: return self.field(Int(node.first), event)
        case .has: return self.has(Int(node.first), event)
        case .not:
            let value = self.value(Int(node.first), event)
            if value.kind == .bool { return .bool(value.bits == 0) }
            return value.kind == .error ? value : .error(.notBool, index, value.kind)
        case .all: return self.chain(node, index, event, decides: 0)
        case .any: return self.chain(node, index, event, decides: 1)
        case .compare:
            let left = self.operand(Int(node.first), event)
            if left.kind == .error { return left }
            let right = self.operand(Int(node.second), event)
            if right.kind == .error { return right }
            return self.compare(node, index, left, right, event)
        }
    }

    /// The value of a node that is most likely a field or a literal.
    @inline(__always)
    private func operand(_ index: Int, _ event: EventView) -> ExpressionValue {
        let node = self.nodes[index]
        if node.kind == .literal { return self.literals[Int(node.first)] }
        return node.kind == .field ? self.field(Int(node.first), event) : self.value(index, event)
    }

    /// The value of `&&` (decided by false) or `||` (decided by true): an error counts only when nothing decides.
    @inline(__always)
    private func chain(_ node: ExpressionNode, _ index: Int, _ event: EventView, decides: UInt64) -> ExpressionValue {
        var error: ExpressionValue?
        var next = Int(node.first)
        while next >= 0 {
            let value = self.value(next, event)
            if value.kind == .bool {
                if value.bits == decides { return value }
            } else if error == nil {
                error = value.kind == .error ? value : .error(.notBool, index, value.kind)
            }
            next = Int(self.nodes[next].next)
        }
        return error ?? .bool(decides == 0)
    }

    @inline(__always)
    private func field(_ path: Int, _ event: EventView) -> ExpressionValue {
        let field = self.paths.find(path, in: event)
        switch field.kind {
        case .absent: return .error(.noField, path)
        case .null: return .null
        case .true: return .bool(true)
        case .false: return .bool(false)
        case .integer, .number:
            switch JSONNumber(field, in: event) {
            case .integer(let value): return .int(value)
            case .double(let value): return .double(value)
            case nil: return .error(.noField, path)
            }
        case .string: return .string(offset: field.offset, length: field.length)
        case .escapedString:
            var value = ExpressionValue.string(offset: field.offset, length: field.length)
            value.isEscaped = true
            return value
        case .object: return ExpressionValue(kind: .object)
        case .array: return ExpressionValue(kind: .array)
        }
    }

    private func has(_ path: Int, _ event: EventView) -> ExpressionValue {
        let names = self.paths.nameCount(path)
        if names > 1, self.paths.find(path, in: event, names: names - 1).kind != .object {
            return .error(.noField, path)
        }
        return .bool(self.paths.find(path, in: event).kind != .absent)
    }

    @inline(__always)
    private func compare(
        _ node: ExpressionNode,
        _ index: Int,
        _ left: ExpressionValue,
        _ right: ExpressionValue,
        _ event: EventView
    ) -> ExpressionValue {
        if left.kind == .int, right.kind == .int {
            let one = Int64(bitPattern: left.bits)
            let other = Int64(bitPattern: right.bits)
            return .bool(node.relation.holds(one < other ? -1 : one > other ? 1 : 0))
        }
        if left.kind == .string, right.kind == .string {
            return .bool(node.relation.holds(self.order(left, right, event, equality: !node.relation.isOrdering)))
        }
        return self.compareOthers(node, index, left, right)
    }

    private func compareOthers(
        _ node: ExpressionNode,
        _ index: Int,
        _ left: ExpressionValue,
        _ right: ExpressionValue
    ) -> ExpressionValue {
        if let one = left.number, let other = right.number {
            // Nil would be a comparison with NaN, which is never true but for `!=`.
            guard let order = JSONNumber.compare(one, other) else { return .bool(node.relation == .notEqual) }
            return .bool(node.relation.holds(order))
        }
        if left.kind == .bool, right.kind == .bool {
            return .bool(node.relation.holds(Int(left.bits) - Int(right.bits)))
        }
        if node.relation.isOrdering { return .error(.noOrder, index, left.kind, right.kind) }
        guard left.kind == right.kind else { return .bool(node.relation == .notEqual) }
        if left.kind == .null { return .bool(node.relation == .equal) }
        return .error(.containers, index, left.kind, right.kind)
    }

    /// The order of two strings by code point, which for UTF-8 is the order of their bytes.
    ///
    /// - Parameter equality: Whether only their being equal matters.
    @inline(__always)
    private func order(
        _ left: ExpressionValue,
        _ right: ExpressionValue,
        _ event: EventView,
        equality: Bool
    ) -> Int {
        self.bytes.withUnsafeBufferPointer { literals in
            let one = Self.text(left, literals, event)
            let other = Self.text(right, literals, event)
            if left.isEscaped || right.isEscaped {
                return Self.orderEscaped(one, left.isEscaped, other, right.isEscaped)
            }
            if equality, one.count != other.count { return 1 }
            let common = min(one.count, other.count)
            if common > 0, let first = one.baseAddress, let second = other.baseAddress {
                let order = memcmp(first, second, common)
                if order != 0 { return Int(order) }
            }
            return one.count - other.count
        }
    }

    @inline(__always)
    private static func text(
        _ value: ExpressionValue,
        _ literals: UnsafeBufferPointer<UInt8>,
        _ event: EventView
    ) -> UnsafeBufferPointer<UInt8> {
        let place = value.place
        if value.isLiteral {
            return UnsafeBufferPointer(rebasing: literals[place.offset..<place.offset &+ place.length])
        }
        return event.bytes(
            of: JSONField(
                offset: UInt32(truncatingIfNeeded: place.offset),
                length: UInt32(truncatingIfNeeded: place.length),
                kind: .string
            )
        )
    }

    @inline(never)
    private static func orderEscaped(
        _ left: UnsafeBufferPointer<UInt8>,
        _ leftIsEscaped: Bool,
        _ right: UnsafeBufferPointer<UInt8>,
        _ rightIsEscaped: Bool
    ) -> Int {
        var one = JSONText(left, isEscaped: leftIsEscaped)
        var other = JSONText(right, isEscaped: rightIsEscaped)
        while true {
            switch (one.next(), other.next()) {
            case (nil, nil): return 0
            case (nil, _): return -1
            case (_, nil): return 1
            case (let first?, let second?):
                if first != second { return first < second ? -1 : 1 }
            }
        }
    }

    /// Why an event cannot be judged.
    func reason(_ value: ExpressionValue, _ event: EventView) -> String {
        guard value.kind == .error else { return "the expression gives \(value.kind.name), not true or false" }
        let (failure, detail, left, right) = value.failure
        switch failure {
        case .noField: return self.paths.problem(detail, in: event)
        case .noOrder: return "no such overload: \(left.name) \(self.nodes[detail].relation.text) \(right.name)"
        case .containers:
            let relation = self.nodes[detail].relation.text
            return "no such overload: \(left.name) \(relation) \(right.name) (objects and arrays do not compare)"
        case .notBool:
            let symbol =
                switch self.nodes[detail].kind {
                case .all: "&&"
                case .any: "||"
                default: "!"
                }
            return "no such overload: '\(symbol)' takes true or false, not \(left.name)"
        }
    }
}
