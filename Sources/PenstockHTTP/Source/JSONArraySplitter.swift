//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
/// Turns a JSON array, as its bytes come, into lines: one for each element, without the white space between tokens.
///
/// An object that stands alone is one line. The splitter sees to strings and brackets only: enough to know where an element
/// ends, and that no line means anything else than its element did. Whether an element is valid JSON says the decoding of
/// events, as with events of every source.
struct JSONArraySplitter {
    /// What is wrong with a body.
    struct Problem: Error, Equatable {
        /// As the end of a sentence.
        var reason: String
        /// The byte, from 0.
        var offset: Int
    }

    /// How deep an element may be nested.
    static let depthMax = 512

    private enum State: Equatable {
        /// Nothing but white space has come. Can transition to: `element`, `between`.
        case start
        /// An element comes next; it may not be missing when a comma stood before. Can transition to: `inside`, `end`.
        case element(isNeeded: Bool)
        /// In an element, outside a string. Can transition to: `string`, `between`, `element`, `end`.
        case inside
        /// In a string. Can transition to: `escape`, `inside`.
        case string
        /// Behind a backslash. Can transition to: `string`.
        case escape
        /// Behind the last bracket: white space alone may come. Final.
        case end
    }

    private var state = State.start
    /// The brackets that are open in the element, `{` as true.
    private var open: [Bool] = []
    private var isArray = false
    /// White space has come behind the last byte that was kept.
    private var hasSpace = false
    private var offset = 0
    /// How many elements have begun.
    private(set) var count = 0

    /// Takes the next bytes of the body, and adds lines to others.
    mutating func take(_ bytes: UnsafeRawBufferPointer, into lines: inout [UInt8]) throws(Problem) {
        var place = 0
        while place < bytes.count {
            if self.state == .string {
                place = try self.takeString(bytes, from: place, into: &lines)
                continue
            }
            try self.take(bytes[place], into: &lines)
            place += 1
            self.offset += 1
        }
    }

    /// Tells that the body has ended.
    func finish() throws(Problem) {
        guard self.state == .end else {
            let reason = self.state == .start ? "it is empty" : "it ends in the middle of the JSON"
            throw Problem(reason: reason, offset: self.offset)
        }
    }

    // MARK: - Private

    /// Takes bytes of a string up to what ends it or needs a look; tells where it stopped.
    private mutating func takeString(
        _ bytes: UnsafeRawBufferPointer,
        from first: Int,
        into lines: inout [UInt8]
    ) throws(Problem) -> Int {
        var place = first
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            place += 1
        }
        lines.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[first..<place]))
        self.offset += place - first
        guard place < bytes.count else { return place }
        switch bytes[place] {
        case UInt8(ascii: "\""): self.state = .inside
        case UInt8(ascii: "\\"): self.state = .escape
        default: throw self.problem("a control character stands in a string")
        }
        lines.append(bytes[place])
        self.offset += 1
        if self.state == .inside { self.endElement(at: &lines) }
        return place + 1
    }

    private mutating func take(_ byte: UInt8, into lines: inout [UInt8]) throws(Problem) {
        switch self.state {
        case .start: try self.begin(byte, into: &lines)
        case .element(let isNeeded): try self.beginElement(byte, isNeeded: isNeeded, into: &lines)
        case .inside: try self.goOn(byte, into: &lines)
        case .string: break
        case .escape:
            guard byte >= 0x20 else { throw self.problem("a control character stands in a string") }
            lines.append(byte)
            self.state = .string
        case .end:
            guard Self.isSpace(byte) else { throw self.problem("something stands behind the JSON") }
        }
    }

    private mutating func begin(_ byte: UInt8, into lines: inout [UInt8]) throws(Problem) {
        if Self.isSpace(byte) { return }
        switch byte {
        case UInt8(ascii: "["):
            self.isArray = true
            self.state = .element(isNeeded: false)
        case UInt8(ascii: "{"): try self.beginElement(byte, isNeeded: true, into: &lines)
        default: throw self.problem("it is no JSON array")
        }
    }

    private mutating func beginElement(
        _ byte: UInt8,
        isNeeded: Bool,
        into lines: inout [UInt8]
    ) throws(Problem) {
        if Self.isSpace(byte) { return }
        if byte == UInt8(ascii: "]"), !isNeeded {
            self.state = .end
            return
        }
        if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") {
            throw self.problem("an element is missing")
        }
        self.count += 1
        self.hasSpace = false
        self.state = .inside
        try self.goOn(byte, into: &lines)
    }

    private mutating func goOn(_ byte: UInt8, into lines: inout [UInt8]) throws(Problem) {
        if Self.isSpace(byte) {
            self.hasSpace = true
            return
        }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard self.open.count < Self.depthMax else { throw self.problem("it is nested too deep") }
            self.open.append(byte == UInt8(ascii: "{"))
            lines.append(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if self.open.isEmpty, byte == UInt8(ascii: "]") {
                lines.append(UInt8(ascii: "\n"))
                self.state = .end
            } else {
                guard self.open.popLast() == (byte == UInt8(ascii: "}")) else {
                    throw self.problem("a bracket closes what is not open")
                }
                lines.append(byte)
                self.endElement(at: &lines)
            }
        case UInt8(ascii: ",") where self.open.isEmpty:
            lines.append(UInt8(ascii: "\n"))
            self.state = .element(isNeeded: true)
        case UInt8(ascii: ","), UInt8(ascii: ":"):
            lines.append(byte)
        default:
            // Two numbers with white space between them must not become one.
            if self.hasSpace, let last = lines.last, !Self.isToken(last) { lines.append(UInt8(ascii: " ")) }
            lines.append(byte)
            if byte == UInt8(ascii: "\"") { self.state = .string }
        }
        self.hasSpace = false
    }

    /// An object that stands alone ends with its bracket.
    private mutating func endElement(at lines: inout [UInt8]) {
        guard !self.isArray, self.open.isEmpty else { return }
        lines.append(UInt8(ascii: "\n"))
        self.state = .end
    }

    private func problem(_ reason: String) -> Problem { Problem(reason: reason, offset: self.offset) }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\n"): true
        default: false
        }
    }
}
#endif
