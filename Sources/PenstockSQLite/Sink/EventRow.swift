//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import GRDBSQLite
import PenstockEvents

/// The columns of one row, in memory that is used again for the next.
struct EventRow {
    private var id = EventID()
    private var receivedAt: [UInt8] = []
    /// What `receivedAt` was made of.
    private var time: Int64?

    /// Makes the columns of an event.
    mutating func fill(_ event: Event) {
        if self.time != event.receivedAt {
            self.time = event.receivedAt
            self.receivedAt.removeAll(keepingCapacity: true)
            appendTimestamp(event.receivedAt, to: &self.receivedAt)
        }
        self.id.fill(event.origin)
    }

    /// Inserts the row.
    ///
    /// - Returns: What SQLite says; nil when the event is not UTF-8 and cannot be text.
    func insert(_ event: Event, by statement: OpaquePointer) -> CInt? {
        event.bytes.withUnsafeBytes { bytes in
            guard (try? UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)) != nil else { return nil }
            return self.id.bytes.withUnsafeBytes { id in
                self.receivedAt.withUnsafeBytes { receivedAt in
                    // SAFETY: SQLite reads all three within this call alone: the statement is reset and unbound before
                    // it ends.
                    for (place, text) in [(CInt(1), id), (2, receivedAt), (3, bytes)] {
                        let start = text.bindMemory(to: CChar.self).baseAddress
                        sqlite3_bind_text64(statement, place, start, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
                    }
                    let result = sqlite3_step(statement)
                    sqlite3_reset(statement)
                    sqlite3_clear_bindings(statement)
                    return result
                }
            }
        }
    }
}
#endif
