//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Writes the parts of an aggregate's rows as JSON.
enum AggregateRow {
    /// Appends a string with its quotes.
    ///
    /// - Parameters:
    ///   - text: UTF-8; an unpaired surrogate in it, as ``JSONText`` gives them, is written as an escape again.
    ///   - bytes: What is appended to.
    static func append(string text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20: Self.append(escape: UInt32(byte), to: &bytes)
            case 0xED where (rest.first ?? 0) >= 0xA0:
                let middle = UInt32(rest.popFirst() ?? 0) & 0x3F
                let low = UInt32(rest.popFirst() ?? 0) & 0x3F
                Self.append(escape: 0xD000 | middle << 6 | low, to: &bytes)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a double in the shortest form that reads back as the same; null when it is not finite.
    static func append(double: Double, to bytes: inout [UInt8]) {
        bytes += (double.isFinite ? "\(double)" : "null").utf8
    }

    /// Appends a value of a group's key.
    static func append(_ value: GroupKey.Value, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(.integer(let value)): bytes += String(value).utf8
        case .number(.double(let value)): Self.append(double: value, to: &bytes)
        case .string(let text): Self.append(string: text, to: &bytes)
        }
    }

    /// Appends a point in time in quotes, as RFC 3339 writes it in UTC; milliseconds when it is not a whole second.
    ///
    /// - Parameters:
    ///   - time: Nanoseconds since 1970.
    ///   - bytes: What is appended to.
    static func append(time: Int64, to bytes: inout [UInt8]) {
        let (second, nanosecond) = Self.divide(time, 1_000_000_000)
        let (day, secondOfDay) = Self.divide(second, 86_400)
        let (year, month, dayOfMonth) = Self.civil(day)
        bytes.append(UInt8(ascii: "\""))
        Self.append(year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(dayOfMonth, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(secondOfDay / 3600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(secondOfDay / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(secondOfDay % 60, digits: 2, to: &bytes)
        if nanosecond != 0 {
            bytes.append(UInt8(ascii: "."))
            Self.append(nanosecond / 1_000_000, digits: 3, to: &bytes)
        }
        bytes += "Z\"".utf8
    }

    // MARK: - Private

    private static func append(escape code: UInt32, to bytes: inout [UInt8]) {
        let digits = String(code, radix: 16)
        bytes += "\\u".utf8
        bytes += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
        bytes += digits.utf8
    }

    private static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        let text = String(number)
        bytes += repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.utf8.count))
        bytes += text.utf8
    }

    /// Division that rounds down, also below zero.
    private static func divide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = value % divisor
        return remainder < 0
            ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    /// The date of a day since 1970-01-01: years begin in March, so that a leap day ends one; 400 years repeat.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = Self.divide(day + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
