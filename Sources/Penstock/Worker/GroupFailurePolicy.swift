//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What becomes of a group of jobs when one of them fails, and what ``WorkerPool/withGroup(onFailure:_:)`` returns.
public struct GroupFailurePolicy<Output: Sendable, Outcome>: Sendable {
    let cancelsRest: Bool
    /// Makes the group's outcome of its jobs' results, and of why it was stopped, if it was.
    let conclude: @Sendable ([Result<Output, any Error>], (any Error)?) throws -> Outcome
}

extension GroupFailurePolicy where Outcome == [Output] {
    /// The first failure cancels the other jobs, and is thrown once all have ended.
    ///
    /// Queued ones leave the queue at once, running ones have their task cancelled, and no further job is taken. Without a
    /// failure the group returns the outputs, in the order in which the jobs were submitted.
    public static var cancelRest: GroupFailurePolicy {
        GroupFailurePolicy(cancelsRest: true) { results, reason in
            do {
                return try results.map { try $0.get() }
            } catch {
                throw reason ?? error
            }
        }
    }
}

extension GroupFailurePolicy where Outcome == [Result<Output, any Error>] {
    /// The other jobs run on, and the group returns what became of each, in the order in which the jobs were submitted.
    public static var goOn: GroupFailurePolicy {
        GroupFailurePolicy(cancelsRest: false) { results, _ in results }
    }
}
