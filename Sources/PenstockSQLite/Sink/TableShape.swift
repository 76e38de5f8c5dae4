//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import GRDB
import GRDBSQLite

/// The columns of a table.
struct TableShape: Sendable {
    private struct Column: Sendable {
        var name: String
        /// Its place in the primary key, from 1; 0 when it is not in it.
        var keyPlace: Int
    }

    private static let sql = "SELECT name, pk FROM pragma_table_info(?)"

    private let columns: [Column]

    /// Looks at a table of an open database; nil when there is none.
    init?(ofTable table: String, in database: Database) throws {
        let rows = try Row.fetchAll(database, sql: Self.sql, arguments: [table])
        if rows.isEmpty { return nil }
        self.columns = rows.map { Column(name: $0[0], keyPlace: $0[1]) }
    }

    /// Looks at a table of a file that nobody has open; nil when there is none.
    ///
    /// SQLite takes the file as one that nothing can change: so it makes no files beside it, which a check must not.
    init?(ofTable table: String, inFile path: String) throws {
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
        defer { sqlite3_close(database) }
        var result = sqlite3_open_v2("file:\(path.percentEncoded)?immutable=1", &database, flags, nil)
        guard result == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: result)) }
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        result = sqlite3_prepare_v2(database, Self.sql, -1, &statement, nil)
        guard result == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: result)) }
        self.columns = table.withCString { table in
            // SAFETY: SQLite reads the text within this call alone: the statement is not stepped after it.
            sqlite3_bind_text(statement, 1, table, -1, nil)
            var columns: [Column] = []
            while sqlite3_step(statement) == SQLITE_ROW {
                let name = sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? ""
                columns.append(Column(name: name, keyPlace: Int(sqlite3_column_int64(statement, 1))))
            }
            return columns
        }
        if self.columns.isEmpty { return nil }
    }

    /// Refuses a shape that is not the sink's.
    func check(_ table: String) throws {
        let names = self.columns.map { $0.name.lowercased() }.sorted()
        let key = self.columns.filter { $0.keyPlace > 0 }.map { $0.name.lowercased() }
        guard names == ["event", "id", "received_at"], key == ["id"] else {
            let list = self.columns.map(\.name).joined(separator: ", ")
            throw DatabaseProblem(
                "the table \"\(table)\" has the columns \(list), and not id (the primary key), received_at and event",
                hint: "name another 'table'; one that is not there yet is made"
            )
        }
    }
}

extension String {
    /// The path where a URI has one.
    fileprivate var percentEncoded: String {
        self.utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0x80...:
                text += "%" + String(byte, radix: 16, uppercase: true)
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
    }
}
#endif
