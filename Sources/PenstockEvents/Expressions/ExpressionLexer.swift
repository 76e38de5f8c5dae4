//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Cuts the text of an expression into words, as CEL does.
struct ExpressionLexer {
    let text: [UInt8]
    private var at = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    /// The next word; the end comes as a word too, and again and again.
    mutating func next() throws(ExpressionError) -> ExpressionToken {
        self.skipSpaceAndComments()
        let start = self.at
        guard let byte = self.peek() else { return ExpressionToken(kind: .end, offset: start) }
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            return ExpressionToken(kind: .string(try self.string(raw: false)), offset: start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return ExpressionToken(kind: try self.number(), offset: start)
        case UInt8(ascii: ".") where Self.isDigit(self.peek(1)):
            return ExpressionToken(kind: try self.number(), offset: start)
        case UInt8(ascii: "`"):
            return ExpressionToken(kind: .name(try self.quotedName(), quoted: true), offset: start)
        case _ where Self.isNameStart(byte):
            return ExpressionToken(kind: try self.nameOrPrefixedString(), offset: start)
        default:
            return ExpressionToken(kind: .symbol(try self.symbol()), offset: start)
        }
    }

    // MARK: - Private

    private func peek(_ ahead: Int = 0) -> UInt8? {
        self.at + ahead < self.text.count ? self.text[self.at + ahead] : nil
    }

    private static func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return byte == UInt8(ascii: "_") || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
    }

    private mutating func skipSpaceAndComments() {
        while let byte = self.peek() {
            if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D && byte != 0x0B) {
                self.at += 1
            } else if byte == UInt8(ascii: "/"), self.peek(1) == UInt8(ascii: "/") {
                while let byte = self.peek(), byte != 0x0A { self.at += 1 }
            } else {
                return
            }
        }
    }

    private mutating func symbol() throws(ExpressionError) -> ExpressionToken.Symbol {
        for (wrong, right) in [("===", "=="), ("!==", "!="), ("<>", "!="), ("=<", "<="), ("=>", ">=")]
        where self.text[self.at...].starts(with: wrong.utf8) {
            throw ExpressionError("unknown operator '\(wrong)'", offset: self.at, hint: "did you mean '\(right)'?")
        }
        for symbol in ExpressionToken.Symbol.allCases
        where self.text[self.at...].starts(with: symbol.rawValue.utf8) {
            self.at += symbol.rawValue.utf8.count
            return symbol
        }
        throw self.unknownSymbol()
    }

    private func unknownSymbol() -> ExpressionError {
        let rest = String(decoding: self.text[self.at...], as: UTF8.self)
        let character = rest.first.map(String.init) ?? ""
        switch character {
        case "=": return ExpressionError("'=' is not an operator", offset: self.at, hint: "did you mean '=='?")
        case "&": return ExpressionError("'&' is not an operator", offset: self.at, hint: "did you mean '&&'?")
        case "|": return ExpressionError("'|' is not an operator", offset: self.at, hint: "did you mean '||'?")
        case "\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}":
            return ExpressionError(
                "\(character) is not a quote",
                offset: self.at,
                hint: "write strings in plain quotes, \"like this\""
            )
        case "+", "*", "/", "%", "?", ":", "{", "}", ",":
            return ExpressionError(
                "'\(character)' is not supported",
                offset: self.at,
                hint: "filters know == != < <= > >=, && || !, parentheses and has()"
            )
        default: return ExpressionError("unexpected character '\(character)'", offset: self.at, hint: nil)
        }
    }

    /// Bytes as long as they belong to a name.
    private mutating func bareName() -> String {
        let start = self.at
        while let byte = self.peek(), Self.isNameStart(byte) || Self.isDigit(byte) { self.at += 1 }
        return String(decoding: self.text[start..<self.at], as: UTF8.self)
    }

    private mutating func nameOrPrefixedString() throws(ExpressionError) -> ExpressionToken.Kind {
        let start = self.at
        let name = self.bareName()
        guard let quote = self.peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            return .name(name, quoted: false)
        }
        switch name {
        case "r", "R": return .string(try self.string(raw: true))
        case "b", "B", "br", "bR", "Br", "BR", "rb", "rB", "Rb", "RB":
            throw ExpressionError("bytes are not supported", offset: start, hint: "write a string without '\(name)'")
        default: return .name(name, quoted: false)
        }
    }

    private mutating func quotedName() throws(ExpressionError) -> String {
        let start = self.at
        self.at += 1
        while let byte = self.peek(), byte != UInt8(ascii: "`"), byte != 0x0A { self.at += 1 }
        guard self.peek() == UInt8(ascii: "`") else {
            throw ExpressionError("name without its closing `", offset: start, hint: "close it with `")
        }
        self.at += 1
        guard self.at - start > 2 else { throw ExpressionError("empty name", offset: start) }
        return String(decoding: self.text[start + 1..<self.at - 1], as: UTF8.self)
    }
}

// MARK: - Numbers

