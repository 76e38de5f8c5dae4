//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where a rule is broken and what to do about it.
struct Finding: Sendable, Equatable, CustomStringConvertible {
    let path: String
    /// The line, from 1.
    let line: Int
    let advice: String

    var description: String { "\(self.path):\(self.line): \(self.advice)" }
}

/// Something that every file of the project keeps to.
struct Rule: Sendable, CustomStringConvertible {
    let name: String
    let check: @Sendable (Checkout) -> [Finding]

    var description: String { self.name }

    /// Every rule there is.
    static let all: [Rule] =
        [
            .imports, .dependencies, .header, .fileLength, .functionLength, .braces, .fileName, .tasks, .safety, .sleep,
            .xctest, .suppressions, .documentation, .behaviours,
        ] + forbiddenWords
}

extension Sequence where Element == Token {
    /// The lines on which these words and signs stand one after the other; a `!` belongs to what is right before it.
    func lines(of pattern: [String]) -> [Int] {
        let tokens = Array(self)
        guard tokens.count >= pattern.count else { return [] }
        return (0...(tokens.count - pattern.count)).compactMap { start in
            for (token, text) in zip(tokens[start...], pattern) {
                guard token.text == text, text != "!" || token.isAttached else { return nil }
            }
            return tokens[start].line
        }
    }
}
