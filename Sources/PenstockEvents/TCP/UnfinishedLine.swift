//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The beginning of a line whose end has not come.
struct UnfinishedLine {
    /// Its bytes; of a line that is too long only as many as show that it is.
    private(set) var bytes: [UInt8] = []

    /// Adds what has come of it.
    ///
    /// - Parameters:
    ///   - more: The bytes that come next.
    ///   - lineBytesMax: The longest line that is an event. Of a longer one a little more is kept.
    mutating func append(_ more: ArraySlice<UInt8>, lineBytesMax: Int) {
        // One more for a CR that belongs to the line end, and one that shows that it is too long.
        self.bytes += more.prefix(max(0, lineBytesMax + 2 - self.bytes.count))
    }

    /// The whole lines that are there with what has come; what is behind the last of them begins the next one.
    ///
    /// - Parameters:
    ///   - read: What has come.
    ///   - lineBytesMax: The longest line that is an event.
    /// - Returns: The lines with their ends; empty when none has come to its end.
    mutating func lines(with read: ArraySlice<UInt8>, lineBytesMax: Int) -> [UInt8] {
        let isEnd = { (byte: UInt8) in byte == UInt8(ascii: "\n") }
        guard let first = read.firstIndex(where: isEnd), let last = read.lastIndex(where: isEnd) else {
            self.append(read, lineBytesMax: lineBytesMax)
            return []
        }
        self.append(read[..<first], lineBytesMax: lineBytesMax)
        let lines = self.take() + read[first...last]
        self.append(read[(last + 1)...], lineBytesMax: lineBytesMax)
        return lines
    }

    /// What is there of it, which is all that comes.
    mutating func take() -> [UInt8] {
        defer { self.bytes = [] }
        return self.bytes
    }
}
