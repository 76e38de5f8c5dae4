//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a JSON value is, as far as its bytes tell.
package enum JSONKind: UInt8, Sendable {
    /// The event has no such field.
    case absent
    /// `null`.
    case null
    /// `true`.
    case `true`
    /// `false`.
    case `false`
    /// A number with neither fraction nor exponent; it may be too large for `Int64`.
    case integer
    /// A number with a fraction or an exponent.
    case number
    /// A string whose bytes are its text.
    case string
    /// A string with at least one escape in it.
    case escapedString
    /// An object.
    case object
    /// An array.
    case array

    /// The kind as people say it: "a string", "an object".
    package var name: String {
        switch self {
        case .absent: "absent"
        case .null: "null"
        case .true, .false: "a bool"
        case .integer, .number: "a number"
        case .string, .escapedString: "a string"
        case .object: "an object"
        case .array: "an array"
        }
    }
}

/// Where a value stands in its line.
///
/// A string's place is what stands between its quotes; an object's or an array's includes the brackets.
package struct JSONField: Sendable, Equatable {
    /// The first byte, from the start of the line.
    package var offset: UInt32
    /// How many bytes.
    package var length: UInt32
    /// What the bytes are.
    package var kind: JSONKind

    /// Creates a place.
    package init(offset: UInt32, length: UInt32, kind: JSONKind) {
        self.offset = offset
        self.length = length
        self.kind = kind
    }

    /// The place of a field that is not there.
    package static var absent: JSONField { JSONField(offset: 0, length: 0, kind: .absent) }

    /// The last byte plus one.
    var end: Int { Int(self.offset) + Int(self.length) }

    init(from start: Int, to end: Int, kind: JSONKind) {
        self.init(
            offset: UInt32(truncatingIfNeeded: start),
            length: UInt32(truncatingIfNeeded: end &- start),
            kind: kind
        )
    }
}
