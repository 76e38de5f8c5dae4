//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Blanks comments and the insides of string literals, so that what is left is code.
///
/// Line breaks stay where they are. Knows raw and multi-line strings, code inside `\(...)`, nested comments, `#/.../#` and, in C, character literals.
/// It does not know regular expressions written between bare slashes: those need a type checker to tell from a
/// division, and the rule on braces reports a file whose braces they upset.
struct CodeMask {
    private enum Context {
        /// Code, with the round brackets open in it; a closing one too many ends an interpolation.
        case code(depth: Int)
        /// A string literal.
        case string(hashes: Int, isMultiline: Bool)
    }

    private let source: [UInt8]
    private let language: SourceFile.Language
    private var masked: [UInt8]
    private var position = 0
    private var contexts: [Context] = [.code(depth: 0)]

    /// The text with everything but code blanked.
    static func mask(_ text: String, language: SourceFile.Language) -> String {
        var mask = CodeMask(text, language: language)
        mask.run()
        return String(decoding: mask.masked, as: UTF8.self)
    }

    // MARK: - Private

    private init(_ text: String, language: SourceFile.Language) {
        self.source = Array(text.utf8)
        self.masked = self.source
        self.language = language
    }

    private mutating func run() {
        while self.position < self.source.count, let context = self.contexts.last {
            switch context {
            case .code(let depth): self.stepCode(depth: depth)
            case .string(let hashes, let isMultiline): self.stepString(hashes: hashes, isMultiline: isMultiline)
            }
        }
    }

    private mutating func stepCode(depth: Int) {
        switch self.source[self.position] {
        case UInt8(ascii: "/") where self.follows("//"):
            while self.position < self.source.count, self.source[self.position] != UInt8(ascii: "\n") { self.blank() }
        case UInt8(ascii: "/") where self.follows("/*"):
            self.blankComment()
        case UInt8(ascii: "\""):
            self.openString(hashes: 0)
        case UInt8(ascii: "'") where self.language == .c:
            self.blankCharacter()
        case UInt8(ascii: "#") where self.language == .swift:
            self.stepHash()
        case UInt8(ascii: "("):
            self.contexts[self.contexts.count - 1] = .code(depth: depth + 1)
            self.position += 1
        case UInt8(ascii: ")"):
            if depth > 0 {
                self.contexts[self.contexts.count - 1] = .code(depth: depth - 1)
            } else if self.contexts.count > 1 {
                self.contexts.removeLast()
            }
            self.position += 1
        default:
            self.position += 1
        }
    }

    private mutating func stepString(hashes: Int, isMultiline: Bool) {
        let quote = isMultiline ? "\"\"\"" : "\""
        if self.follows(quote), self.hashes(at: self.position + quote.utf8.count) >= hashes {
            self.position += quote.utf8.count + hashes
            self.contexts.removeLast()
        } else if self.source[self.position] == UInt8(ascii: "\\"), self.hashes(at: self.position + 1) >= hashes {
            self.blank(1 + hashes)
            if self.language == .swift, self.follows("(") {
                self.position += 1
                self.contexts.append(.code(depth: 0))
            } else {
                self.blank()
            }
        } else if !isMultiline, self.source[self.position] == UInt8(ascii: "\n") {
            // Not Swift any more: end the literal rather than swallow the file.
            self.contexts.removeLast()
        } else {
            self.blank()
        }
    }

    /// At `#`: a raw string, an extended regular expression, or a directive.
    private mutating func stepHash() {
        let hashes = self.hashes(at: self.position)
        let end = String(repeating: "#", count: hashes)
        self.position += hashes
        if self.follows("\"") {
            self.openString(hashes: hashes)
        } else if self.follows("/") {
            self.position += 1
            while self.position < self.source.count, !self.follows("/" + end) { self.blank() }
            self.position = min(self.position + 1 + hashes, self.source.count)
        }
    }

    private mutating func openString(hashes: Int) {
        let isMultiline = self.language == .swift && self.follows("\"\"\"") && !self.closesOnItsLine(hashes: hashes)
        self.position += isMultiline ? 3 : 1
        self.contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
    }

    /// Whether three quotes begin a raw string that ends on the same line, as `#"""#` does: it holds quotes.
    private func closesOnItsLine(hashes: Int) -> Bool {
        guard hashes > 0 else { return false }
        let rest = self.source[(self.position + 1)...].prefix { $0 != UInt8(ascii: "\n") }
        let end = Array("\"".utf8) + Array(repeating: UInt8(ascii: "#"), count: hashes)
        return rest.indices.contains { self.source[$0...].starts(with: end) }
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if self.follows("/*"), depth == 0 || self.language == .swift {
                depth += 1
                self.blank(2)
            } else if self.follows("*/") {
                depth -= 1
                self.blank(2)
            } else {
                self.blank()
            }
        } while depth > 0 && self.position < self.source.count
    }

    /// C's `'x'`, `'\''` and `'\\'`.
    private mutating func blankCharacter() {
        self.blank()
        while self.position < self.source.count, self.source[self.position] != UInt8(ascii: "\n") {
            let byte = self.source[self.position]
            self.blank(byte == UInt8(ascii: "\\") ? 2 : 1)
            if byte == UInt8(ascii: "'") { return }
        }
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where self.position < self.source.count {
            if self.source[self.position] != UInt8(ascii: "\n") { self.masked[self.position] = UInt8(ascii: " ") }
            self.position += 1
        }
    }

    private func follows(_ text: String) -> Bool { self.source[self.position...].starts(with: text.utf8) }

    private func hashes(at position: Int) -> Int {
        guard position <= self.source.count else { return 0 }
        return self.source[position...].prefix { $0 == UInt8(ascii: "#") }.count
    }
}

/// A word or a sign of code.
struct Token: Sendable, Equatable {
    let text: String
    /// The line, from 1.
    let line: Int
    /// Whether nothing stands between the token before and this one.
    let isAttached: Bool

    /// Cuts masked code into names (with their backticks), numbers and single signs.
    static func tokens(of code: String) -> [Token] {
        var tokens: [Token] = []
        var word: [UInt8] = []
        var line = 1
        var wordIsAttached = false
        var isAttached = false
        for byte in code.utf8 {
            if Self.isOfWord(byte) {
                if word.isEmpty { wordIsAttached = isAttached }
                word.append(byte)
                isAttached = true
                continue
            }
            if !word.isEmpty {
                tokens.append(
                    Token(text: String(decoding: word, as: UTF8.self), line: line, isAttached: wordIsAttached)
                )
                word.removeAll(keepingCapacity: true)
            }
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                isAttached = false
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                isAttached = false
            default:
                tokens.append(Token(text: String(UnicodeScalar(byte)), line: line, isAttached: isAttached))
                isAttached = true
            }
        }
        if !word.isEmpty {
            tokens.append(Token(text: String(decoding: word, as: UTF8.self), line: line, isAttached: wordIsAttached))
        }
        return tokens
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...: true
        default: false
        }
    }
}
