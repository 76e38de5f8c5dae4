//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Matches texts with patterns, in time that is linear in the text's length whatever the pattern.
///
/// It tries one way after the other, as most engines do, and marks each pair of instruction and place in the text that it has
/// tried: a pair that led to nothing leads to nothing again. So there is no text on which a pattern explodes.
///
/// The memory it works in belongs to one worker and is used again.
struct PatternMatcher: Sendable {
    /// The longest text it takes, in bytes; with the most instructions a pattern may have, the marks take 8 MB.
    static let textBytesMax = 64 << 10
    /// More than this is not kept from one text to the next.
    private static let keptWordsMax = 16_384

    /// What to go back to.
    private struct Way: Sendable {
        /// Where to go on; below 0: a place to restore, `-1 - saved`.
        var instruction: Int
        /// Where in the text, or what the place was.
        var at: Int
    }

    private var visited: [UInt64] = []
    private var ways: [Way] = []
    /// Where each group begins and ends, after a match; -1 for one that took no part.
    private(set) var saved: [Int] = []

    /// Whether a text, which is valid UTF-8, matches somewhere.
    mutating func matches(_ text: UnsafeBufferPointer<UInt8>, _ program: PatternProgram) -> Bool {
        precondition(text.count <= Self.textBytesMax, "A text that is matched has at most 64 KiB.")
        let count = program.instructions.count
        let words = (count * (text.count + 1) + 63) >> 6
        if self.visited.count > max(words, Self.keptWordsMax) { self.visited = [] }
        if self.visited.count < words { self.visited = Array(repeating: 0, count: words) }
        self.visited.withUnsafeMutableBufferPointer { $0[..<words].update(repeating: 0) }
        self.saved.removeAll(keepingCapacity: true)
        self.saved.append(contentsOf: repeatElement(-1, count: 2 * program.names.count))
        var start = 0
        while start <= text.count {
            if self.matches(text, from: start, program) { return true }
            if program.isAnchored { return false }
            start += start < text.count ? Self.width(text[start]) : 1
        }
        return false
    }

    // MARK: - Private

    /// How many bytes the character has that begins with a byte.
    @inline(__always)
    private static func width(_ lead: UInt8) -> Int { lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4 }

    private mutating func matches(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ program: PatternProgram)
        -> Bool
    {
        let columns = text.count + 1
        self.ways.removeAll(keepingCapacity: true)
        self.ways.append(Way(instruction: 0, at: start))
        return program.instructions.withUnsafeBufferPointer { instructions in
            while let way = self.ways.popLast() {
                if way.instruction < 0 {
                    self.saved[-1 - way.instruction] = way.at
                } else if self.follow(way, instructions, text, columns, program) {
                    return true
                }
            }
            return false
        }
    }

    /// Goes one way until it ends; true when it ends with a match.
    private mutating func follow(
        _ way: Way,
        _ instructions: UnsafeBufferPointer<PatternProgram.Instruction>,
        _ text: UnsafeBufferPointer<UInt8>,
        _ columns: Int,
        _ program: PatternProgram
    ) -> Bool {
        var (instruction, at) = (way.instruction, way.at)
        while true {
            switch instructions[instruction] {
            case .byte(let byte):
                guard at < text.count, text[at] == byte else { return false }
                at &+= 1
                instruction &+= 1
            case .any:
                guard at < text.count else { return false }
                at &+= Self.width(text[at])
                instruction &+= 1
            case .set(let set):
                guard at < text.count else { return false }
                let lead = text[at]
                if lead < 0x80 {
                    guard program.sets[set].contains(ascii: lead) else { return false }
                    at &+= 1
                } else {
                    guard program.sets[set].contains(Self.code(in: text, at: at)) else { return false }
                    at &+= Self.width(lead)
                }
                instruction &+= 1
            case .split(let first, let second):
                guard self.isNew(instruction &* columns &+ at) else { return false }
                self.ways.append(Way(instruction: second, at: at))
                instruction = first
            case .jump(let next): instruction = next
            case .save(let place):
                self.ways.append(Way(instruction: -1 - place, at: self.saved[place]))
                self.saved[place] = at
                instruction &+= 1
            case .begin:
                guard at == 0 else { return false }
                instruction &+= 1
            case .end:
                guard at == text.count else { return false }
                instruction &+= 1
            case .boundary(let isInverted):
                guard Self.isBoundary(in: text, at: at) != isInverted else { return false }
                instruction &+= 1
            case .match: return true
            }
        }
    }

    /// Marks a pair of instruction and place; false when it was marked before.
    @inline(__always)
    private mutating func isNew(_ pair: Int) -> Bool {
        let bit = 1 << UInt64(pair & 63) as UInt64
        guard self.visited[pair >> 6] & bit == 0 else { return false }
        self.visited[pair >> 6] |= bit
        return true
    }

    /// The code point of the character that begins at a place of a valid text.
    private static func code(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> UInt32 {
        let lead = text[place]
        let width = Self.width(lead)
        var code = UInt32(lead) & (0xFF >> UInt32(width + 1))
        for next in place + 1..<place + width { code = code << 6 | UInt32(text[next] & 0x3F) }
        return code
    }

    private static func isBoundary(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> Bool {
        func isWord(_ place: Int) -> Bool {
            text.indices.contains(place) && text[place] < 0x80 && PatternSet.word.contains(ascii: text[place])
        }
        return isWord(place - 1) != isWord(place)
    }
}
