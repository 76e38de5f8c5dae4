//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting

/// Moves a clock on whenever somebody sleeps, until it is stopped: for tests in which one sleep follows on another, and none
/// is to be waited for by number.
final class ClockMover: Sendable {
    private let isStopped = Locked(false)

    init(_ clock: VirtualClock, by step: Duration) {
        Task {
            while !self.isStopped.withLock({ $0 }) {
                if clock.sleeperCount > 0 { clock.advance(by: step) }
                await Task.yield()
            }
        }
    }

    func stop() { self.isStopped.withLock { $0 = true } }
}
