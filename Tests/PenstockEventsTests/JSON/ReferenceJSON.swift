//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// A plain validator by recursive descent over characters, to compare the scanner with.
struct ReferenceJSON {
    private struct Invalid: Error {}

    private let text: [UInt32]
    private var at = 0

    /// The kinds of the top object's members by key, or nil when the bytes are not an object.
    static func members(of bytes: [UInt8]) -> [[UInt32]: JSONKind]? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reference = ReferenceJSON(text: text.unicodeScalars.map(\.value))
        return try? reference.top()
    }

    private init(text: [UInt32]) { self.text = text }

    private mutating func top() throws -> [[UInt32]: JSONKind] {
        self.space()
        guard self.peek == "{" else { throw Invalid() }
        let members = try self.object(depth: 1)
        self.space()
        guard self.at == self.text.count else { throw Invalid() }
        return members
    }

    private var peek: Unicode.Scalar? {
        self.at < self.text.count ? Unicode.Scalar(self.text[self.at]) : nil
    }

    private mutating func take() throws -> Unicode.Scalar {
        guard let scalar = self.peek else { throw Invalid() }
        self.at += 1
        return scalar
    }

    private mutating func expect(_ word: String) throws {
        for scalar in word.unicodeScalars where try self.take() != scalar { throw Invalid() }
    }

    private mutating func space() {
        while let scalar = self.peek, [" ", "\t", "\n", "\r"].contains(scalar) { self.at += 1 }
    }

    private mutating func object(depth: Int) throws -> [[UInt32]: JSONKind] {
        guard depth <= 1024 else { throw Invalid() }
        var members: [[UInt32]: JSONKind] = [:]
        try self.expect("{")
        self.space()
        if self.peek == "}" {
            self.at += 1
            return members
        }
        while true {
            self.space()
            let key = try self.string().codes
            self.space()
            try self.expect(":")
            members[key] = try self.value(depth: depth)
            self.space()
            let next = try self.take()
            if next == "}" { return members }
            if next != "," { throw Invalid() }
        }
    }

    private mutating func array(depth: Int) throws {
        guard depth <= 1024 else { throw Invalid() }
        try self.expect("[")
        self.space()
        if self.peek == "]" {
            self.at += 1
            return
        }
        while true {
            _ = try self.value(depth: depth)
            self.space()
            let next = try self.take()
            if next == "]" { return }
            if next != "," { throw Invalid() }
        }
    }

    private mutating func value(depth: Int) throws -> JSONKind {
        self.space()
        switch self.peek {
        case "{":
            _ = try self.object(depth: depth + 1)
            return .object
        case "[":
            try self.array(depth: depth + 1)
            return .array
        case "\"": return try self.string().escaped ? .escapedString : .string
        case "t":
            try self.expect("true")
            return .true
        case "f":
            try self.expect("false")
            return .false
        case "n":
            try self.expect("null")
            return .null
        default: return try self.number()
        }
    }

    private mutating func digits() throws -> Int {
        let start = self.at
        while let scalar = self.peek, ("0"..."9").contains(scalar) { self.at += 1 }
        if self.at == start { throw Invalid() }
        return self.at - start
    }

    private mutating func number() throws -> JSONKind {
        if self.peek == "-" { self.at += 1 }
        let startsWithZero = self.peek == "0"
        let count = try self.digits()
        if startsWithZero, count > 1 { throw Invalid() }
        var kind = JSONKind.integer
        if self.peek == "." {
            self.at += 1
            _ = try self.digits()
            kind = .number
        }
        if self.peek == "e" || self.peek == "E" {
            self.at += 1
            if self.peek == "+" || self.peek == "-" { self.at += 1 }
            _ = try self.digits()
            kind = .number
        }
        return kind
    }

    private mutating func string() throws -> (codes: [UInt32], escaped: Bool) {
        var codes: [UInt32] = []
        var escaped = false
        try self.expect("\"")
        while true {
            let scalar = try self.take()
            if scalar == "\"" { return (codes, escaped) }
            guard scalar.value >= 0x20 else { throw Invalid() }
            if scalar == "\\" {
                escaped = true
                try self.escape(into: &codes)
            } else {
                codes.append(scalar.value)
            }
        }
    }

    private mutating func escape(into codes: inout [UInt32]) throws {
        let letter = try self.take()
        if letter == "u" {
            let code = try self.codeUnit()
            if let high = codes.last, (0xD800..<0xDC00).contains(high), (0xDC00..<0xE000).contains(code) {
                // Only escapes give surrogates, so that the one before was an escape too; but it must be adjacent,
                // which it is, because it is last.
                codes[codes.count - 1] = 0x10000 + (high - 0xD800) << 10 + (code - 0xDC00)
            } else {
                codes.append(code)
            }
            return
        }
        let plain: [Unicode.Scalar: UInt32] = [
            "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
        ]
        guard let code = plain[letter] else { throw Invalid() }
        codes.append(code)
    }

    private mutating func codeUnit() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit = try self.take()
            guard digit.isASCII, let value = Character(digit).hexDigitValue else { throw Invalid() }
            code = code << 4 | UInt32(value)
        }
        return code
    }
}
