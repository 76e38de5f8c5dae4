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

/// Writes events into a table of a SQLite database, each once however often it comes.
///
/// The table has the columns `id`, which follows from where the event came from, `received_at`, in RFC 3339, and
/// `event`, the event as text. A batch is one transaction. Others may read the database meanwhile.
public struct SQLiteSink: PipelineSink {
    private let writer: SQLiteWriter
    private let name: String?
    /// How events get to it.
    public var options = SinkOptions()

    /// What it is in the pipeline.
    public var part: PipelinePart { PipelinePart(.sink(.own(OwnSink(self.writer)), name: self.name, self.options)) }

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - path: The database; it is made if it is not there. A run refuses `:memory:` and what else SQLite would keep in no file.
    ///   - table: The table; it is made if it is not there. One of another shape is refused when the run starts.
    ///   - name: Its name in reports and dead letters.
    public init(_ path: String, table: String = "events", name: String? = nil) {
        self.writer = SQLiteWriter(path: path, table: table)
        self.name = name
    }
}
#endif
