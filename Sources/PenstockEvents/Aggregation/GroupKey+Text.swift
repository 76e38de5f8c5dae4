//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension GroupKey {
    /// A key for people: its values one behind the other.
    ///
    /// - Parameters:
    ///   - key: The key's bytes, or the beginning of them.
    ///   - isCut: Whether they are the beginning only.
    ///   - lengthMax: The most characters.
    static func text(_ key: UnsafeRawBufferPointer, isCut: Bool, lengthMax: Int) -> String {
        var values = Reader(bytes: key)
        var parts: [String] = []
        while let value = values.next() {
            switch value {
            case .null: parts.append("null")
            case .bool(let value): parts.append(value ? "true" : "false")
            case .number(.integer(let value)): parts.append("\(value)")
            case .number(.double(let value)): parts.append("\(value)")
            case .string(let bytes): parts.append(String(decoding: bytes, as: UTF8.self))
            }
        }
        return Self.plain(parts.joined(separator: ", "), isCut: isCut, lengthMax: lengthMax)
    }

    // MARK: - Private

    /// A text of at most so many characters, an ellipsis included if it was cut, without any that moves a terminal, turns the
    /// direction of writing, hides, or ends the quotes that it is shown in.
    private static func plain(_ text: String, isCut: Bool, lengthMax: Int) -> String {
        var pieces: [String] = []
        var length = 0
        var isCut = isCut
        for scalar in text.unicodeScalars {
            let piece = Self.isPlain(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            pieces.append(piece)
            length += piece.unicodeScalars.count
            if length > lengthMax {
                isCut = true
                break
            }
        }
        guard isCut else { return pieces.joined() }
        while length >= lengthMax, let last = pieces.popLast() { length -= last.unicodeScalars.count }
        return pieces.joined() + "…"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "`" || scalar == "\\" { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }
}