extension ExpressionLexer {
    private mutating func number() throws(ExpressionError) -> ExpressionToken.Kind {
        let start = self.at
        if self.peek() == UInt8(ascii: "0"), self.peek(1).map({ $0 | 0x20 }) == UInt8(ascii: "x") {
            return try self.hexadecimal()
        }
        self.skipDigits()
        var isDouble = false
        if self.peek() == UInt8(ascii: "."), Self.isDigit(self.peek(1)) {
            isDouble = true
            self.at += 1
            self.skipDigits()
        }
        if self.peek().map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            let signed = self.peek(1) == UInt8(ascii: "+") || self.peek(1) == UInt8(ascii: "-")
            if Self.isDigit(self.peek(signed ? 2 : 1)) {
                isDouble = true
                self.at += signed ? 2 : 1
                self.skipDigits()
            }
        }
        let digits = String(decoding: self.text[start..<self.at], as: UTF8.self)
        try self.endNumber(start)
        if isDouble {
            // CEL writes ".5", which Swift reads as well.
            guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits), value.isFinite else {
                throw ExpressionError("number too large for a double", offset: start)
            }
            return .double(value)
        }
        guard let value = UInt64(digits), value <= UInt64(Int64.max) + 1 else { throw Self.tooLarge(start) }
        return .integer(value)
    }

    private mutating func hexadecimal() throws(ExpressionError) -> ExpressionToken.Kind {
        let start = self.at
        self.at += 2
        let digits = self.bareName()
        if digits.hasSuffix("u") || digits.hasSuffix("U") { throw Self.unsigned(start) }
        guard !digits.isEmpty, digits.allSatisfy(\.isHexDigit) else {
            throw ExpressionError("not a number", offset: start, hint: "hexadecimal digits are 0-9 and a-f")
        }
        guard let value = UInt64(digits, radix: 16), value <= UInt64(Int64.max) + 1 else { throw Self.tooLarge(start) }
        return .integer(value)
    }

    private mutating func skipDigits() {
        while Self.isDigit(self.peek()) { self.at += 1 }
    }

    /// Refuses a number that runs into letters, such as `10s` or `1u`.
    private mutating func endNumber(_ start: Int) throws(ExpressionError) {
        guard let byte = self.peek(), Self.isNameStart(byte) else { return }
        let suffix = self.bareName()
        if suffix == "u" || suffix == "U" { throw Self.unsigned(start) }
        throw ExpressionError(
            "'\(suffix)' after a number",
            offset: self.at - suffix.utf8.count,
            hint: "numbers carry no unit"
        )
    }

    private static func unsigned(_ offset: Int) -> ExpressionError {
        ExpressionError("unsigned numbers are not supported", offset: offset, hint: "leave out the 'u'")
    }

    private static func tooLarge(_ offset: Int) -> ExpressionError {
        ExpressionError(
            "number too large for an int",
            offset: offset,
            hint: "the largest is \(Int64.max); write it with '.0' to make it a double"
        )
    }
}

// MARK: - Strings

extension ExpressionLexer {
    private mutating func string(raw: Bool) throws(ExpressionError) -> String {
        let start = self.at
        let quote = self.text[start]
        let isTriple = self.peek(1) == quote && self.peek(2) == quote
        self.at += isTriple ? 3 : 1
        var bytes: [UInt8] = []
        while let byte = self.peek() {
            if byte == quote, !isTriple || (self.peek(1) == quote && self.peek(2) == quote) {
                self.at += isTriple ? 3 : 1
                return String(decoding: bytes, as: UTF8.self)
            }
            if byte == 0x0A || byte == 0x0D, !isTriple { break }
            if byte == UInt8(ascii: "\\"), !raw {
                bytes += String(try self.escape()).utf8
            } else {
                bytes.append(byte)
                self.at += 1
            }
        }
        let closing = String(repeating: Character(Unicode.Scalar(quote)), count: isTriple ? 3 : 1)
        throw ExpressionError("string without its closing quote", offset: start, hint: "close it with \(closing)")
    }

    /// The character that an escape stands for.
    private mutating func escape() throws(ExpressionError) -> Character {
        let start = self.at
        let letter = self.peek(1) ?? 0
        self.at += 2
        switch letter {
        case UInt8(ascii: "a"): return "\u{07}"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "v"): return "\u{0B}"
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            return Character(Unicode.Scalar(letter))
        case UInt8(ascii: "x"), UInt8(ascii: "X"): return try self.code(digits: 2, radix: 16, from: start)
        case UInt8(ascii: "u"): return try self.code(digits: 4, radix: 16, from: start)
        case UInt8(ascii: "U"): return try self.code(digits: 8, radix: 16, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            self.at -= 1
            return try self.code(digits: 3, radix: 8, from: start)
        default:
            throw ExpressionError(
                "unknown escape in a string",
                offset: start,
                hint: "a backslash itself is written \\\\"
            )
        }
    }

    private mutating func code(digits: Int, radix: Int, from start: Int) throws(ExpressionError) -> Character {
        let end = min(self.at + digits, self.text.count)
        let text = String(decoding: self.text[self.at..<end], as: UTF8.self)
        self.at = end
        guard text.utf8.count == digits, text.allSatisfy(\.isHexDigit), let code = UInt32(text, radix: radix) else {
            throw ExpressionError("escape in a string needs \(digits) digits", offset: start)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw ExpressionError("escape in a string names no character", offset: start)
        }
        return Character(scalar)
    }
}
