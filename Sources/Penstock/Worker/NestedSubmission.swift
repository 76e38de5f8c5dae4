//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The pools whose jobs the current task, or one that it descends from, belongs to: how a pool recognises a job that
/// submits to it.
final class PoolNesting: Sendable {
    @TaskLocal static var current: PoolNesting?

    private let pool: ObjectIdentifier
    private let outer: PoolNesting?
    /// The waits of the worker that runs the job; nil for a job that the task runs which offered it.
    let waits: DownstreamWaits?
    let time: TimeSource

    init(_ pool: AnyObject, time: TimeSource) {
        self.pool = ObjectIdentifier(pool)
        self.time = time
        self.outer = Self.current
        self.waits = nil
    }

    /// The same, for the jobs of one worker.
    init(_ nesting: PoolNesting, waits: DownstreamWaits) {
        self.pool = nesting.pool
        self.time = nesting.time
        self.outer = nesting.outer
        self.waits = waits
    }

    /// Whether the current task belongs to a job of a pool.
    static func isInside(_ pool: AnyObject) -> Bool {
        var nesting = Self.current
        while let current = nesting {
            if current.pool == ObjectIdentifier(pool) { return true }
            nesting = current.outer
        }
        return false
    }
}

/// What a pool does with a job that one of its own jobs offers and would have to wait for.
///
/// It may be the worker itself that offers the job, or a task that the job waits for: if every worker waited for the
/// others to make room, none ever would. The pool recognises its jobs by a task-local value, which child tasks and tasks
/// made by `Task { }` inherit and those made by `Task.detached` do not. Neither do the workers of another pool: jobs of two
/// pools that wait for each other are not recognised.
///
/// A submission that finds a place is accepted as any other. A ``WorkerPool/call(_:)`` waits in any case.
public struct NestedSubmission: Sendable, Hashable {
    enum Kind { case refuse, runInline }
    let kind: Kind

    /// It is refused, with the code `nestedSubmission`.
    public static let refuse = NestedSubmission(kind: .refuse)
    /// The task that offers it runs it itself.
    ///
    /// It is counted as any other. Such a job overtakes those that are queued: a pool whose discipline is
    /// ``Discipline/keyed(by:)`` cannot allow that.
    public static let runInline = NestedSubmission(kind: .runInline)
}
