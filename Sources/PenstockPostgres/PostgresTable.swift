//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
/// A table that takes events, and the statements that put them there.
struct PostgresTable: Sendable {
    /// What each table must have.
    private static let columns = ["id", "received_at", "event"]

    private let name: String
    /// A schema, if the name has one before a dot.
    private let schema: String?
    private let table: String

    /// - Parameter name: A table's name, perhaps with a schema's and a dot before it. Taken as it is: capital letters stay.
    init(_ name: String) {
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.name = name
        (self.schema, self.table) = parts.count == 2 ? (parts[0], parts[1]) : (nil, name)
    }

    private var quoted: String {
        [self.schema, self.table].compactMap { $0 }.map(Self.quoted).joined(separator: ".")
    }

    /// Makes the table, unless it is there.
    var creation: String {
        """
        CREATE TABLE IF NOT EXISTS \(self.quoted) (
            id text PRIMARY KEY, received_at timestamptz NOT NULL, event jsonb NOT NULL)
        """
    }

    /// A table of the connection's own, which is empty again after each transaction.
    var stageCreation: String {
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS penstock_stage AS SELECT id, received_at, event FROM \(self.quoted) WITH NO DATA
        """
    }

    let stageCopy = "COPY pg_temp.penstock_stage (id, received_at, event) FROM STDIN (FORMAT text)"

    /// Puts what is staged into the table, but for what is there: an event that comes twice is there once.
    var insertion: String {
        """
        WITH staged AS (DELETE FROM pg_temp.penstock_stage RETURNING id, received_at, event)
        INSERT INTO \(self.quoted) (id, received_at, event) SELECT * FROM staged ON CONFLICT (id) DO NOTHING
        """
    }

    /// Whether the table is there.
    var search: (statement: String, parameters: [String]) {
        ("SELECT to_regclass($1)", [self.quoted])
    }

    /// The names of its columns.
    var columnSearch: (statement: String, parameters: [String]) {
        let statement = """
            SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
            """
        return (statement, [self.quoted])
    }

    /// What is wrong with a table that has these columns; nil when nothing is.
    func problem(columns: [String]) -> String? {
        let missing = Self.columns.filter { !columns.contains($0) }
        guard !missing.isEmpty else { return nil }
        return """
            the table \(self.name) has no column \(missing.joined(separator: ", ")): it needs id (text, unique), \
            received_at (timestamptz) and event (jsonb, json or text); others may have defaults
            """
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
#endif
