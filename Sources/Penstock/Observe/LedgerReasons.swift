//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Why jobs were offered and not accepted.
public struct RejectionCounts: Sendable, Equatable {
    /// The queue was full, and the caller did not wait.
    public var full = 0
    /// The pool was draining.
    public var closed = 0
    /// The caller, or the group that it belongs to, was cancelled, or its time was over, while it waited.
    public var cancelled = 0
    /// The job was larger than the whole queue.
    public var tooLarge = 0
    /// A job offered it to its own pool, where waiting for a place could have lasted for ever.
    public var nested = 0
    /// It was offered by a call that blocks its thread, and that inside a task.
    public var blockingInTask = 0

    /// All of them.
    public var total: Int {
        self.full + self.closed + self.cancelled + self.tooLarge + self.nested + self.blockingInTask
    }

    @usableFromInline
    mutating func count(_ rejection: Rejection, _ amount: Int) {
        switch rejection {
        case .full: self.full += amount
        case .closed: self.closed += amount
        case .cancelled: self.cancelled += amount
        case .tooLarge: self.tooLarge += amount
        case .nested: self.nested += amount
        case .blockingInTask: self.blockingInTask += amount
        }
    }
}

/// Why accepted jobs were dropped before they began.
public struct ShedCounts: Sendable, Equatable {
    /// They came to a full queue with the policy ``OverflowPolicy/dropNewest``.
    public var newest = 0
    /// They were the oldest of a full queue with the policy ``OverflowPolicy/dropOldest``.
    public var oldest = 0
    /// They were the least wanted of a full queue with the policy ``OverflowPolicy/dropLowest``.
    public var lowest = 0
    /// They had waited too long while the pool had more to do than it can: ``LoadShedding``.
    public var overload = 0

    /// All of them.
    public var total: Int { self.newest + self.oldest + self.lowest + self.overload }
}

/// Why one job is not accepted.
@usableFromInline
enum Rejection {
    case full, closed, cancelled, tooLarge, nested, blockingInTask

    /// The reason that an error has told the caller.
    @usableFromInline
    init(_ code: PenstockError.Code) {
        switch code {
        case .closed: self = .closed
        case .cancelled, .timedOut: self = .cancelled
        case .tooLarge: self = .tooLarge
        case .nestedSubmission: self = .nested
        case .blockingInTask: self = .blockingInTask
        default: self = .full
        }
    }
}
