//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Finds the word that was meant.
enum Suggestion {
    /// The known word nearest to `word`, or nil when none is near enough to be what was meant.
    ///
    /// One wrong letter in three is taken as a slip; more of them as another word.
    static func nearest(to word: String, among known: [String]) -> String? {
        let lowercased = word.lowercased()
        let length = lowercased.count
        var best: (word: String, distance: Int)?
        for candidate in known {
            let limit = max(1, candidate.count / 3)
            guard abs(length - candidate.count) <= limit else { continue }
            let distance = Self.distance(lowercased, candidate.lowercased())
            if distance <= limit, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.word
    }

    /// A hint for a word that is not one of `known`.
    static func hint(for word: String, among known: [String]) -> String {
        if let nearest = Self.nearest(to: word, among: known) {
            return "did you mean '\(nearest)'?"
        }
        return "one of: \(known.joined(separator: ", "))"
    }

    /// Letters to insert, remove, replace or swap with their neighbour to get from one word to the other.
    static func distance(_ left: String, _ right: String) -> Int {
        // A word of a hostile file may be a megabyte long; nobody meant a key by it.
        let (left, right) = (Array(left.prefix(64)), Array(right.prefix(64)))
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let same = left[row - 1] == right[column - 1]
                current[column] = min(
                    previous[column] + 1,
                    current[column - 1] + 1,
                    previous[column - 1] + (same ? 0 : 1)
                )
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], beforePrevious[column - 2] + 1)
                }
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
