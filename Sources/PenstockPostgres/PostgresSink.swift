//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
public import Penstock
public import PenstockEvents

/// Writes events into a table of PostgreSQL, by `COPY`, a batch a transaction, each event once.
///
/// The table has a column `id` (text, unique), `received_at` (timestamptz) and `event` (jsonb). It is made if it is not there;
/// one that is may have more columns, generated from `event` perhaps:
///
/// ```sql
/// ALTER TABLE events ADD COLUMN kind text GENERATED ALWAYS AS (event->>'type') STORED;
/// ```
///
/// The `id` says where an event came from: its source, the stream of that source's positions, its position. So an event that
/// comes again, after a crash or an answer that was lost, is left out, in whatever batch it comes. That holds over restarts
/// where the source's positions do: a followed file's, a durable queue's.
///
/// A server that is away, restarts or does not answer in time is tried again, by the sink's retries; an event that it will never
/// take (`\u0000` in `jsonb`) is refused alone.
public final class PostgresSink: EventSink {
    /// `postgres`.
    public let typeName = "postgres"

    private let target: PostgresTarget
    private let table: PostgresTable
    private let time: TimeSource
    private let threads: ThreadExecutor
    private let pool: ResourcePool<PostgresConnection>
    private let timeout: Duration

    /// Creates a sink; connects to nothing.
    ///
    /// - Parameters:
    ///   - target: The server, and as whom.
    ///   - table: The table's name, perhaps with a schema's and a dot before it.
    ///   - connections: The most connections; as many as batches are written at once are of use, see
    ///     `SinkOptions.concurrency`.
    ///   - timeout: How long the server may take to answer: to connect, and to take a batch.
    ///   - time: The clock of waits.
    public init(
        _ target: PostgresTarget,
        table: String,
        connections: Int = 1,
        timeout: Duration = .seconds(30),
        time: TimeSource = .system
    ) {
        precondition(connections > 0, "A sink needs a connection.")
        (self.target, self.table, self.timeout, self.time) = (target, PostgresTable(table), timeout, time)
        let threads = ThreadExecutor(threads: connections, name: "postgres")
        self.threads = threads
        var configuration = ResourcePoolConfiguration(name: "postgres", maximum: connections)
        configuration.creation.timeMax = timeout
        configuration.creation.failuresMax = 1
        configuration.waitTimeMax = timeout
        configuration.leaseTimeMax = timeout * 2
        configuration.isBroken = { ($0 as? PostgresError)?.breaksConnection ?? true }
        configuration.executor = threads
        configuration.time = time
        self.pool = ResourcePool(configuration) {
            try PostgresConnection(to: target, timeout: timeout, time: time)
        } check: {
            $0.isUsable
        } destroy: {
            $0.close()
        }
    }

    /// Connects, and makes the table if it is not there.
    ///
    /// - Throws: That the server cannot be reached, or that the table is none for events.
    public func open() async throws {
        try self.pool.start()
        do {
            try await self.pool.with { connection in
                try connection.execute(self.table.creation)
                try self.prove(connection)
                try self.prepare(connection)
                // Without a unique index on `id` it says so here, not at the first batch.
                try connection.execute(self.table.insertion)
            }
        } catch {
            try? await self.close()
            throw error
        }
    }

    /// Writes a batch in one transaction.
    public func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        var answers = Array(repeating: EventAnswer.delivered, count: batch.events.count)
        // What is still to be written, the last part first; a part that is refused is halved until one event is left.
        var parts = [0..<batch.events.count]
        do {
            while let part = parts.popLast() {
                guard let refusal = try await self.write(batch.events, part) else { continue }
                if part.count == 1 {
                    answers[part.lowerBound] = .refused(refusal)
                } else {
                    let middle = part.lowerBound + part.count / 2
                    parts += [middle..<part.upperBound, part.lowerBound..<middle]
                }
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            // What was committed before comes again, and is left out by its id.
            return .retry("\(error)")
        }
        return .each(answers)
    }

    /// Ends the connections.
    public func close() async throws {
        _ = await self.pool.drain(deadline: .zero)
        self.threads.shutdown()
    }

    // MARK: - Private

    /// Writes some events.
    ///
    /// - Returns: Why the server will never take one of them; nil when it has them all.
    private func write(_ events: Events, _ part: Range<Int>) async throws -> String? {
        var rows = CopyRows()
        for place in part { rows.append(events[place]) }
        return try await self.pool.with { [rows] connection in
            do {
                try connection.execute("BEGIN")
                try self.prepare(connection)
                try connection.copy(self.table.stageCopy, rows.bytes)
                try connection.execute(self.table.insertion)
                try connection.execute("COMMIT")
                return nil
            } catch let error as PostgresError where !error.breaksConnection {
                try connection.execute("ROLLBACK")
                guard error.kind == .data else { throw error }
                return error.description
            }
        }
    }

    private func prepare(_ connection: PostgresConnection) throws {
        try connection.execute(self.table.stageCreation)
    }

    private func prove(_ connection: PostgresConnection) throws {
        let (statement, parameters) = self.table.columnSearch
        let columns = try connection.execute(statement, parameters).compactMap(\.first).compactMap { $0 }
        if let problem = self.table.problem(columns: columns) { throw PostgresError(.refused, problem) }
    }
}

extension PostgresSink: DescribedSink, OnceSink {
    package var place: String { self.target.place }

    /// Connects, and looks at the table if it is there; changes nothing.
    package func check() throws {
        let connection = try PostgresConnection(to: self.target, timeout: self.timeout, time: self.time)
        defer { connection.close() }
        let (statement, parameters) = self.table.search
        let found = try connection.execute(statement, parameters)
        if found.first?.first.flatMap({ $0 }) != nil { try self.prove(connection) }
    }
}
#endif
