//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

/// A sink that keeps events with their origins.
final class TracedSink: EventSink {
    private let state = Locked<[(line: String, origin: EventOrigin)]>([])

    var lines: [String] { self.state.withLock { $0.map(\.line) } }
    var origins: [EventOrigin] { self.state.withLock { $0.map(\.origin) } }

    /// Waits until it has so many events.
    func wait(for count: Int) async {
        while self.lines.count < count, !Task.isCancelled { await Task.yield() }
    }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        self.state.withLock { $0 += batch.events.map { ($0.text, $0.origin) } }
        return .delivered
    }
}
