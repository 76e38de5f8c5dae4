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
import Penstock
package import PenstockEvents

/// Writes events into a table of a SQLite database, each once however often it comes.
///
/// A row's `id` follows from the event's origin, so one that comes again, after a crash perhaps, is there already.
package final class SQLiteWriter: DescribedSink, OnceSink {
    package let typeName = "sqlite"

    private let path: String
    private let table: String
    private let database = Locked<DatabaseQueue?>(nil)

    /// Creates a writer; opens nothing.
    ///
    /// - Parameters:
    ///   - path: The file; it is made if it is not there.
    ///   - table: The table; it is made if it is not there.
    package init(path: String, table: String) {
        self.path = path
        self.table = table
    }

    /// What and where it is, for people.
    package var place: String { "the table \"\(self.table)\" of SQLite \"\(self.path)\"" }

    /// Looks whether ``open()`` would succeed; changes nothing.
    ///
    /// - Throws: Why it would not.
    package func check() throws {
        try DatabasePath.refuse(self.path)
        let header = try DatabaseHeader(ofFile: self.path)
        // To look at a table that is in the log only, SQLite would have to write.
        guard header != nil, !DatabaseHeader.hasLog(self.path) else { return }
        do {
            if let shape = try TableShape(ofTable: self.table, inFile: self.path) { try shape.check(self.table) }
        } catch {
            throw DatabaseProblem(error, at: self.path, loss: Self.loss)
        }
    }

    /// What is lost with the file.
    private static let loss = "the rows that it holds are not in it"

    /// Makes the database and the table ready.
    ///
    /// - Throws: Why it cannot.
    package func open() async throws {
        try DatabasePath.refuse(self.path)
        do {
            _ = try DatabaseHeader(ofFile: self.path)
            var configuration = GRDB.Configuration()
            configuration.label = "penstock-sink"
            configuration.busyMode = .timeout(1)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA page_size = 16384")
                try database.execute(sql: "PRAGMA journal_mode = WAL")
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.execute(sql: "PRAGMA cache_size = -8192")
            }
            let database = try DatabaseQueue(path: self.path, configuration: configuration)
            let shape = try await database.read { [table] in try TableShape(ofTable: table, in: $0) }
            if let shape { try shape.check(self.table) }
            try await database.write { [table] database in
                try database.execute(
                    sql: """
                        CREATE TABLE IF NOT EXISTS \(table.quotedDatabaseIdentifier) (
                            id TEXT NOT NULL PRIMARY KEY, received_at TEXT NOT NULL, event TEXT NOT NULL)
                        """
                )
            }
            self.database.withLock { $0 = database }
        } catch {
            throw DatabaseProblem(error, at: self.path, loss: Self.loss)
        }
    }

    /// Writes a batch in one transaction.
    package func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        guard let database = self.database.withLock({ $0 }) else { throw SinkBroken("the database is not open") }
        do {
            let refusals = try database.writeBlocking { try self.insert(batch.events, $0) }
            if refusals.isEmpty { return .delivered }
            return .each(batch.events.indices.map { refusals[$0].map { .refused($0) } ?? .delivered })
        } catch let error as DatabaseError where !error.isPassing {
            throw SinkBroken("\(self.place): \(error.reason)")
        } catch {
            return .retry(reason(of: error))
        }
    }

    /// Ends the sink; its log goes into the database.
    package func close() async throws {
        let database = self.database.withLock { database in
            defer { database = nil }
            return database
        }
        try database?.close()
    }

    // MARK: - Private

    /// Inserts events, and tells why some are not there.
    private func insert(_ events: Events, _ database: Database) throws -> [Int: String] {
        let sql = """
            INSERT INTO \(self.table.quotedDatabaseIdentifier) (id, received_at, event) VALUES (?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """
        let statement = try database.cachedStatement(sql: sql).sqliteStatement
        var refusals: [Int: String] = [:]
        var row = EventRow()
        for (place, event) in events.enumerated() {
            row.fill(event)
            guard let result = row.insert(event, by: statement) else {
                refusals[place] = "the event is not UTF-8"
                continue
            }
            switch ResultCode(rawValue: result).primaryResultCode {
            case .SQLITE_DONE: break
            case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH:
                refusals[place] = database.lastErrorMessage ?? "the table does not take it"
            default: throw DatabaseError(resultCode: ResultCode(rawValue: result), message: database.lastErrorMessage)
            }
        }
        return refusals
    }
}

extension DatabaseQueue {
    /// Runs a transaction on this thread, which belongs to the sink's lane and may be blocked.
    fileprivate func writeBlocking<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try self.write(body)
    }
}
#endif
