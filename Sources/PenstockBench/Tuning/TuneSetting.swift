//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What is tuned about a pool.
package enum TuneDimension: String, CaseIterable, Sendable {
    case workers
    /// The most jobs that wait for a worker.
    case capacity
    /// The most jobs that a worker takes at once.
    case batch
}

/// One way to set a pool up.
///
/// Ordered by what it costs: fewer workers come first, then the smaller capacity, then the smaller batch.
package struct TuneSetting: Hashable, Comparable, Sendable {
    package var workers: Int
    package var capacity: Int
    package var batch: Int

    package init(workers: Int, capacity: Int, batch: Int) {
        self.workers = workers
        self.capacity = capacity
        self.batch = batch
    }

    package static func < (left: TuneSetting, right: TuneSetting) -> Bool {
        (left.workers, left.capacity, left.batch) < (right.workers, right.capacity, right.batch)
    }

    package subscript(dimension: TuneDimension) -> Int {
        get {
            switch dimension {
            case .workers: self.workers
            case .capacity: self.capacity
            case .batch: self.batch
            }
        }
        set {
            switch dimension {
            case .workers: self.workers = newValue
            case .capacity: self.capacity = newValue
            case .batch: self.batch = newValue
            }
        }
    }
}
