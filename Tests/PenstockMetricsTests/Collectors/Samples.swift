//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockMetrics

extension MetricsSnapshot {
    /// The count of a series; nil when there is none, or it is no whole number.
    func count(_ name: String, _ values: String...) -> Int? {
        guard case .integer(let count) = self.sample(name, values)?.value else { return nil }
        return count
    }

    /// The number of a series; nil when there is none.
    func number(_ name: String, _ values: [String] = []) -> Double? {
        switch self.sample(name, values)?.value {
        case .integer(let count): Double(count)
        case .real(let number): number
        case .distribution(let distribution): Double(distribution.count)
        case nil: nil
        }
    }

    /// The names of all families.
    var names: Set<String> { Set(self.families.map(\.family.name)) }
}
