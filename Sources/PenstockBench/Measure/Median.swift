//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension Collection where Element == Double {
    /// The middle value, or the mean of the two in the middle; 0 of nothing.
    package func median() -> Double {
        guard !self.isEmpty else { return 0 }
        let sorted = self.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

extension Collection where Element == BenchFigures {
    /// The median of one figure over some runs.
    package func median(_ figure: (BenchFigures) -> Double) -> Double { self.map(figure).median() }
}
