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
    private var id: [UInt8] = []
    private var receivedAt: [UInt8] = []
    /// What `receivedAt` was made of.
    private var time: Int64?
    /// What the beginning of `id` was made of.
    private var source: String?
    private var session: UInt64 = 0
    private var prefixLength = 0

    /// Makes the columns of an event.
    ///
    /// The `id` is the source's name, the session in 16 hexadecimal digits and the position in at least 12 decimal
    /// ones, with `-` between them: events of one session come in the order of their ids, which suits an index.
    mutating func fill(_ event: Event) {
        if self.time != event.receivedAt {
            self.time = event.receivedAt
            self.receivedAt.removeAll(keepingCapacity: true)
            appendTimestamp(event.receivedAt, to: &self.receivedAt)
        }
        let origin = event.origin
        if self.source != origin.source || self.session != origin.session {
            self.source = origin.source
            self.session = origin.session
            let session = String(origin.session, radix: 16)
            let padding = String(repeating: "0", count: 16 - session.utf8.count)
            self.id = Array("\(origin.source)-\(padding)\(session)-".utf8)
            self.prefixLength = self.id.count
        }
        self.id.removeSubrange(self.prefixLength...)
        var digits: [UInt8] = []
        var rest = origin.position
        while rest > 0 || digits.count < 12 {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        self.id += digits.reversed()
    }

    /// Inserts the row.
    ///
    /// - Returns: What SQLite says; nil when the event is not UTF-8 and cannot be text.
    func insert(_ event: Event, by statement: OpaquePointer) -> CInt? {
        event.bytes.withUnsafeBytes { bytes in
            guard (try? UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)) != nil else { return nil }
            return self.id.withUnsafeBytes { id in
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
