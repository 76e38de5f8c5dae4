//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A place in a line that moves forwards as the line is validated.
///
/// SAFETY: `base` points at `end` readable bytes for as long as the cursor lives; every read is of a place below `end`.
struct JSONCursor {
    let base: UnsafePointer<UInt8>
    let end: Int
    /// The next byte; where it is when a fault is thrown is where the fault shows.
    var at = 0

    init(base: UnsafePointer<UInt8>, end: Int) {
        self.base = base
        self.end = end
    }

    /// The next byte, or 0 at the end: a zero byte is valid nowhere outside a string, and not inside one either.
    @inline(__always)
    var byte: UInt8 { self.at < self.end ? self.base[self.at] : 0 }

    /// Validates a whole line, and notes the wanted fields.
    @inline(__always)
    mutating func scanLine(
        _ wanted: FieldMatcher,
        into found: UnsafeMutableBufferPointer<JSONField>
    ) throws(JSONFault) {
        try self.enterLine()
        self.skipSpace()
        if self.byte == UInt8(ascii: "}") {
            self.at &+= 1
        } else {
            while true {
                let index = try self.skipKey(wanted)
                let field = try self.skipValue(depth: 1)
                if index >= 0 { found[index] = field }
                self.skipSpace()
                let byte = self.byte
                if byte == UInt8(ascii: ",") {
                    self.at &+= 1
                    self.skipSpace()
                    continue
                }
                guard byte == UInt8(ascii: "}") else { throw .expectedCommaOrBrace }
                self.at &+= 1
                break
            }
        }
        self.skipSpace()
        guard self.at == self.end else { throw .textAfterObject }
    }

    /// Skips the value that begins here, and says what it is.
    ///
    /// - Parameter depth: How many objects and arrays are open around it.
    @inline(__always)
    mutating func skipValue(depth: Int) throws(JSONFault) -> JSONField {
        let start = self.at
        switch self.byte {
        case UInt8(ascii: "\""):
            let escaped = try self.skipString()
            return JSONField(from: start &+ 1, to: self.at &- 1, kind: escaped ? .escapedString : .string)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let kind = try self.skipNumber()
            return JSONField(from: start, to: self.at, kind: kind)
        case UInt8(ascii: "{"):
            try self.skipContainer(depth: depth)
            return JSONField(from: start, to: self.at, kind: .object)
        case UInt8(ascii: "["):
            try self.skipContainer(depth: depth)
            return JSONField(from: start, to: self.at, kind: .array)
        default:
            let kind = try self.skipLiteral()
            return JSONField(from: start, to: self.at, kind: kind)
        }
    }

    /// Skips blanks, tabs and line breaks.
    @inline(__always)
    mutating func skipSpace() {
        while self.at < self.end {
            let byte = self.base[self.at]
            guard byte <= UInt8(ascii: " ") else { return }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            self.at &+= 1
        }
    }

    // MARK: - Private

    /// Skips the opening brace, and white space before it.
    @inline(__always)
    private mutating func enterLine() throws(JSONFault) {
        self.skipSpace()
        guard self.byte == UInt8(ascii: "{") else {
            if self.at == self.end { throw .empty }
            if self.at &+ 3 <= self.end, self.base[self.at] == 0xEF, self.base[self.at &+ 1] == 0xBB,
                self.base[self.at &+ 2] == 0xBF
            {
                throw .byteOrderMark
            }
            throw .notAnObject
        }
        self.at &+= 1
    }

    /// Skips a key of the top object with its colon, and gives the index of the wanted field it names, or -1.
    @inline(__always)
    private mutating func skipKey(_ wanted: FieldMatcher) throws(JSONFault) -> Int {
        guard self.byte == UInt8(ascii: "\"") else { throw .expectedKey }
        let start = self.at &+ 1
        let escaped = try self.skipString()
        let length = self.at &- 1 &- start
        let index =
            escaped
            ? wanted.index(ofEscaped: UnsafeBufferPointer(start: self.base + start, count: length))
            : wanted.index(of: self.base + start, length: length, readable: self.end &- start)
        try self.skipColon()
        return index
    }

    /// Skips a colon with the white space around it.
    @inline(__always)
    private mutating func skipColon() throws(JSONFault) {
        self.skipSpace()
        guard self.byte == UInt8(ascii: ":") else { throw .expectedColon }
        self.at &+= 1
        self.skipSpace()
    }

    /// Skips the object or array that begins here, without recursion: a bit a level says whether it is an object.
    @inline(never)
    private mutating func skipContainer(depth outer: Int) throws(JSONFault) {
        var open = NestingStack()
        try self.enterContainer(&open, outer: outer)
        while true {
            let isObject = open.isObject
            self.skipSpace()
            if open.isFresh, self.byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                open.isFresh = false
            } else {
                open.isFresh = false
                if isObject {
                    guard self.byte == UInt8(ascii: "\"") else { throw .expectedKey }
                    _ = try self.skipString()
                    try self.skipColon()
                }
                let byte = self.byte
                if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                    try self.enterContainer(&open, outer: outer)
                    continue
                }
                try self.skipScalar(byte)
            }
            if try self.leaveContainers(&open) { return }
        }
    }

    /// Skips an opening brace or bracket.
    @inline(__always)
    private mutating func enterContainer(_ open: inout NestingStack, outer: Int) throws(JSONFault) {
        guard open.depth &+ outer < JSONScanner.depthMax else { throw .tooDeep }
        open.push(isObject: self.byte == UInt8(ascii: "{"))
        self.at &+= 1
    }

    /// Skips what follows a value: ends of containers, then a comma; tells whether the outermost has ended.
    @inline(__always)
    private mutating func leaveContainers(_ open: inout NestingStack) throws(JSONFault) -> Bool {
        while true {
            self.skipSpace()
            let byte = self.byte
            if byte == UInt8(ascii: ",") {
                self.at &+= 1
                return false
            }
            guard byte == (open.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw open.isObject ? .expectedCommaOrBrace : .expectedCommaOrBracket
            }
            self.at &+= 1
            open.pop()
            if open.depth == 0 { return true }
        }
    }

    @inline(__always)
    private mutating func skipScalar(_ byte: UInt8) throws(JSONFault) {
        switch byte {
        case UInt8(ascii: "\""): _ = try self.skipString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try self.skipNumber()
        default: _ = try self.skipLiteral()
        }
    }
}

/// Which of the open containers are objects: one bit each, in 128 bytes of stack.
private struct NestingStack {
    private(set) var depth = 0
    /// Whether the innermost container has just been opened, so that it may end at once.
    var isFresh = false
    private var words = SIMD16<UInt64>()
    /// The word of the innermost container.
    private var word: UInt64 = 0

    @inline(__always)
    var isObject: Bool { self.word & 1 != 0 }

    @inline(__always)
    mutating func push(isObject: Bool) {
        if self.depth & 63 == 0, self.depth > 0 { self.words[(self.depth &>> 6) &- 1] = self.word }
        self.word = self.word &<< 1 | (isObject ? 1 : 0)
        self.depth &+= 1
        self.isFresh = true
    }

    @inline(__always)
    mutating func pop() {
        self.depth &-= 1
        self.word &>>= 1
        if self.depth & 63 == 0, self.depth > 0 { self.word = self.words[(self.depth &>> 6) &- 1] }
    }
}
