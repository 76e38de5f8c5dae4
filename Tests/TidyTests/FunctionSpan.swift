//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A function, initialiser, subscript or computed property, from its keyword to its closing brace.
struct FunctionSpan: Equatable {
    let name: String
    let firstLine: Int
    let lastLine: Int

    var lineCount: Int { self.lastLine - self.firstLine + 1 }

    /// Every body in the file, those inside others too.
    static func spans(in file: SourceFile) -> [FunctionSpan] {
        switch file.language {
        case .swift: file.tokens.indices.compactMap { self.swiftSpan(file.tokens, at: $0) }
        case .c: self.cSpans(file.tokens)
        case .other: []
        }
    }

    /// The line of the first brace that has no partner; nil when all have one.
    static func unbalancedLine(in file: SourceFile) -> Int? {
        var open: [Int] = []
        for token in file.tokens {
            if token.text == "{" {
                open.append(token.line)
            } else if token.text == "}", open.popLast() == nil {
                return token.line
            }
        }
        return open.first
    }

    // MARK: - Private

    /// A declaration without a body ends, at the latest, where one of these begins.
    private static let declarations: Set<String> = [
        "func", "var", "let", "init", "deinit", "subscript", "struct", "class", "enum", "actor", "extension",
        "protocol", "typealias", "associatedtype", "case",
    ]

    /// `if let x = y {` opens a branch, not a property.
    private static let statements: Set<String> = ["if", "guard", "while", "for", "case", "switch", "catch"]

    private static func swiftSpan(_ tokens: [Token], at index: Int) -> FunctionSpan? {
        guard index == 0 || tokens[index - 1].text != "." else { return nil }
        let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
        let isProperty: Bool
        switch tokens[index].text {
        case "func": isProperty = false
        case "init" where ["(", "?", "!", "<"].contains(next): isProperty = false
        case "subscript" where ["(", "<"].contains(next): isProperty = false
        case "deinit" where next == "{": isProperty = false
        case "var", "let":
            let line = tokens[index].line
            let before = tokens[..<index].reversed().prefix { $0.line == line }
            guard !before.contains(where: { self.statements.contains($0.text) }) else { return nil }
            isProperty = true
        default: return nil
        }
        guard let body = self.bodyStart(tokens, after: index, onOneLine: isProperty) else { return nil }
        guard let end = self.closingBrace(tokens, of: body) else { return nil }
        let name = isProperty || tokens[index].text == "func" ? next : tokens[index].text
        return FunctionSpan(name: name, firstLine: tokens[index].line, lastLine: tokens[end].line)
    }

    /// The `{` of the declaration at `index`, if it has one.
    private static func bodyStart(_ tokens: [Token], after index: Int, onOneLine: Bool) -> Int? {
        var depth = 0
        // The word after `func` is a name, whatever it is.
        for position in tokens.indices.dropFirst(index + 1) {
            let token = tokens[position]
            switch token.text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case _ where depth > 0: continue
            case "{": return position
            case "}": return nil
            default:
                if position > index + 1, self.declarations.contains(token.text) { return nil }
                if onOneLine, token.line > tokens[position - 1].line { return nil }
            }
            if depth < 0 { return nil }
        }
        return nil
    }

    private static func closingBrace(_ tokens: [Token], of start: Int) -> Int? {
        var depth = 0
        for position in start..<tokens.count {
            if tokens[position].text == "{" { depth += 1 }
            if tokens[position].text == "}" { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }

    /// C: a block that follows `)` outside any other block.
    private static func cSpans(_ tokens: [Token]) -> [FunctionSpan] {
        var spans: [FunctionSpan] = []
        var position = 0
        while position < tokens.count {
            guard tokens[position].text == "{", position > 0, tokens[position - 1].text == ")" else {
                position += 1
                continue
            }
            guard let end = self.closingBrace(tokens, of: position) else { break }
            let start = self.openingBracket(tokens, of: position - 1)
            let named = max(start - 1, 0)
            spans.append(
                FunctionSpan(name: tokens[named].text, firstLine: tokens[named].line, lastLine: tokens[end].line)
            )
            position = end + 1
        }
        return spans
    }

    private static func openingBracket(_ tokens: [Token], of end: Int) -> Int {
        var depth = 0
        for position in stride(from: end, through: 0, by: -1) {
            if tokens[position].text == ")" { depth += 1 }
            if tokens[position].text == "(" { depth -= 1 }
            if depth == 0 { return position }
        }
        return 0
    }
}
