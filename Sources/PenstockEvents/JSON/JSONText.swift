//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The text of a JSON string that may hold escapes, as bytes in order, without an array.
///
/// The line was validated before. An unpaired surrogate, which UTF-8 cannot say, comes as the three bytes that
/// UTF-8 would use if it could (WTF-8): such texts stay apart from each other, and sort by code point.
struct JSONText: Sequence, IteratorProtocol {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let isEscaped: Bool
    private var at = 0
    /// Bytes of a decoded escape that were not given yet, the next one lowest.
    private var staged: UInt32 = 0
    private var stagedCount = 0

    /// Creates the text of the bytes between the quotes of a validated string.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - isEscaped: Whether a backslash among them begins an escape.
    init(_ bytes: UnsafeBufferPointer<UInt8>, isEscaped: Bool = true) {
        self.bytes = bytes
        self.isEscaped = isEscaped
    }

    /// The next byte of the text.
    mutating func next() -> UInt8? {
        if self.stagedCount > 0 {
            let byte = UInt8(truncatingIfNeeded: self.staged)
            self.staged &>>= 8
            self.stagedCount &-= 1
            return byte
        }
        guard self.at < self.bytes.count else { return nil }
        let byte = self.bytes[self.at]
        self.at &+= 1
        return byte == UInt8(ascii: "\\") && self.isEscaped ? self.nextEscape() : byte
    }

    /// Whether the text is these bytes.
    func equals(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        var text = self
        for byte in other {
            guard text.next() == byte else { return false }
        }
        return text.next() == nil
    }

    // MARK: - Private

    private mutating func nextEscape() -> UInt8? {
        guard self.at < self.bytes.count else { return nil }
        let byte = self.bytes[self.at]
        self.at &+= 1
        switch byte {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return self.nextCodePoint()
        default: return byte
        }
    }

    private mutating func nextCodePoint() -> UInt8? {
        guard var code = self.codeUnit(at: self.at) else { return nil }
        self.at &+= 4
        if code & 0xFC00 == 0xD800, self.at &+ 6 <= self.bytes.count,
            self.bytes[self.at] == UInt8(ascii: "\\"), self.bytes[self.at &+ 1] == UInt8(ascii: "u"),
            let low = self.codeUnit(at: self.at &+ 2), low & 0xFC00 == 0xDC00
        {
            code = 0x10000 &+ ((code & 0x3FF) &<< 10) &+ (low & 0x3FF)
            self.at &+= 6
        }
        return self.stage(code)
    }

    /// Stages the bytes of a code point after the first, and gives the first.
    private mutating func stage(_ code: UInt32) -> UInt8 {
        let low = 0x80 | (code & 0x3F)
        let middle = 0x80 | (code &>> 6 & 0x3F)
        switch code {
        case 0..<0x80:
            return UInt8(truncatingIfNeeded: code)
        case 0x80..<0x800:
            self.staged = low
            self.stagedCount = 1
            return UInt8(truncatingIfNeeded: 0xC0 | code &>> 6)
        case 0x800..<0x10000:
            self.staged = middle | low &<< 8
            self.stagedCount = 2
            return UInt8(truncatingIfNeeded: 0xE0 | code &>> 12)
        default:
            self.staged = (0x80 | (code &>> 12 & 0x3F)) | middle &<< 8 | low &<< 16
            self.stagedCount = 3
            return UInt8(truncatingIfNeeded: 0xF0 | code &>> 18)
        }
    }

    private func codeUnit(at start: Int) -> UInt32? {
        guard start &+ 4 <= self.bytes.count else { return nil }
        var code: UInt32 = 0
        for index in start..<start &+ 4 {
            let byte = self.bytes[index]
            code = code &<< 4 | UInt32(byte <= UInt8(ascii: "9") ? byte & 0xF : (byte & 0xF) &+ 9)
        }
        return code
    }
}
