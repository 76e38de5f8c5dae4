//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The names of the top-level fields a pipeline reads, each with an index.
package struct FieldSet: Sendable {
    /// The names, by index.
    package private(set) var names: [String] = []
    private var entries: [FieldMatcher.Entry] = []
    private var bytes: [UInt8] = []
    private var likely: UInt64 = 0

    /// Creates an empty set.
    package init() {}

    /// How many names there are.
    package var count: Int { self.entries.count }

    /// Gives the index of a name, adding the name when it is new.
    ///
    /// - Parameter name: The key as text, without escapes.
    /// - Returns: Its index, from 0.
    package mutating func index(of name: String) -> Int {
        let text = Array(name.utf8)
        // Bytes, not `String` equality: keys of different Unicode normalisation are different keys.
        for (index, entry) in self.entries.enumerated()
        where self.bytes[entry.offset..<entry.offset + entry.length].elementsEqual(text) {
            return index
        }
        let prefix = text.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
        self.entries.append(FieldMatcher.Entry(prefix: prefix, length: text.count, offset: self.bytes.count))
        self.bytes += text
        self.names.append(name)
        self.likely |= FieldMatcher.bit(prefix: prefix, length: text.count)
        return self.entries.count - 1
    }

    /// Calls `body` with a matcher for these names.
    @inline(__always)
    func withMatcher<R>(_ body: (FieldMatcher) -> R) -> R {
        self.entries.withUnsafeBufferPointer { entries in
            self.bytes.withUnsafeBufferPointer { bytes in
                body(FieldMatcher(entries: entries, bytes: bytes, likely: self.likely))
            }
        }
    }
}
