//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

/// Whole numbers with commas between them, as an option gives them.
enum NumberList {
    /// So many values of one dimension still make a table that can be read.
    private static let countMax = 12

    /// Reads a list; nil when there is none.
    ///
    /// - Throws: An error that names the option and what it allows.
    static func read(_ text: String?, of option: String, in range: ClosedRange<Int>) throws -> [Int]? {
        guard let text else { return nil }
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = words.compactMap { Int($0.drop { $0 == " " }) }.filter(range.contains)
        guard numbers.count == words.count, numbers.count <= Self.countMax else {
            throw ValidationError(
                "\(option) must be at most \(Self.countMax) whole numbers from \(BenchLimit.text(range)), with commas "
                    + "between them, not '\(shown(text))'."
            )
        }
        return numbers
    }
}
