//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Counts dead letters by what they have in common.
struct LetterTally {
    /// What they are counted by.
    enum Key: String, CaseIterable {
        case reason, source, sink
    }

    /// The most different values that are told apart.
    private static let valuesMax = 10_000

    private let key: Key
    private var counts: [String: Int] = [:]
    private var others = 0

    init(by key: Key) {
        self.key = key
    }

    /// Counts a letter.
    mutating func add(_ letter: Letter) {
        let value =
            switch self.key {
            case .reason: letter.reason
            case .source: letter.source
            case .sink: letter.sink ?? "(none)"
            }
        if self.counts[value] == nil, self.counts.count >= Self.valuesMax {
            self.others += 1
        } else {
            self.counts[value, default: 0] += 1
        }
    }

    /// The values and their counts, the greatest first.
    var rows: [(value: String, count: Int)] {
        let rows = self.counts.map { (value: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.value) < ($0.count, $1.value) }
        return self.others > 0 ? rows + [("(others)", self.others)] : rows
    }
}
