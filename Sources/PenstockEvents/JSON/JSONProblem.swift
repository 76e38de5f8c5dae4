//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Why a line is not a JSON object.
package struct JSONProblem: Error, Sendable, Equatable {
    /// The reason for the dead letter, such as `json: expected ':' after a key`.
    package let reason: String
    /// The byte of the line at which it shows.
    package let offset: Int

    /// Creates a problem.
    package init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

/// Why a scan stopped, in one byte, so that throwing it costs the hot path nothing.
enum JSONFault: UInt8, Error {
    case empty
    case byteOrderMark
    case notAnObject
    case expectedKey
    case expectedColon
    case expectedValue
    case expectedCommaOrBrace
    case expectedCommaOrBracket
    case textAfterObject
    case tooDeep
    case tooLong
    case badLiteral
    case badNumber
    case badEscape
    case controlCharacter
    case badUTF8
    case unfinished

    /// The reason for the dead letter.
    var reason: String {
        switch self {
        case .empty: "json: nothing but white space"
        case .byteOrderMark: "json: begins with a byte order mark"
        case .notAnObject: "json: not an object"
        case .expectedKey: "json: expected a key in quotes"
        case .expectedColon: "json: expected ':' after a key"
        case .expectedValue: "json: expected a value"
        case .expectedCommaOrBrace: "json: expected ',' or '}' after a value"
        case .expectedCommaOrBracket: "json: expected ',' or ']' after a value"
        case .textAfterObject: "json: text after the object"
        case .tooDeep: "json: nested deeper than \(JSONScanner.depthMax)"
        case .tooLong: "json: longer than 4 GiB"
        case .badLiteral: "json: expected a value; only true, false and null are written without quotes"
        case .badNumber: "json: not a number as JSON writes them"
        case .badEscape: "json: unknown escape in a string"
        case .controlCharacter: "json: control character in a string"
        case .badUTF8: "json: not valid UTF-8"
        case .unfinished: "json: ends too early"
        }
    }
}
