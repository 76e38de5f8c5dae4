//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Compiles the text of an expression, by recursive descent; depth and length are limited.
struct ExpressionParser {
    /// What is known of a node before any event is seen.
    enum StaticType: Equatable {
        case unknown
        case known(ExpressionValue.Kind)
    }

    private static let relations: [ExpressionToken.Symbol: ExpressionNode.Relation] = [
        .equal: .equal, .notEqual: .notEqual, .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater,
        .greaterOrEqual: .greaterOrEqual,
    ]
    private static let literals: Set<String> = ["true", "false", "null"]
    /// The words that CEL keeps for itself.
    private static let reserved: Set<String> = [
        "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    let text: [UInt8]
    private var lexer: ExpressionLexer
    private(set) var token: ExpressionToken
    private var program = ExpressionProgram()
    private(set) var types: [StaticType] = []
    private var fields: FieldSet
    private var nesting = 0

    /// Compiles a text, and adds the fields it reads to `fields`.
    static func parse(_ text: String, fields: inout FieldSet) throws(ExpressionError) -> ExpressionProgram {
        guard text.utf8.count <= FilterExpression.lengthMax else {
            throw ExpressionError(
                "expression longer than \(FilterExpression.lengthMax) bytes",
                offset: FilterExpression.lengthMax
            )
        }
        var parser = try ExpressionParser(text, fields: fields)
        let root = try parser.either()
        guard parser.token.kind == .end else { throw parser.unexpectedAfterOperand() }
        if case .known(let kind) = parser.types[root], kind != .bool {
            throw ExpressionError("the expression gives \(kind.name), not true or false", offset: 0)
        }
        parser.program.root = root
        fields = parser.fields
        return parser.program
    }

    private init(_ text: String, fields: FieldSet) throws(ExpressionError) {
        self.lexer = ExpressionLexer(text)
        self.text = self.lexer.text
        self.token = try self.lexer.next()
        self.fields = fields
    }

    // MARK: - Grammar

    /// `a || b || c`.
    private mutating func either() throws(ExpressionError) -> Int {
        try self.chain(.any, of: .or) { parser throws(ExpressionError) in try parser.both() }
    }

    /// `a && b && c`.
    private mutating func both() throws(ExpressionError) -> Int {
        try self.chain(.all, of: .and) { parser throws(ExpressionError) in try parser.relation() }
    }

    /// Operands joined by `symbol`; a chain is one node, however long it is.
    private mutating func chain(
        _ kind: ExpressionNode.Kind,
        of symbol: ExpressionToken.Symbol,
        operand: (inout ExpressionParser) throws(ExpressionError) -> Int
    ) throws(ExpressionError) -> Int {
        let start = self.token.offset
        let first = try operand(&self)
        guard self.token.kind == .symbol(symbol) else { return first }
        try self.requireBool(first, of: symbol, at: start)
        var last = first
        var depth = self.program.nodes[first].depth
        while self.token.kind == .symbol(symbol) {
            try self.advance()
            let start = self.token.offset
            let next = try operand(&self)
            try self.requireBool(next, of: symbol, at: start)
            // A chain's members are joined by `next`, which is free: each operand node is a member of one chain only.
            self.program.nodes[last].next = Int32(next)
            depth = max(depth, self.program.nodes[next].depth)
            last = next
        }
        return try self.add(ExpressionNode(kind: kind, depth: depth, first: Int32(first)), .known(.bool), at: start)
    }

    /// `a < b`, and as in CEL also `a < b == c`, from left to right.
    private mutating func relation() throws(ExpressionError) -> Int {
        let start = self.token.offset
        var left = try self.unary()
        while case .symbol(let symbol) = self.token.kind, let relation = Self.relations[symbol] {
            let operatorOffset = self.token.offset
            try self.advance()
            let right = try self.unary()
            try self.requireOrder(left, relation, right, at: operatorOffset)
            let node = ExpressionNode(
                kind: .compare,
                relation: relation,
                depth: max(self.program.nodes[left].depth, self.program.nodes[right].depth),
                first: Int32(left),
                second: Int32(right)
            )
            left = try self.add(node, .known(.bool), at: start)
        }
        return left
    }

    private mutating func unary() throws(ExpressionError) -> Int {
        let start = self.token.offset
        if self.token.kind == .symbol(.minus) {
            try self.advance()
            return try self.negativeNumber(minus: start)
        }
        guard self.token.kind == .symbol(.not) else { return try self.operand() }
        var isTurned = false
        while self.token.kind == .symbol(.not) {
            isTurned.toggle()
            try self.advance()
        }
        let operandOffset = self.token.offset
        var operand = try self.operand()
        try self.requireBool(operand, of: .not, at: operandOffset)
        // `!!a` is not `a`, for an `a` that is no bool; twice turned is turned twice.
        for _ in 0..<(isTurned ? 1 : 2) {
            let depth = self.program.nodes[operand].depth
            operand = try self.add(
                ExpressionNode(kind: .not, depth: depth, first: Int32(operand)),
                .known(.bool),
                at: start
            )
        }
        return operand
    }

    private mutating func operand() throws(ExpressionError) -> Int {
        let start = self.token
        switch start.kind {
        case .symbol(.open):
            return try self.parenthesised()
        case .string(let text):
            try self.advance()
            let value = ExpressionValue.string(
                offset: UInt32(self.program.bytes.count),
                length: UInt32(text.utf8.count)
            )
            self.program.bytes += text.utf8
            return try self.literal(value, at: start.offset)
        case .integer, .double:
            return try self.number(negative: false, at: start.offset)
        case .name("true", quoted: false), .name("false", quoted: false):
            try self.advance()
            return try self.literal(.bool(start.kind == .name("true", quoted: false)), at: start.offset)
        case .name("null", quoted: false):
            try self.advance()
            return try self.literal(.null, at: start.offset)
        case .name(let name, let quoted):
            return try self.pathOrCall(name, quoted: quoted, at: start.offset)
        case .symbol, .end:
            throw self.expectedOperand()
        }
    }

    private mutating func parenthesised() throws(ExpressionError) -> Int {
        let start = self.token.offset
        self.nesting += 1
        guard self.nesting <= FilterExpression.depthMax else { throw Self.tooDeep(start) }
        try self.advance()
        let inner = try self.either()
        guard self.token.kind == .symbol(.close) else {
            if self.token.kind == .end {
                throw ExpressionError("'(' is never closed", offset: start, hint: "close it with ')'")
            }
            throw self.unexpectedAfterOperand()
        }
        try self.advance()
        self.nesting -= 1
        return inner
    }

    private mutating func negativeNumber(minus: Int) throws(ExpressionError) -> Int {
        switch self.token.kind {
        case .integer, .double: return try self.number(negative: true, at: minus)
        default:
            throw ExpressionError("'-' must stand before a number", offset: minus, hint: "arithmetic is not supported")
        }
    }

    private mutating func number(negative: Bool, at offset: Int) throws(ExpressionError) -> Int {
        let value: ExpressionValue
        switch self.token.kind {
        case .double(let number): value = .double(negative ? -number : number)
        case .integer(let magnitude):
            guard negative || magnitude <= UInt64(Int64.max) else {
                throw ExpressionError(
                    "number too large for an int",
                    offset: offset,
                    hint: "the largest is \(Int64.max)"
                )
            }
            let bits = Int64(bitPattern: magnitude)
            value = .int(negative ? 0 &- bits : bits)
        default: throw self.expectedOperand()
        }
        try self.advance()
        return try self.literal(value, at: offset)
    }

    // MARK: - Paths

    private mutating func pathOrCall(_ name: String, quoted: Bool, at offset: Int) throws(ExpressionError) -> Int {
        try self.advance()
        if !quoted, self.token.kind == .symbol(.open) {
            guard name == "has" else { throw Self.unknownFunction(name, at: offset) }
            return try self.has(at: offset)
        }
        if !quoted, Self.reserved.contains(name) {
            throw ExpressionError(
                "'\(name)' is a reserved word",
                offset: offset,
                hint: "a field of this name is written `\(name)`, in backticks"
            )
        }
        if !quoted, name == "not", self.startsOperand() {
            throw ExpressionError("'not' is not an operator", offset: offset, hint: "did you mean '!'?")
        }
        let names = try self.pathRest(name)
        return try self.path(names, .field, .unknown, at: offset)
    }

    private mutating func has(at offset: Int) throws(ExpressionError) -> Int {
        try self.advance()
        guard case .name(let name, let quoted) = self.token.kind,
            quoted || !Self.reserved.contains(name) && !Self.literals.contains(name)
        else {
            throw ExpressionError(
                "has() takes a field, not \(self.token.described)",
                offset: self.token.offset,
                hint: "write has(name) or has(name.inner)"
            )
        }
        try self.advance()
        let names = try self.pathRest(name)
        guard self.token.kind == .symbol(.close) else {
            throw ExpressionError(
                "expected ')' after the field of has()",
                offset: self.token.offset,
                hint: "has() takes one field and nothing else"
            )
        }
        try self.advance()
        return try self.path(names, .has, .known(.bool), at: offset)
    }

    /// The names after the first: `.b`, `["c d"]`.
    private mutating func pathRest(_ first: String) throws(ExpressionError) -> [String] {
        var names = [first]
        while self.token.kind == .symbol(.dot) || self.token.kind == .symbol(.openIndex) {
            let isIndex = self.token.kind == .symbol(.openIndex)
            try self.advance()
            let token = self.token
            try self.advance()
            names.append(try isIndex ? self.indexName(token) : self.memberName(token))
            guard names.count <= FieldPaths.namesMax else {
                throw ExpressionError("path of more than \(FieldPaths.namesMax) names", offset: token.offset)
            }
        }
        return names
    }

    private func memberName(_ token: ExpressionToken) throws(ExpressionError) -> String {
        guard case .name(let name, let quoted) = token.kind, quoted || name != "in" && !Self.literals.contains(name)
        else {
            throw ExpressionError(
                "expected a field name after '.', not \(token.described)",
                offset: token.offset,
                hint: "other names are written a[\"the name\"]"
            )
        }
        if !quoted, self.token.kind == .symbol(.open) { throw Self.unknownFunction(name, at: token.offset) }
        return name
    }

    private mutating func indexName(_ token: ExpressionToken) throws(ExpressionError) -> String {
        guard case .string(let name) = token.kind else {
            throw ExpressionError(
                "expected a field name in quotes after '[', not \(token.described)",
                offset: token.offset,
                hint: "elements of arrays cannot be reached"
            )
        }
        guard self.token.kind == .symbol(.closeIndex) else {
            throw ExpressionError("expected ']' after a field name", offset: self.token.offset)
        }
        try self.advance()
        return name
    }

    // MARK: - Nodes

    private mutating func advance() throws(ExpressionError) { self.token = try self.lexer.next() }

    private mutating func path(
        _ names: [String],
        _ kind: ExpressionNode.Kind,
        _ type: StaticType,
        at offset: Int
    ) throws(ExpressionError) -> Int {
        let path = self.program.paths.add(names, fields: &self.fields)
        return try self.add(ExpressionNode(kind: kind, depth: 0, first: Int32(path)), type, at: offset)
    }

    private mutating func literal(_ value: ExpressionValue, at offset: Int) throws(ExpressionError) -> Int {
        var value = value
        value.isLiteral = true
        self.program.literals.append(value)
        let node = ExpressionNode(kind: .literal, depth: 0, first: Int32(self.program.literals.count - 1))
        return try self.add(node, .known(value.kind), at: offset)
    }

    /// Adds a node whose `depth` is that of its deepest operand.
    private mutating func add(_ node: ExpressionNode, _ type: StaticType, at offset: Int) throws(ExpressionError) -> Int
    {
        guard node.depth < FilterExpression.depthMax else { throw Self.tooDeep(offset) }
        var node = node
        node.depth += 1
        self.program.nodes.append(node)
        self.types.append(type)
        return self.program.nodes.count - 1
    }
}
