//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A part of a regular expression, as it is written.
indirect enum PatternNode: Sendable {
    /// Nothing.
    case empty
    /// One character.
    case character(Unicode.Scalar)
    case any
    case set(PatternSet)
    case begin
    case end
    case boundary(isInverted: Bool)
    /// One behind the other.
    case sequence([PatternNode])
    /// The first of these that leads to a match.
    case choice([PatternNode])
    /// A part several times, at most `most` times (nil: without end); as often as possible unless `isLazy`.
    case repetition(PatternNode, least: Int, most: Int?, isLazy: Bool)
    /// A group of which the text is wanted.
    case group(PatternNode, index: Int)
}

/// Makes instructions of a parsed pattern.
struct PatternCompiler {
    /// There would be more instructions than a pattern may have.
    struct TooLarge: Error {}

    private(set) var program = PatternProgram()

    /// Compiles a whole pattern.
    init(_ node: PatternNode, names: [String]) throws(TooLarge) {
        self.program.names = names
        self.program.isAnchored = Self.isAnchored(node)
        try self.emit(node)
        try self.append(.match)
    }

    // MARK: - Private

    private static func isAnchored(_ node: PatternNode) -> Bool {
        switch node {
        case .begin: true
        case .sequence(let nodes): nodes.first.map(self.isAnchored) ?? false
        case .group(let node, _): self.isAnchored(node)
        case .choice(let nodes): nodes.allSatisfy(self.isAnchored)
        case .repetition(let node, let least, _, _): least > 0 && self.isAnchored(node)
        case .empty, .character, .any, .set, .end, .boundary: false
        }
    }

    private mutating func append(_ instruction: PatternProgram.Instruction) throws(TooLarge) {
        guard self.program.instructions.count < PatternProgram.instructionsMax else { throw TooLarge() }
        self.program.instructions.append(instruction)
    }

    private var next: Int { self.program.instructions.count }

    private mutating func emit(_ node: PatternNode) throws(TooLarge) {
        switch node {
        case .empty: break
        case .character(let character): for byte in Array(String(character).utf8) { try self.append(.byte(byte)) }
        case .any: try self.append(.any)
        case .begin: try self.append(.begin)
        case .end: try self.append(.end)
        case .boundary(let isInverted): try self.append(.boundary(isInverted: isInverted))
        case .set(let set):
            try self.append(.set(self.program.sets.count))
            self.program.sets.append(set)
        case .sequence(let nodes): for node in nodes { try self.emit(node) }
        case .choice(let nodes): try self.emit(choice: nodes[...])
        case .group(let node, let index):
            try self.append(.save(2 * index))
            try self.emit(node)
            try self.append(.save(2 * index + 1))
        case .repetition(let node, let least, let most, let isLazy):
            for _ in 0..<least { try self.emit(node) }
            if let most {
                try self.emit(node, atMost: most - least, isLazy)
            } else {
                try self.emitLoop(node, isLazy)
            }
        }
    }

    private mutating func emit(choice nodes: ArraySlice<PatternNode>) throws(TooLarge) {
        guard let first = nodes.first else { return }
        guard nodes.count > 1 else { return try self.emit(first) }
        let split = self.next
        try self.append(.split(split + 1, 0))
        try self.emit(first)
        let jump = self.next
        try self.append(.jump(0))
        self.program.instructions[split] = .split(split + 1, self.next)
        try self.emit(choice: nodes.dropFirst())
        self.program.instructions[jump] = .jump(self.next)
    }

    private mutating func emit(_ node: PatternNode, atMost count: Int, _ isLazy: Bool) throws(TooLarge) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(self.next)
            try self.append(.split(0, 0))
            try self.emit(node)
        }
        for split in splits { self.set(split, body: split + 1, behind: self.next, isLazy) }
    }

    private mutating func emitLoop(_ node: PatternNode, _ isLazy: Bool) throws(TooLarge) {
        let split = self.next
        try self.append(.split(0, 0))
        try self.emit(node)
        try self.append(.jump(split))
        self.set(split, body: split + 1, behind: self.next, isLazy)
    }

    private mutating func set(_ split: Int, body: Int, behind: Int, _ isLazy: Bool) {
        self.program.instructions[split] = isLazy ? .split(behind, body) : .split(body, behind)
    }
}
