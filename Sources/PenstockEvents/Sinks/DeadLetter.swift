//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Writes dead letters: events that could not be handled, with the reason, as JSON objects.
struct DeadLetter {
    /// The reasons of this part of the pipeline; decoding and steps give their own.
    static func lineTooLong(limit: Int) -> String { "line longer than \(limit) bytes" }

    static let damaged = "durable queue: the checksum of its batch is wrong"

    /// The name of the source.
    var source: String
    /// The line of the event, or its number.
    var position: UInt64
    /// Why it is here.
    var reason: String
    /// When, in nanoseconds since 1970.
    var time: Int64
    /// Whether the event is only the beginning of a line.
    var isCut: Bool
    /// The sink that has not taken it; nil when it was a step.
    var sink: String?
    /// How often that sink has tried it.
    var attempts: Int?

    /// Appends the letter and an LF.
    ///
    /// - Parameters:
    ///   - event: The event's bytes; base64 where they are not UTF-8.
    ///   - output: What it is appended to.
    func append(event: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output += "{\"source\":".utf8
        appendJSONString(self.source, to: &output)
        output += ",\"position\":\(self.position),\"reason\":".utf8
        appendJSONString(self.reason, to: &output)
        if let sink = self.sink {
            output += ",\"sink\":".utf8
            appendJSONString(sink, to: &output)
        }
        if let attempts = self.attempts { output += ",\"attempts\":\(attempts)".utf8 }
        output += ",\"time\":\"".utf8
        appendTimestamp(self.time, to: &output)
        output += "\",\"event\":".utf8
        let bytes = event.bindMemory(to: UInt8.self)
        if String(validating: bytes, as: UTF8.self) != nil {
            appendJSONString(bytes, to: &output)
        } else {
            output.append(UInt8(ascii: "\""))
            appendBase64(bytes, to: &output)
            output += "\",\"encoding\":\"base64\"".utf8
        }
        if self.isCut { output += ",\"cut_to_bytes\":\(event.count)".utf8 }
        output += "}\n".utf8
    }
}

/// Appends text in quotes.
func appendJSONString(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { appendJSONString($0, to: &output) }
}

/// Appends valid UTF-8 in quotes.
///
/// Only what JSON demands is escaped, so text stays readable.
func appendJSONString(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            output.append(UInt8(ascii: "\\"))
            output.append(byte)
        case UInt8(ascii: "\n"): output += "\\n".utf8
        case UInt8(ascii: "\r"): output += "\\r".utf8
        case UInt8(ascii: "\t"): output += "\\t".utf8
        case 0..<0x20:
            output += "\\u00".utf8
            output.append(hexDigit(byte >> 4))
            output.append(hexDigit(byte & 15))
        default: output.append(byte)
        }
    }
    output.append(UInt8(ascii: "\""))
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// Appends bytes in base64, as RFC 4648 has it, with padding.
func appendBase64(_ bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var index = 0
    while index < bytes.count {
        let left = bytes.count - index
        let second = left > 1 ? bytes[index + 1] : 0
        let third = left > 2 ? bytes[index + 2] : 0
        let group = UInt32(bytes[index]) << 16 | UInt32(second) << 8 | UInt32(third)
        output.append(alphabet[Int(group >> 18)])
        output.append(alphabet[Int(group >> 12 & 63)])
        output.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
        output.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
        index += 3
    }
}

/// Appends a time as RFC 3339 writes it, in UTC and with milliseconds.
///
/// - Parameters:
///   - nanoseconds: Since 1970.
///   - output: What it is appended to.
package func appendTimestamp(_ nanoseconds: Int64, to output: inout [UInt8]) {
    let milliseconds = floorDivision(nanoseconds, 1_000_000)
    let days = floorDivision(milliseconds, 86_400_000)
    let inDay = milliseconds - days * 86_400_000
    // The civil calendar by eras of 400 years, which begin on the first of March.
    let shifted = days + 719_468
    let era = floorDivision(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    appendPadded(year, width: 4, then: "-", to: &output)
    appendPadded(month, width: 2, then: "-", to: &output)
    appendPadded(day, width: 2, then: "T", to: &output)
    appendPadded(inDay / 3_600_000, width: 2, then: ":", to: &output)
    appendPadded(inDay / 60_000 % 60, width: 2, then: ":", to: &output)
    appendPadded(inDay / 1000 % 60, width: 2, then: ".", to: &output)
    appendPadded(inDay % 1000, width: 3, then: "Z", to: &output)
}

private func appendPadded(_ value: Int64, width: Int, then mark: Unicode.Scalar, to output: inout [UInt8]) {
    let digits = String(value).utf8
    for _ in 0..<max(0, width - digits.count) { output.append(UInt8(ascii: "0")) }
    output += digits
    output.append(UInt8(ascii: mark))
}

/// The quotient rounded towards minus infinity: times before 1970 lie in windows too.
func floorDivision(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}
