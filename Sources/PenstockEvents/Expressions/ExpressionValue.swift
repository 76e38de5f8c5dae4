//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A value while an expression is evaluated: 16 bytes that own nothing.
struct ExpressionValue: Sendable, Equatable {
    /// The types of CEL that events hold, and errors.
    enum Kind: UInt8, Sendable {
        case error
        case null
        case bool
        case int
        case double
        case string
        case object
        case array

        /// The type as errors write it.
        var name: String {
            switch self {
            case .error: "error"
            case .null: "null"
            case .bool: "bool"
            case .int: "int"
            case .double: "double"
            case .string: "string"
            case .object: "object"
            case .array: "array"
            }
        }
    }

    /// Why there is no value.
    enum Failure: UInt8, Sendable {
        /// The path `detail` has no value.
        case noField
        /// The node `detail` orders values that have no order.
        case noOrder
        /// The node `detail` needs bools.
        case notBool
        /// The node `detail` compares objects or arrays with each other.
        case containers
    }

    var kind: Kind
    /// Of a string: whether it holds escapes.
    var isEscaped = false
    /// Of a string: whether it is a literal of the expression, and not of the event.
    var isLiteral = false
    /// The number or bool, where a string stands (offset, then length), or what failed.
    var bits: UInt64 = 0

    static var null: ExpressionValue { ExpressionValue(kind: .null) }

    @inline(__always)
    static func bool(_ value: Bool) -> ExpressionValue { ExpressionValue(kind: .bool, bits: value ? 1 : 0) }

    static func int(_ value: Int64) -> ExpressionValue {
        ExpressionValue(kind: .int, bits: UInt64(bitPattern: value))
    }

    static func double(_ value: Double) -> ExpressionValue { ExpressionValue(kind: .double, bits: value.bitPattern) }

    static func string(offset: UInt32, length: UInt32) -> ExpressionValue {
        ExpressionValue(kind: .string, bits: UInt64(offset) &<< 32 | UInt64(length))
    }

    /// An error.
    ///
    /// - Parameters:
    ///   - failure: What kind.
    ///   - detail: The path or node it is about.
    ///   - left: The type of the left or only operand.
    ///   - right: The type of the right operand.
    static func error(_ failure: Failure, _ detail: Int, _ left: Kind = .error, _ right: Kind = .error)
        -> ExpressionValue
    {
        let types = UInt64(left.rawValue) &<< 40 | UInt64(right.rawValue) &<< 32
        return ExpressionValue(
            kind: .error,
            bits: UInt64(failure.rawValue) &<< 48 | types | UInt64(truncatingIfNeeded: detail)
        )
    }

    @inline(__always)
    var isTrue: Bool { self.kind == .bool && self.bits == 1 }
    @inline(__always)
    var isFalse: Bool { self.kind == .bool && self.bits == 0 }

    /// The number, when it is one.
    @inline(__always)
    var number: JSONNumber? {
        switch self.kind {
        case .int: .integer(Int64(bitPattern: self.bits))
        case .double: .double(Double(bitPattern: self.bits))
        default: nil
        }
    }

    /// Where a string stands in the literals' bytes or in the line.
    @inline(__always)
    var place: (offset: Int, length: Int) { (Int(self.bits &>> 32), Int(self.bits & 0xFFFF_FFFF)) }

    /// What failed, about what, and the operands' types.
    var failure: (failure: Failure, detail: Int, left: Kind, right: Kind) {
        (
            Failure(rawValue: UInt8(truncatingIfNeeded: self.bits &>> 48)) ?? .noField,
            Int(self.bits & 0xFFFF_FFFF),
            Kind(rawValue: UInt8(truncatingIfNeeded: self.bits &>> 40)) ?? .error,
            Kind(rawValue: UInt8(truncatingIfNeeded: self.bits &>> 32)) ?? .error
        )
    }
}
