//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Finds the lane of a job by its key, whose type is forgotten.
@usableFromInline
struct LaneFinder<Job: Sendable>: Sendable {
    /// The lane of the job's key; -1 for none.
    @usableFromInline let find: @Sendable (borrowing Job) -> Int32
    /// The lane of the job's key; -1 if it had none: then it is the spare one now, which is given second.
    @usableFromInline let assign: @Sendable (borrowing Job, Int32) -> Int32
    /// The weight of a lane's key.
    @usableFromInline let weight: @Sendable (Int32) -> Int

    /// Creates one with a table of its own.
    @inlinable
    init<Key: Hashable & Sendable>(
        key: @escaping @Sendable (borrowing Job) -> Key,
        weight: @escaping @Sendable (Key) -> Int = { _ in 1 }
    ) {
        let table = KeyTable<Key>()
        self.find = { table.find(key($0)) }
        self.assign = { table.assign(key($0), spare: $1) }
        self.weight = { weight(table.lanes[Int($0)].key) }
    }
}
