//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What becomes of what the handler returns or throws.
///
/// Whatever it is, failures are counted, and told to the pool's observer. One policy may be given to many pools: each has a
/// results channel of its own.
public struct ResultsPolicy<Output: Sendable>: Sendable {
    @usableFromInline
    enum Kind: Sendable {
        case discard
        case channel(Channel<Result<Output, any Error>>)
        case sink(@Sendable (Result<Output, any Error>) async -> Void)
    }

    @usableFromInline let kind: Kind
    /// Whether they come in the order in which the jobs were accepted.
    @usableFromInline var isOrdered = false

    @inlinable var isSink: Bool {
        switch self.kind {
        case .sink: true
        case .discard, .channel: false
        }
    }

    /// The channel that results go to, if they go to one.
    @usableFromInline var channel: Channel<Result<Output, any Error>>? {
        if case .channel(let channel) = self.kind { return channel }
        return nil
    }

    /// The same policy for one pool, with a channel that is nobody else's.
    @usableFromInline
    func forOnePool() -> ResultsPolicy {
        guard case .channel(let channel) = self.kind else { return self }
        return ResultsPolicy(kind: .channel(Channel(capacity: channel.capacity)), isOrdered: self.isOrdered)
    }

    /// Results are dropped.
    public static var discard: ResultsPolicy { ResultsPolicy(kind: .discard) }

    /// Results go into ``WorkerPool/results``, in the order in which each worker ends its jobs.
    ///
    /// A full channel holds the workers, and so the producers. It does not hold a drain past its deadline: what could
    /// not be handed over is then in ``DrainReport/undelivered``.
    ///
    /// Ordered results come in the order in which their jobs came into the queue, whatever the order in which they end: those
    /// of one producer in the order in which it gave them. Beside those in the channel, at most `capacity` results wait for
    /// an earlier one. Workers then begin no later job until the missing one has ended, or the reader has read: nothing runs
    /// whose result would have no place. A job without a result (it has expired, was shed, handed back or abandoned, or
    /// somebody waits for it in a call or a group) holds nobody. A job that is tried again keeps its place, and goes
    /// ahead of those that have not begun.
    ///
    /// Ordered results need the discipline ``Discipline/fifo``, and neither ``OverflowPolicy/callerRuns`` nor
    /// ``NestedSubmission/runInline``, by which jobs overtake others: anything else traps when the pool is made.
    ///
    /// - Parameters:
    ///   - capacity: The most results that wait to be read, at least 1.
    ///   - ordered: Whether they come in the order of their jobs. It costs a job some hundred nanoseconds.
    public static func channel(capacity: Int, ordered: Bool = false) -> ResultsPolicy {
        ResultsPolicy(kind: .channel(Channel(capacity: capacity)), isOrdered: ordered)
    }

    /// Each worker calls a function with each result, as part of the job: the job ends when the function returns.
    public static func sink(
        _ body: @escaping @Sendable (Result<Output, any Error>) async -> Void
    ) -> ResultsPolicy {
        ResultsPolicy(kind: .sink(body))
    }
}
