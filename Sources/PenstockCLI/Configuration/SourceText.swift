//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The text of a file, by lines and columns as the YAML parser counts them.
struct SourceText: Sendable {
    private(set) var scalars: [Unicode.Scalar]
    private var lineStarts: [Int]

    init(_ text: String) {
        self.scalars = Array(text.unicodeScalars)
        self.lineStarts = [0]
        for (index, scalar) in self.scalars.enumerated() where Self.isBreak(scalar) {
            // CR LF is one break, after its LF.
            if scalar == "\r", index + 1 < self.scalars.count, self.scalars[index + 1] == "\n" { continue }
            self.lineStarts.append(index + 1)
        }
    }

    /// The text.
    var text: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: self.scalars)
        return String(view)
    }

    /// How many lines there are; a last line break begins one more, which is empty.
    var lineCount: Int { self.lineStarts.count }

    /// Where in ``scalars`` a place is; nil when there is no such place, but the end of a line is one.
    func index(of place: Place) -> Int? {
        guard place.line >= 1, place.line <= self.lineStarts.count, place.column >= 1 else { return nil }
        let index = self.lineStarts[place.line - 1] + place.column - 1
        let end = place.line < self.lineStarts.count ? self.lineStarts[place.line] : self.scalars.count
        return index <= end ? index : nil
    }

    /// The place of an index of ``scalars``.
    func place(of index: Int) -> Place {
        var (low, high) = (0, self.lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if self.lineStarts[middle] <= index { low = middle } else { high = middle }
        }
        return Place(line: low + 1, column: index - self.lineStarts[low] + 1)
    }

    /// The place of the character that begins `offset` bytes into the text, counted as UTF-8.
    func place(ofUTF8Offset offset: Int) -> Place {
        var bytes = 0
        for (index, scalar) in self.scalars.enumerated() {
            if bytes >= offset { return self.place(of: index) }
            bytes += UTF8.width(scalar)
        }
        return self.place(of: self.scalars.count)
    }

    /// The scalar at a place.
    subscript(place: Place) -> Unicode.Scalar? {
        self.index(of: place).flatMap { $0 < self.scalars.count ? self.scalars[$0] : nil }
    }

    /// Puts another scalar, which is no line break, in the place of one that is none either.
    mutating func replace(at index: Int, with scalar: Unicode.Scalar) {
        self.scalars[index] = scalar
    }

    /// What ends a line in YAML 1.1.
    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
