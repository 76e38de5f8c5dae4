//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
public import PenstockEvents

/// A queue that keeps accepted events in a SQLite database until each has its fate.
///
/// ```swift
/// Pipeline("orders") {
///     Source("in", orders)
///     DurableQueue("queue.db")
///     Decode.json
///     SQLiteSink("out.db", table: "orders")
/// }
/// ```
public struct DurableQueue: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a queue.
    ///
    /// - Parameters:
    ///   - path: The database; it is made if it is not there. A run refuses `:memory:` and what else SQLite would keep in no file.
    ///   - synchronous: Whether what is stored outlives the machine, or the process only.
    ///   - options: How much it keeps, and what becomes of more.
    public init(
        _ path: String,
        synchronous: SQLiteEventStore.Synchronous = .full,
        options: DurableQueueOptions = DurableQueueOptions()
    ) {
        let store = SQLiteEventStore(path: path, synchronous: synchronous, bytesMax: options.bytesMax)
        self.part = StoredQueue(in: store, options: options).part
    }
}
#endif
