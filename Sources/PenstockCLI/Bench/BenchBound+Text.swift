//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

extension BenchBound {
    /// "goodput at 10x, of the peak: 94 %, at least 90 %".
    var text: String {
        "\(self.title): \(self.shown(self.value)), \(self.isAtLeast ? "at least" : "at most") \(self.shown(self.limit))"
    }

    /// Why it does not hold: by how much it was missed.
    var reason: String {
        guard self.value.isFinite else { return self.text }
        return "\(self.text): missed by \(self.shown((self.value - self.limit).magnitude))"
    }

    /// As one of a list in a line of JSON.
    var json: String {
        JSONText.object([
            ("bound", JSONText.string(self.name)),
            ("value", self.value.isFinite ? JSONText.number(self.value, places: 4) : "null"),
            ("limit", JSONText.number(self.limit, places: 4)),
            ("held", "\(self.isHeld)"),
        ])
    }

    // MARK: - Private

    private func shown(_ value: Double) -> String {
        guard value.isFinite else { return "never" }
        switch self.unit {
        case .share: return percent(value)
        case .factor: return "\(decimal(value, places: 2)) times"
        case .nanoseconds: return "\(decimal(value, places: 1)) ns"
        case .microseconds: return PenstockCLI.shown(microseconds: value)
        case .seconds: return "\(decimal(value, places: 2)) s"
        }
    }
}

extension [BenchBound] {
    /// For people: a line each.
    var text: String { self.map { "\($0.isHeld ? "held  " : "MISSED")   \($0.text)\n" }.joined() }
}
