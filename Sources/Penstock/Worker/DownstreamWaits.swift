//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The waits of one worker for whoever takes what its jobs make.
///
/// A job may wait in several child tasks at once: the worker is blocked from the first wait's beginning to the last
/// one's end.
@usableFromInline
final class DownstreamWaits: Sendable {
    struct State: Sendable {
        /// How many waits go on.
        var depth = 0
        /// Since when at least one does.
        var since: UInt64 = 0
        /// How long those took that are over.
        var total: UInt64 = 0
        /// The same, each by itself; nil before the first.
        var times: LatencyHistogram?
    }

    private let state = Locked(State())

    /// Creates those of a worker that has never waited.
    init() {}

    /// Everything at this moment.
    var current: State { self.state.withLock { $0 } }

    /// A wait begins.
    @usableFromInline
    func begin(at now: UInt64) {
        self.state.withLock { state in
            if state.depth == 0 { state.since = now }
            state.depth += 1
        }
    }

    /// A wait is over.
    @usableFromInline
    func end(at now: UInt64) {
        self.state.withLock { state in
            state.depth -= 1
            guard state.depth == 0 else { return }
            let elapsed = now &- min(now, state.since)
            state.total &+= elapsed
            state.times = state.times ?? LatencyHistogram()
            state.times?.record(elapsed)
        }
    }
}

/// Says that a handler waits for something downstream, and not for itself.
///
/// A pool counts the time as ``WorkerTimes/blocked`` and not as ``WorkerTimes/busy``: it is how one sees whether more workers
/// would help. In code that no pool runs it only runs `body`. Results that a pool hands over itself, to a channel or a sink,
/// are counted without this.
///
/// - Parameter body: What is waited for: a write to a database, a send to a channel.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws. Cancellation is up to `body`.
public func withDownstreamWait<Output>(_ body: () async throws -> Output) async rethrows -> Output {
    guard let nesting = PoolNesting.current, let waits = nesting.waits else { return try await body() }
    waits.begin(at: nesting.time.now())
    defer { waits.end(at: nesting.time.now()) }
    return try await body()
}

/// The same for what blocks the thread.
package func withBlockingDownstreamWait<Output>(_ body: () -> Output) -> Output {
    guard let nesting = PoolNesting.current, let waits = nesting.waits else { return body() }
    waits.begin(at: nesting.time.now())
    defer { waits.end(at: nesting.time.now()) }
    return body()
}
