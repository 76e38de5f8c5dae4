//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Orders to drain on their way from whoever gives them, a signal handler perhaps, to the run that carries them out.
///
/// Giving one never waits and loses none: of several that were not fetched yet the nearest counts.
final class DrainOrders: Sendable {
    private let pending = Locked<Duration?>(nil)
    private let bell = Channel<Void>(capacity: 1)

    /// Orders a drain.
    func give(_ deadline: Duration) {
        self.pending.withLock { $0 = min($0 ?? deadline, deadline) }
        // A full channel: the bell has rung and was not heard yet.
        _ = self.bell.trySend(())
    }

    /// The next order; nil when there will be none, or the task is cancelled.
    func next() async -> Duration? {
        while (try? await self.bell.receive()) != nil {
            let order = self.pending.withLock { pending in
                defer { pending = nil }
                return pending
            }
            if let order { return order }
        }
        return nil
    }

    /// No order comes any more.
    func finish() { self.bell.finish() }
}
