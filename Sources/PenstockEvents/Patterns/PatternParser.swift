//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Reads a regular expression.
///
/// It is what RE2 and Go take, less a few things: characters, `.`, classes, groups, `|`, `* + ? {n,m}` and their lazy forms,
/// `^ $ \b \B`. What cannot be matched in linear time, as back-references and lookaround, is refused by name.
struct PatternParser {
    /// The longest pattern, in bytes.
    static let bytesMax = 4096
    /// How deep groups may nest.
    private static let depthMax = 50
    /// The most that `{n,m}` may ask for.
    private static let repeatMax = 500

    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private var names: [String] = []

    /// Compiles a pattern.
    static func parse(_ text: String) throws(PatternError) -> PatternProgram {
        guard text.utf8.count <= Self.bytesMax else {
            throw PatternError("it is longer than \(Self.bytesMax) bytes", at: 0)
        }
        var parser = PatternParser(scalars: Array(text.unicodeScalars))
        let node = try parser.choice()
        guard parser.at == parser.scalars.count else {
            throw parser.error("this ')' closes no group", hint: "write '\\)' for the character")
        }
        do throws(PatternCompiler.TooLarge) {
            return try PatternCompiler(node, names: parser.names).program
        } catch {
            throw PatternError(
                "it comes to more than \(PatternProgram.instructionsMax) steps",
                at: 0,
                hint: "use + or * instead of large numbers in braces"
            )
        }
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    // MARK: - Private

    private var next: Unicode.Scalar? { self.at < self.scalars.count ? self.scalars[self.at] : nil }

    private func error(_ message: String, at place: Int? = nil, hint: String? = nil) -> PatternError {
        let offset = self.scalars.prefix(place ?? self.at).reduce(0) { $0 + UTF8.width($1) }
        return PatternError(message, at: offset, hint: hint)
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard self.scalars[self.at...].starts(with: wanted) else { return false }
        self.at += wanted.count
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        var choices = [try self.sequence()]
        while self.take("|") { choices.append(try self.sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let next = self.next, next != "|", next != ")" {
            let node = try self.atom()
            nodes.append(try self.repeated(node))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func repeated(_ node: PatternNode) throws(PatternError) -> PatternNode {
        let start = self.at
        guard let (least, most) = try self.quantifier() else { return node }
        let isLazy = self.take("?")
        if self.next == "+" {
            throw self.error("possessive quantifiers are not taken", at: start, hint: "leave the second '+' out")
        }
        if try self.quantifier() != nil { throw self.error("a quantifier behind a quantifier", at: start) }
        return .repetition(node, least: least, most: most, isLazy: isLazy)
    }

    private mutating func quantifier() throws(PatternError) -> (least: Int, most: Int?)? {
        if self.take("*") { return (0, nil) }
        if self.take("+") { return (1, nil) }
        if self.take("?") { return (0, 1) }
        let start = self.at
        guard self.take("{") else { return nil }
        guard let least = self.number() else {
            // As everywhere, a brace that counts nothing is a character.
            self.at = start
            return nil
        }
        var most: Int? = least
        if self.take(",") { most = self.next == "}" ? nil : self.number() ?? -1 }
        guard self.take("}"), most.map({ $0 >= least }) ?? true, max(least, most ?? 0) <= Self.repeatMax else {
            throw self.error(
                "this is no number of repetitions",
                at: start,
                hint: "{n}, {n,} or {n,m} with at most \(Self.repeatMax)"
            )
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let digits = self.scalars[self.at...].prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty, digits.count <= 6 else { return nil }
        self.at += digits.count
        return Int(String(String.UnicodeScalarView(digits)))
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        let start = self.at
        guard let character = self.next else { return .empty }
        self.at += 1
        switch character {
        case ".": return .any
        case "^": return .begin
        case "$": return .end
        case "[": return .set(try self.set(from: start))
        case "(": return try self.group(from: start)
        case "\\": return try self.escape(from: start)
        case "*", "+", "?":
            throw self.error(
                "'\(character)' repeats nothing",
                at: start,
                hint: "write '\\\(character)' for the character"
            )
        default: return .character(character)
        }
    }

    private mutating func group(from start: Int) throws(PatternError) -> PatternNode {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.depthMax else {
            throw self.error("groups are nested deeper than \(Self.depthMax)", at: start)
        }
        var index: Int?
        if self.take("?") {
            if !self.take(":") { index = try self.groupName(from: start) }
        }
        let node = try self.choice()
        guard self.take(")") else { throw self.error("this '(' is not closed", at: start, hint: "close it with ')'") }
        return index.map { .group(node, index: $0) } ?? node
    }

    /// The name of a group, behind `(?`.
    private mutating func groupName(from start: Int) throws(PatternError) -> Int {
        let refused = [
            "=": "lookahead", "!": "lookahead", "<=": "lookbehind", "<!": "lookbehind", ">": "an atomic group",
        ]
        for (text, name) in refused.sorted(by: { $0.key < $1.key }) where self.take(text) {
            throw self.error("\(name) is not taken", at: start, hint: "name what may stand there instead")
        }
        guard self.take("<") || self.take("P<") else {
            throw self.error("this is no kind of group", at: start, hint: "(…), (?:…) or (?<name>…)")
        }
        let name = self.scalars[self.at...].prefix { $0 != ">" }
        let isName =
            !name.isEmpty
            && name.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_")
            }
        guard isName, self.at + name.count < self.scalars.count else {
            throw self.error("a group has no name", at: start, hint: "letters, digits and _: (?<status>…)")
        }
        self.at += name.count + 1
        let text = String(String.UnicodeScalarView(name))
        guard !self.names.contains(text) else { throw self.error("two groups are called '\(text)'", at: start) }
        self.names.append(text)
        return self.names.count - 1
    }

    private mutating func escape(from start: Int) throws(PatternError) -> PatternNode {
        guard let character = self.next else {
            throw self.error("a backslash at the end", at: start, hint: "write '\\\\' for the character")
        }
        switch character {
        case "b", "B":
            self.at += 1
            return .boundary(isInverted: character == "B")
        case "A":
            self.at += 1
            return .begin
        case "z", "Z":
            self.at += 1
            return .end
        case "1"..."9", "k": throw self.error("back-references are not taken", at: start)
        default: break
        }
        if let set = self.namedSet() { return .set(set) }
        return .character(try self.escapedCharacter(from: start))
    }

    /// `\d` and its kin, behind the backslash.
    private mutating func namedSet() -> PatternSet? {
        guard let character = self.next else { return nil }
        var set: PatternSet
        switch character {
        case "d", "D": set = .digits
        case "w", "W": set = .word
        case "s", "S": set = .space
        default: return nil
        }
        if ("A"..."Z").contains(character) { set.invert() }
        self.at += 1
        return set
    }

    private mutating func escapedCharacter(from start: Int) throws(PatternError) -> Unicode.Scalar {
        guard let character = self.next else { throw self.error("a backslash at the end", at: start) }
        self.at += 1
        switch character {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "0": return "\0"
        case "x":
            let digits = String(String.UnicodeScalarView(self.scalars[self.at...].prefix(2)))
            guard digits.utf8.count == 2, let code = UInt8(digits, radix: 16), code < 128 else {
                throw self.error("\\x needs two hexadecimal digits, at most 7F", at: start)
            }
            self.at += 2
            return Unicode.Scalar(code)
        case _ where character.isASCII && (character.properties.isAlphabetic || ("0"..."9").contains(character)):
            throw self.error(
                "'\\\(character)' means nothing",
                at: start,
                hint: "\\d \\w \\s \\b, or a character that needs a \\"
            )
        default: return character
        }
    }

    private mutating func set(from start: Int) throws(PatternError) -> PatternSet {
        var set = PatternSet()
        let isInverted = self.take("^")
        var isFirst = true
        while let character = self.next, character != "]" || isFirst {
            isFirst = false
            if self.take("[:") { throw self.error("[:name:] is not taken", hint: "\\d, \\w or \\s") }
            let place = self.at
            self.at += 1
            if character == "\\", let named = self.namedSet() {
                set.insert(named)
                continue
            }
            let first = character == "\\" ? try self.escapedCharacter(from: place) : character
            guard self.next == "-", self.at + 1 < self.scalars.count, self.scalars[self.at + 1] != "]" else {
                set.insert(first)
                continue
            }
            self.at += 1
            let end = self.at
            let last = self.scalars[end]
            self.at += 1
            let upper = last == "\\" ? try self.escapedCharacter(from: end) : last
            guard first.value <= upper.value else {
                throw self.error("'\(first)-\(upper)' is no range", at: place, hint: "write '\\-' for the character")
            }
            set.insert(first.value...upper.value)
        }
        guard self.take("]") else { throw self.error("this '[' is not closed", at: start, hint: "close it with ']'") }
        if isInverted { set.invert() }
        return set
    }
}
