//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A text in which keys that are given twice have been renamed, so that it parses and the rest can be checked too.
///
/// The YAML parser stops at a repeated key and says where the first one stands. Renamed in its first letter to a
/// character that the file does not have, nothing else moves, and the next parse finds the second one.
struct RenamedKeys {
    /// The name, and the place of the first of its kind.
    private(set) var keys: [(name: String, place: Place)] = []
    private var source: SourceText

    init(_ source: SourceText) {
        self.source = source
    }

    /// The text to parse.
    var text: String { self.source.text }

    /// The key renamed last.
    var last: (name: String, place: Place)? { self.keys.last }

    /// Renames the key at a place; false when it cannot be renamed.
    mutating func rename(_ name: String, at place: Place) -> Bool {
        guard let unused = self.unusedScalar(), !self.keys.contains(where: { $0.place == place }),
            var index = self.source.index(of: place), index < self.source.scalars.count
        else { return false }
        let first = self.source.scalars[index]
        if first == "\"" || first == "'" {
            index += 1
            guard index < self.source.scalars.count, self.source.scalars[index] != first else { return false }
        } else if "&!*[{?|>%@`".unicodeScalars.contains(first) {
            return false
        }
        guard !SourceText.isBreak(self.source.scalars[index]) else { return false }
        self.source.replace(at: index, with: unused)
        self.keys.append((name, place))
        return true
    }

    /// The name as it was, of a key that stands at a place; nil when that one was not renamed.
    func name(at place: Place) -> String? {
        self.keys.first { $0.place == place }?.name
    }

    // MARK: - Private

    /// A character for private use that the file does not have.
    ///
    /// The one taken last is in the text by now.
    private func unusedScalar() -> Unicode.Scalar? {
        let used = Set(self.source.scalars.lazy.filter { (0xE000...0xE0FF).contains($0.value) })
        return (0xE000...0xE0FF as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init).first {
            !used.contains($0)
        }
    }
}
