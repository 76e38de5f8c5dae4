//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What one job counts for in a queue's bounds and in the ledger.
///
/// A pool of plain jobs counts each as one. A pool whose jobs are batches of something, as a pipeline's, counts what
/// is in them.
///
/// The pool asks for a job's size more than once, and under its lock: the function that tells it must be quick, must not
/// call the pool, and gives the same answer each time.
public struct JobSize: Sendable, Hashable {
    /// How many jobs it stands for, at least 1.
    public var count: Int
    /// How many bytes it holds.
    public var bytes: Int

    /// Creates a size.
    ///
    /// - Parameters:
    ///   - count: How many jobs it stands for, at least 1.
    ///   - bytes: How many bytes it holds, at least 0.
    @inlinable
    public init(count: Int = 1, bytes: Int = 0) {
        precondition(count >= 1 && bytes >= 0, "A job counts for at least one job and no less than 0 bytes.")
        self.count = count
        self.bytes = bytes
    }
}
