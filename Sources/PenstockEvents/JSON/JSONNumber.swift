//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A number of an event: exact where it is an `Int64`, and else the nearest double.
enum JSONNumber: Sendable {
    /// Written without fraction and exponent, and not too large.
    case integer(Int64)
    /// Anything else. Infinite when the exponent is too large for a double, as in Python.
    case double(Double)

    /// Reads a number that the scanner has found.
    ///
    /// - Returns: nil when the field is not a number.
    @inline(__always)
    init?(_ field: JSONField, in event: EventView) {
        switch field.kind {
        case .integer:
            let bytes = event.bytes(of: field)
            if let value = Self.integer(bytes) { self = .integer(value) } else { self = .double(Self.double(bytes)) }
        case .number: self = .double(Self.double(event.bytes(of: field)))
        default: return nil
        }
    }

    /// Whether it is a number that a double or an `Int64` holds.
    @inline(__always)
    var isFinite: Bool { if case .double(let value) = self { value.isFinite } else { true } }

    /// The number as a double.
    @inline(__always)
    var asDouble: Double {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        }
    }

    /// The sign of `left - right`, exactly, or nil when one is not a number (which no JSON gives).
    static func compare(_ left: JSONNumber, _ right: JSONNumber) -> Int? {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right ? -1 : left > right ? 1 : 0
        case (.double(let left), .double(let right)):
            left < right ? -1 : left > right ? 1 : left == right ? 0 : nil
        case (.integer(let left), .double(let right)): Self.compare(left, right)
        case (.double(let left), .integer(let right)): Self.compare(right, left).map { -$0 }
        }
    }

    // MARK: - Private

    /// Compares without rounding: 2^53 + 1 is not 2^53.
    private static func compare(_ left: Int64, _ right: Double) -> Int? {
        if right.isNaN { return nil }
        // 2^63 as a double is exact; from there on, and below -2^63, no Int64 reaches.
        if right >= 0x1p63 { return -1 }
        if right < -0x1p63 { return 1 }
        let whole = Int64(right.rounded(.towardZero))
        if left != whole { return left < whole ? -1 : 1 }
        let fraction = right - right.rounded(.towardZero)
        return fraction > 0 ? -1 : fraction < 0 ? 1 : 0
    }

    /// The value of digits with an optional sign; nil when it is beyond `Int64`.
    @inline(__always)
    private static func integer(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var index = 0
        let negative = !bytes.isEmpty && bytes[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        // Eighteen digits cannot overflow; anything longer is rare enough to be careful with.
        guard bytes.count &- index <= 18 else { return Self.longInteger(bytes) }
        var value: Int64 = 0
        while index < bytes.count {
            value = value &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0"))
            index &+= 1
        }
        return negative ? 0 &- value : value
    }

    @inline(never)
    private static func longInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard bytes.count <= 20 else { return nil }
        let negative = bytes[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in bytes.dropFirst(negative ? 1 : 0) {
            let digit = Int64(byte &- UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                negative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    /// The nearest double.
    ///
    /// Up to 15 digits and powers of ten up to 22 are exact as doubles, so that one multiplication or division rounds
    /// once and rightly; everything else goes to the standard library.
    @inline(never)
    static func double(_ bytes: UnsafeBufferPointer<UInt8>) -> Double {
        var index = 0
        let negative = !bytes.isEmpty && bytes[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        var mantissa: Int64 = 0
        var digits = 0
        var exponent = 0
        var inFraction = false
        while index < bytes.count, digits <= 15 {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                inFraction = true
            } else if byte &- UInt8(ascii: "0") <= 9 {
                mantissa = mantissa &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
                digits &+= mantissa == 0 ? 0 : 1
                exponent &-= inFraction ? 1 : 0
            } else {
                break
            }
            index &+= 1
        }
        guard digits <= 15, let written = Self.exponent(bytes, from: index) else { return Self.slowDouble(bytes) }
        exponent &+= written
        guard exponent >= -22, exponent <= 22 else { return Self.slowDouble(bytes) }
        let scale = Self.powersOfTen[exponent < 0 ? -exponent : exponent]
        let magnitude = exponent < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
        return negative ? -magnitude : magnitude
    }

    /// The exponent that stands at `start`, 0 when none does, nil when it is large.
    private static func exponent(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start < bytes.count else { return 0 }
        var index = start &+ 1
        var sign = 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            sign = bytes[index] == UInt8(ascii: "-") ? -1 : 1
            index &+= 1
        }
        var value = 0
        while index < bytes.count {
            value = value &* 10 &+ Int(bytes[index] &- UInt8(ascii: "0"))
            if value > 400 { return nil }
            index &+= 1
        }
        return sign &* value
    }

    private static func slowDouble(_ bytes: UnsafeBufferPointer<UInt8>) -> Double {
        Double(String(decoding: bytes, as: UTF8.self)) ?? .nan
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
