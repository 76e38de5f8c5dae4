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
/// Whatever it is, failures are counted, and told to the pool's observer.
public struct ResultsPolicy<Output: Sendable>: Sendable {
    @usableFromInline
    enum Kind: Sendable {
        case discard
        case channel(Channel<Result<Output, any Error>>)
        case sink(@Sendable (Result<Output, any Error>) async -> Void)
    }

    @usableFromInline let kind: Kind

    /// Results are dropped.
    public static var discard: ResultsPolicy { ResultsPolicy(kind: .discard) }

    /// Results go into ``WorkerPool/results``, in the order in which each worker ends its jobs.
    ///
    /// A full channel holds the workers, and so the producers. It does not hold a drain past its deadline: what could
    /// not be handed over is then in ``DrainReport/undelivered``.
    ///
    /// - Parameter capacity: The most results that wait to be read, at least 1.
    public static func channel(capacity: Int) -> ResultsPolicy {
        ResultsPolicy(kind: .channel(Channel(capacity: capacity)))
    }

    /// Each worker calls a function with each result, as part of the job: the job ends when the function returns.
    public static func sink(
        _ body: @escaping @Sendable (Result<Output, any Error>) async -> Void
    ) -> ResultsPolicy {
        ResultsPolicy(kind: .sink(body))
    }
}
