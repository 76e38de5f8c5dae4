//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What the writes to one sink have come to, by its lane and by workers that write themselves.
final class SinkMeter: Sendable {
    struct State: Sendable {
        var writeTimes = LatencyHistogram()
        var failures = 0
        var retries = 0
        /// What the last failure said, until a write succeeds.
        var lastError: String?
        /// How many writes run.
        var writing = 0
    }

    private let state = Locked(State())

    /// Everything at this moment.
    var current: State { self.state.withLock { $0 } }

    /// A write begins.
    func begin() {
        self.state.withLock { $0.writing += 1 }
    }

    /// A write has ended.
    ///
    /// - Parameters:
    ///   - elapsed: How long it took, in nanoseconds.
    ///   - failure: Why events of it have to be tried again, or are given up; nil when there are none.
    func end(elapsed: UInt64, failure: String?) {
        self.state.withLock { state in
            state.writing -= 1
            state.writeTimes.record(elapsed)
            state.lastError = failure
            if failure != nil { state.failures += 1 }
        }
    }

    /// Events that failed are tried again.
    func retry() {
        self.state.withLock { $0.retries += 1 }
    }
}
