//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A regular expression, compiled; workers share it.
struct PatternProgram: Sendable {
    /// One step of a match.
    enum Instruction: Sendable, Equatable {
        /// This byte.
        case byte(UInt8)
        /// One character, whatever it is.
        case any
        /// One character of a set, by its place among the sets.
        case set(Int)
        /// Go on at the first place, and at the second if that leads to nothing.
        case split(Int, Int)
        /// Go on elsewhere.
        case jump(Int)
        /// Note where the text stands.
        case save(Int)
        /// The beginning of the text.
        case begin
        /// The end of the text.
        case end
        /// Between a character of a word and one that is none; or not between, if inverted.
        case boundary(isInverted: Bool)
        /// The text matches.
        case match
    }

    /// The most instructions of a pattern: with texts of at most `PatternMatcher.textBytesMax` they bound the memory of
    /// a match.
    static let instructionsMax = 1000

    var instructions: [Instruction] = []
    var sets: [PatternSet] = []
    /// The names of the groups that are wanted, in their order: group n is saved in 2n and 2n + 1.
    var names: [String] = []
    /// Whether a match can only begin at the beginning of the text.
    var isAnchored = false
}

/// Some characters.
struct PatternSet: Sendable, Equatable {
    /// One bit for each character of ASCII.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// Beyond ASCII.
    private var ranges: [ClosedRange<UInt32>] = []
    private(set) var isInverted = false

    /// Adds characters by their code points.
    mutating func insert(_ range: ClosedRange<UInt32>) {
        for code in range.lowerBound...max(range.lowerBound, min(range.upperBound, 127)) where code < 128 {
            if code < 64 { self.low |= 1 << UInt64(code) } else { self.high |= 1 << UInt64(code - 64) }
        }
        if range.upperBound >= 128 { self.ranges.append(max(128, range.lowerBound)...range.upperBound) }
    }

    /// Adds one character.
    mutating func insert(_ character: Unicode.Scalar) { self.insert(character.value...character.value) }

    /// Adds the characters of another set.
    mutating func insert(_ other: PatternSet) {
        let other = other.isInverted ? other.spelledOut : other
        self.low |= other.low
        self.high |= other.high
        self.ranges += other.ranges
    }

    /// Makes it all other characters.
    mutating func invert() { self.isInverted.toggle() }

    /// Whether an ASCII character belongs to it.
    @inline(__always)
    func contains(ascii byte: UInt8) -> Bool {
        let bits = byte < 64 ? self.low : self.high
        return (bits & 1 << UInt64(byte & 63) != 0) != self.isInverted
    }

    /// Whether a character belongs to it.
    func contains(_ code: UInt32) -> Bool {
        if code < 128 { return self.contains(ascii: UInt8(code)) }
        return self.ranges.contains { $0.contains(code) } != self.isInverted
    }

    /// An inverted set that has no ranges beyond ASCII, with its characters listed.
    private var spelledOut: PatternSet {
        var set = PatternSet()
        set.low = ~self.low
        set.high = ~self.high
        set.ranges = [128...0x10FFFF]
        return set
    }
}

extension PatternSet {
    /// `\d`: the digits of ASCII.
    static var digits: PatternSet { PatternSet(["0"..."9"]) }
    /// `\w`: letters and digits of ASCII, and the underscore.
    static var word: PatternSet { PatternSet(["0"..."9", "a"..."z", "A"..."Z", "_"..."_"]) }
    /// `\s`: white space of ASCII.
    static var space: PatternSet { PatternSet([" "..." ", "\t"..."\r"]) }

    private init(_ ranges: [ClosedRange<Unicode.Scalar>]) {
        for range in ranges { self.insert(range.lowerBound.value...range.upperBound.value) }
    }
}
