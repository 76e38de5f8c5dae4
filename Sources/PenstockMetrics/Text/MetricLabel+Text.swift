//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension MetricLabel {
    /// Labels as they stand between braces: `pool="a",outcome="done"`. Both formats write them in the same way.
    static func text(of labels: [MetricLabel]) -> String {
        labels.map { "\($0.name)=\"\(self.escaped($0.value))\"" }.joined(separator: ",")
    }

    /// With a backslash before backslashes and quotation marks, and `\n` for the end of a line.
    static func escaped(_ text: String, quotes: Bool = true) -> String {
        guard text.utf8.contains(where: { #"\""#.utf8.contains($0) || $0 == UInt8(ascii: "\n") }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotes: bytes.append(contentsOf: #"\""#.utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
