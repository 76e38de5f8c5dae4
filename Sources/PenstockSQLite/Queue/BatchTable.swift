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
import PenstockEvents

/// The table of a durable queue in an open database.
struct BatchTable: Sendable {
    /// Marks a database as a durable queue: "PSTQ".
    static let applicationID: UInt32 = 0x5053_5451
    /// What the table looks like; another number is another table.
    static let version: UInt32 = 1
    /// The largest that SQLite has. A row of a busy source is just under 64 KiB and has one to itself: nothing has to
    /// be followed through the file to add or remove it. A small row costs one page in the log, whatever its size.
    static let pageBytes = 64 << 10

    let database: DatabaseQueue

    /// Opens a database, and makes the table if it is new.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - synchronous: Whether each transaction waits for the disk.
    ///   - logBytes: How long the log may become before its pages are moved to the database.
    /// - Throws: `DatabaseProblem` when it is another database, or an error of SQLite.
    init(path: String, synchronous: SQLiteEventStore.Synchronous, logBytes: Int) throws {
        var configuration = GRDB.Configuration()
        configuration.label = "penstock-queue"
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { database in
            // No other connection: what is shared between several is not needed, and nobody holds up the log.
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try Self.refuseOthers(database)
            try database.execute(sql: "PRAGMA page_size = \(Self.pageBytes)")
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = \(synchronous.rawValue)")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(max(1, logBytes / Self.pageBytes))")
            try database.execute(sql: "PRAGMA cache_size = -4096")
        }
        self.database = try DatabaseQueue(path: path, configuration: configuration)
        try self.makeTable()
    }

    /// What is in the table.
    func contents() throws -> StoreContents {
        try self.database.read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT count(*), coalesce(sum(max(1, min(events, length(lines)))), 0),
                           coalesce(sum(length(lines)), 0), coalesce(max(number), 0)
                    FROM batches
                    """
            )
            var contents = StoreContents()
            guard let row else { return contents }
            contents.batches = row[0]
            contents.events = row[1]
            contents.bytes = row[2]
            contents.lastNumber = row[3]
            return contents
        }
    }

    /// Gives the disk back what an empty table does not need.
    func shrink() throws { try self.database.vacuum() }

    /// Adds and removes batches in one transaction.
    func write(adding batches: [StoredBatch], removing numbers: [Int64]) throws {
        try self.database.write { database in
            for range in Self.ranges(of: numbers) {
                let delete = try database.cachedStatement(sql: "DELETE FROM batches WHERE number BETWEEN ? AND ?")
                try delete.execute(arguments: [range.lowerBound, range.upperBound])
            }
            guard !batches.isEmpty else { return }
            let insert = try database.cachedStatement(sql: "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for batch in batches { try Self.add(batch, by: insert, database) }
        }
    }

    /// Reads batches behind a number, the first whatever its size.
    func read(after number: Int64, bytesMax: Int) throws -> [StoredBatch] {
        try self.database.read { database in
            let select = try database.cachedStatement(sql: "SELECT * FROM batches WHERE number > ? ORDER BY number")
            var batches: [StoredBatch] = []
            var bytes = 0
            let rows = try Row.fetchCursor(select, arguments: [number])
            while bytes < bytesMax, let row = try rows.next() {
                let batch = try Self.batch(of: row)
                bytes += batch.byteCount
                batches.append(batch)
            }
            return batches
        }
    }

    /// Moves the log's pages to the database, so that the log begins anew.
    func checkpoint() throws {
        _ = try self.database.writeWithoutTransaction { try $0.checkpoint(.restart) }
    }

    /// How many bytes are free within the file.
    func freeBytes() throws -> Int {
        try self.database.read { try Int.fetchOne($0, sql: "PRAGMA freelist_count") ?? 0 } * Self.pageBytes
    }

    // MARK: - Private

    /// Refuses a database that is no durable queue, before anything of it is changed.
    private static func refuseOthers(_ database: Database) throws {
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard count > 0 else { return }
        let application = try UInt32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try UInt32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        try Self.refuse(application: application, version: version)
    }

    /// Refuses marks that are not those of a durable queue of this version.
    static func refuse(application: UInt32, version: UInt32) throws {
        guard application == Self.applicationID else {
            throw DatabaseProblem(
                "it is a database of something else",
                hint: "give the queue a file of its own; one that is not there yet is made"
            )
        }
        guard version == Self.version else {
            throw DatabaseProblem(
                "it is a queue of version \(version), and this penstock knows version \(Self.version)",
                hint: "let the penstock that made it deliver what it keeps, or give the queue another file"
            )
        }
    }

    private func makeTable() throws {
        let isNew = try self.database.write { database in
            if try database.tableExists("batches") { return false }
            try database.execute(
                sql: """
                    CREATE TABLE batches (
                        number INTEGER PRIMARY KEY, source TEXT NOT NULL, session INTEGER NOT NULL,
                        position INTEGER NOT NULL, received_at INTEGER NOT NULL, events INTEGER NOT NULL,
                        format INTEGER NOT NULL, checksum INTEGER NOT NULL, lines BLOB NOT NULL)
                    """
            )
            try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(Self.version)")
            return true
        }
        // Whoever looks at the file itself is to see what it is.
        if isNew { _ = try self.database.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
    }

    /// Numbers as ranges, most of which are long.
    static func ranges(of numbers: [Int64]) -> [ClosedRange<Int64>] {
        var ranges: [ClosedRange<Int64>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound >= number - 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, number)
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }

    /// Adds a row; its lines are not copied on the way to SQLite.
    private static func add(_ batch: StoredBatch, by insert: Statement, _ database: Database) throws {
        let statement = insert.sqliteStatement
        sqlite3_bind_int64(statement, 1, batch.number)
        sqlite3_bind_int64(statement, 3, Int64(bitPattern: batch.session))
        sqlite3_bind_int64(statement, 4, Int64(bitPattern: batch.firstPosition))
        sqlite3_bind_int64(statement, 5, batch.receivedAt)
        sqlite3_bind_int64(statement, 6, Int64(batch.count))
        sqlite3_bind_int64(statement, 7, Int64(batch.format.rawValue))
        sqlite3_bind_int64(statement, 8, Int64(bitPattern: batch.checksum))
        var source = batch.source
        let result = source.withUTF8 { source in
            batch.withLines { lines in
                // SAFETY: SQLite reads both within this call alone: the statement is reset and unbound before it ends.
                _ = source.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text64(statement, 2, $0.baseAddress, UInt64($0.count), nil, UInt8(SQLITE_UTF8))
                }
                sqlite3_bind_blob64(statement, 9, lines.baseAddress, UInt64(lines.count), nil)
                let result = sqlite3_step(statement)
                sqlite3_reset(statement)
                sqlite3_clear_bindings(statement)
                return result
            }
        }
        guard result == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: result), message: database.lastErrorMessage)
        }
    }

    private static func batch(of row: Row) throws -> StoredBatch {
        let lines = try row.withUnsafeData(atIndex: 8) { data in data.map { [UInt8]($0) } ?? [] }
        return StoredBatch(
            number: row[0],
            source: row[1],
            session: UInt64(bitPattern: row[2]),
            firstPosition: UInt64(bitPattern: row[3]),
            receivedAt: row[4],
            count: row[5],
            format: StoredBatch.Format(rawValue: UInt8(truncatingIfNeeded: row[6] as Int64)),
            checksum: UInt64(bitPattern: row[7]),
            lines: lines
        )
    }
}
#endif
