//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Writes JSON by hand: a few objects need no encoder.
enum JSONText {
    /// A string with its quotes.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A string, or null.
    static func string(_ text: String?) -> String {
        text.map { Self.string($0) as String } ?? "null"
    }

    /// A number with a fixed count of decimals.
    static func number(_ value: Double, places: Int) -> String {
        decimal(value, places: places).filter { $0 != "," }
    }

    /// A list of values that are JSON already.
    static func list(_ values: [String]) -> String {
        "[\(values.joined(separator: ","))]"
    }

    /// An object of values that are JSON already.
    static func object(_ members: [(key: String, value: String)]) -> String {
        "{" + members.map { "\(Self.string($0.key)):\($0.value)" }.joined(separator: ",") + "}"
    }
}
