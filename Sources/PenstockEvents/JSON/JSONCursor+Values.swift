//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension JSONCursor {
    /// Skips the string that begins here; tells whether it holds escapes.
    ///
    /// Eight bytes a step until one of them ends the string or needs a look: a quote, a backslash, a control
    /// character, or a byte beyond ASCII.
    @inline(__always)
    mutating func skipString() throws(JSONFault) -> Bool {
        self.at &+= 1
        var escaped = false
        while true {
            self.skipPlainText()
            let byte = self.byte
            if byte == UInt8(ascii: "\"") {
                self.at &+= 1
                return escaped
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try self.skipEscape()
            } else if byte >= 0x80 {
                try self.skipBeyondASCII()
            } else {
                throw .controlCharacter
            }
        }
    }

    /// Skips the number that begins here.
    @inline(__always)
    mutating func skipNumber() throws(JSONFault) -> JSONKind {
        if self.byte == UInt8(ascii: "-") { self.at &+= 1 }
        if self.byte == UInt8(ascii: "0") {
            self.at &+= 1
        } else {
            try self.skipDigits()
        }
        let byte = self.byte
        guard byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") else { return .integer }
        try self.skipFractionAndExponent()
        return .number
    }

    /// Skips `true`, `false` or `null`.
    @inline(__always)
    mutating func skipLiteral() throws(JSONFault) -> JSONKind {
        if self.end &- self.at >= 4 {
            let word = UInt32(littleEndian: UnsafeRawPointer(self.base + self.at).loadUnaligned(as: UInt32.self))
            if word == 0x6575_7274 {
                self.at &+= 4
                return .true
            }
            if word == 0x6C6C_756E {
                self.at &+= 4
                return .null
            }
            if word == 0x736C_6166, self.end &- self.at >= 5, self.base[self.at &+ 4] == UInt8(ascii: "e") {
                self.at &+= 5
                return .false
            }
        }
        throw self.literalFault()
    }

    // MARK: - Private

    /// Moves to the next byte of a string that is not plain ASCII text.
    @inline(__always)
    private mutating func skipPlainText() {
        while self.at &+ 8 <= self.end {
            let word = UInt64(littleEndian: UnsafeRawPointer(self.base + self.at).loadUnaligned(as: UInt64.self))
            // The high bit of a byte is set where it is a quote, a backslash, below 0x20 or not ASCII. A borrow can
            // set it wrongly only above a byte where it is set rightly, and the lowest one is what counts.
            let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
            let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
            let control = word &- 0x2020_2020_2020_2020
            let stops = (quote | backslash | control | word) & 0x8080_8080_8080_8080
            if stops != 0 {
                self.at &+= stops.trailingZeroBitCount &>> 3
                return
            }
            self.at &+= 8
        }
        while self.at < self.end {
            let byte = self.base[self.at]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte >= 0x80 { return }
            self.at &+= 1
        }
    }

    @inline(never)
    private mutating func skipEscape() throws(JSONFault) {
        self.at &+= 1
        switch self.byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.at &+= 1
        case UInt8(ascii: "u"):
            self.at &+= 1
            for _ in 0..<4 {
                switch self.byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"):
                    self.at &+= 1
                default: throw .badEscape
                }
            }
        default: throw .badEscape
        }
    }

    /// Skips all characters beyond ASCII that stand here in a row: shortest form, no surrogates, at most U+10FFFF.
    @inline(never)
    private mutating func skipBeyondASCII() throws(JSONFault) {
        while true {
            let lead = self.byte
            guard lead >= 0x80 else { return }
            let second = self.at &+ 1 < self.end ? self.base[self.at &+ 1] : 0
            let length: Int
            switch lead {
            case 0xC2...0xDF where second & 0xC0 == 0x80: length = 2
            case 0xE0 where second & 0xE0 == 0xA0: length = 3
            case 0xED where second & 0xE0 == 0x80: length = 3
            case 0xE1...0xEC where second & 0xC0 == 0x80, 0xEE...0xEF where second & 0xC0 == 0x80: length = 3
            case 0xF0 where second >= 0x90 && second <= 0xBF: length = 4
            case 0xF1...0xF3 where second & 0xC0 == 0x80: length = 4
            case 0xF4 where second & 0xF0 == 0x80: length = 4
            default: throw .badUTF8
            }
            guard self.at &+ length <= self.end else { throw .badUTF8 }
            if length > 2, self.base[self.at &+ 2] & 0xC0 != 0x80 { throw .badUTF8 }
            if length > 3, self.base[self.at &+ 3] & 0xC0 != 0x80 { throw .badUTF8 }
            self.at &+= length
        }
    }

    /// Skips one digit or more.
    @inline(__always)
    private mutating func skipDigits() throws(JSONFault) {
        guard self.byte &- UInt8(ascii: "0") <= 9 else { throw .badNumber }
        repeat { self.at &+= 1 } while self.byte &- UInt8(ascii: "0") <= 9
    }

    @inline(never)
    private mutating func skipFractionAndExponent() throws(JSONFault) {
        if self.byte == UInt8(ascii: ".") {
            self.at &+= 1
            try self.skipDigits()
        }
        guard self.byte | 0x20 == UInt8(ascii: "e") else { return }
        self.at &+= 1
        if self.byte == UInt8(ascii: "+") || self.byte == UInt8(ascii: "-") { self.at &+= 1 }
        try self.skipDigits()
    }

    /// A word that the line's end cuts short is told apart from a wrong one.
    @inline(never)
    private mutating func literalFault() -> JSONFault {
        var next = self.at
        while next < self.end, self.base[next] | 0x20 >= UInt8(ascii: "a"), self.base[next] | 0x20 <= UInt8(ascii: "z")
        {
            next &+= 1
        }
        if next == self.at { return .expectedValue }
        if next == self.end { self.at = next }
        return .badLiteral
    }
}
