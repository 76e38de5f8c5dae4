//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Finds where a character of a scalar's value stands in the file.
enum ScalarPlace {
    /// The place of the character that begins `offset` bytes into a scalar's value, counted as UTF-8.
    ///
    /// Follows quotes, escapes and folded lines. A folded block (`>`) gives the place where it begins.
    ///
    /// - Parameters:
    ///   - offset: The offset in the value; the value's length means just behind it.
    ///   - scalar: The scalar.
    ///   - start: Where the scalar begins, its anchor or tag included.
    ///   - source: The text of the file.
    static func place(of offset: Int, in scalar: YAMLValue.Scalar, from start: Place, of source: SourceText) -> Place {
        guard let index = Self.skipProperties(from: start, in: source) else { return start }
        switch scalar.style {
        case .folded: return start
        case .literal: return Self.literal(offset, header: index, value: scalar.text, in: source) ?? start
        case .plain, .singleQuoted, .doubleQuoted:
            var walk = FlowScalarWalk(source: source, index: index, style: scalar.style)
            return walk.place(of: offset) ?? start
        }
    }

    // MARK: - Private

    /// Steps over `&anchor` and `!tag` before a value.
    private static func skipProperties(from start: Place, in source: SourceText) -> Int? {
        guard var index = source.index(of: start) else { return nil }
        let scalars = source.scalars
        while index < scalars.count, scalars[index] == "&" || scalars[index] == "!" {
            while index < scalars.count, scalars[index] != " ", !SourceText.isBreak(scalars[index]) { index += 1 }
            while index < scalars.count, scalars[index] == " " { index += 1 }
        }
        return index
    }

    private static func literal(_ offset: Int, header: Int, value: String, in source: SourceText) -> Place? {
        let before = value.utf8.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") }
        let inLine = before.reversed().prefix { $0 != UInt8(ascii: "\n") }
        // A byte that continues a character is none of its own.
        let column = inLine.count { $0 & 0xC0 != 0x80 }
        let first = source.place(of: header).line + 1
        var indent: Int?
        var text = first
        while indent == nil, text <= source.lineCount {
            guard let begin = source.index(of: Place(line: text, column: 1)) else { return nil }
            let spaces = source.scalars[begin...].prefix { $0 == " " }.count
            let next = begin + spaces
            if next < source.scalars.count, !SourceText.isBreak(source.scalars[next]) { indent = spaces }
            text += 1
        }
        return indent.map { Place(line: first + line, column: $0 + column + 1) }
    }
}

/// Goes through a plain or quoted scalar as it is written and counts the bytes of what it says.
private struct FlowScalarWalk {
    let source: SourceText
    var index: Int
    let style: YAMLValue.Style
    var bytes = 0

    init(source: SourceText, index: Int, style: YAMLValue.Style) {
        self.source = source
        self.style = style
        self.index = style == .plain ? index : index + 1
    }

    mutating func place(of offset: Int) -> Place? {
        while self.bytes < offset {
            guard self.index < self.source.scalars.count else { return nil }
            let scalar = self.source.scalars[self.index]
            switch (self.style, scalar) {
            case (.doubleQuoted, "\\"): self.skipEscape()
            case (.singleQuoted, "'"):
                self.bytes += 1
                self.index += 2
            case (_, " "), (_, "\t"), (_, "\n"), (_, "\r"): self.skipSpace()
            default:
                self.bytes += UTF8.width(scalar)
                self.index += 1
            }
        }
        return self.source.place(of: self.index)
    }

    // MARK: - Private

    /// Space inside a line is itself; a line break with the space around it is one space, more of them are breaks.
    private mutating func skipSpace() {
        var end = self.index
        var breaks = 0
        while end < self.source.scalars.count, " \t\n\r".unicodeScalars.contains(self.source.scalars[end]) {
            if self.source.scalars[end] == "\n" { breaks += 1 }
            end += 1
        }
        if breaks == 0 {
            self.bytes += 1
            self.index += 1
        } else {
            self.bytes += max(1, breaks - 1)
            self.index = end
        }
    }

    private mutating func skipEscape() {
        let scalars = self.source.scalars
        guard self.index + 1 < scalars.count else {
            self.index += 1
            return
        }
        let digits: Int =
            switch scalars[self.index + 1] {
            case "x": 2
            case "u": 4
            case "U": 8
            default: 0
            }
        var code: UInt32 = 0
        for scalar in scalars[(self.index + 2)...].prefix(digits) {
            code = code &<< 4 | (UInt32(String(scalar), radix: 16) ?? 0)
        }
        self.bytes += digits == 0 ? 1 : Unicode.Scalar(code).map(UTF8.width) ?? 1
        self.index += 2 + digits
    }
}
