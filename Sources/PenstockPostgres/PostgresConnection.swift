//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import CPostgres
import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One connection to a server, by libpq.
///
/// Each call blocks its thread, no longer than its time limit, and ends soon once its task is cancelled. An error that
/// `breaksConnection`, and cancellation, leave the connection in the middle of something: it must be closed.
//
// SAFETY: libpq lets one thread at a time use a connection. A pool leases it to one user at a time.
final class PostgresConnection: @unchecked Sendable {
    private let connection: OpaquePointer
    private let timeout: Duration
    private let time: TimeSource
    private let isClosed = Locked(false)

    /// How often a call that waits looks whether it was cancelled.
    private static let glance = Duration.milliseconds(100)

    /// Connects.
    ///
    /// - Parameters:
    ///   - target: The server, and as whom.
    ///   - timeout: How long each call may take, and this one.
    init(to target: PostgresTarget, timeout: Duration, time: TimeSource) throws {
        let connection = target.withParameters { PQconnectStartParams($0, $1, 1) }
        guard let connection else { throw PostgresError(.disconnected, "There is no memory for a connection.") }
        (self.connection, self.timeout, self.time) = (connection, timeout, time)
        do {
            try self.connect()
        } catch {
            self.close()
            throw error
        }
    }

    deinit { self.close() }

    /// Whether it may be used, as far as is known without asking.
    var isUsable: Bool { PQstatus(self.connection) == CONNECTION_OK }

    /// Ends the connection; a second call does nothing.
    func close() {
        let isFirst = self.isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { PQfinish(self.connection) }
    }

    /// Sends one statement, and waits for its answer.
    ///
    /// - Parameters:
    ///   - statement: One statement of SQL, with `$1` and so on for the parameters.
    ///   - parameters: Their values, as text.
    /// - Returns: The rows, as text; without any, what there was to tell.
    @discardableResult
    func execute(_ statement: String, _ parameters: [String] = []) throws -> [[String?]] {
        let deadline = self.time.now().advanced(by: self.timeout)
        try self.send { connection in
            let values = parameters.map { strdup($0) }
            defer { for value in values { free(value) } }
            let pointers = values.map { UnsafePointer<CChar>($0) }
            return PQsendQueryParams(connection, statement, Int32(parameters.count), nil, pointers, nil, nil, 0)
        }
        var rows: [[String?]] = []
        var failure: PostgresError?
        while let result = try self.nextResult(by: deadline) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: rows += self.rows(of: result)
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            default: failure = failure ?? self.error(of: result)
            }
        }
        if let failure { throw failure }
        return rows
    }

    /// Sends rows to a `COPY … FROM STDIN`, and waits until the server has them.
    ///
    /// - Parameters:
    ///   - statement: The statement.
    ///   - rows: The rows, in the format that the statement names.
    func copy(_ statement: String, _ rows: [UInt8]) throws {
        let deadline = self.time.now().advanced(by: self.timeout)
        try self.send { PQsendQuery($0, statement) }
        guard let begun = try self.nextResult(by: deadline) else { throw self.error() }
        defer { PQclear(begun) }
        guard PQresultStatus(begun) == PGRES_COPY_IN else {
            let failure = self.error(of: begun)
            while let rest = try self.nextResult(by: deadline) { PQclear(rest) }
            throw failure
        }
        // libpq keeps what it cannot send at once: in pieces, so that this does not become a second copy of everything.
        let piece = 64 << 10
        var start = 0
        while start < rows.count {
            let end = min(rows.count, start + piece)
            let status = rows[start..<end].withUnsafeBytes { bytes in
                PQputCopyData(
                    self.connection,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(end - start)
                )
            }
            guard status >= 0 else { throw self.error() }
            // Zero: there is no room now.
            if status == 1 { start = end }
            try self.flush(by: deadline)
        }
        while PQputCopyEnd(self.connection, nil) == 0 { try self.flush(by: deadline) }
        try self.flush(by: deadline)
        var failure: PostgresError?
        while let result = try self.nextResult(by: deadline) {
            if PQresultStatus(result) != PGRES_COMMAND_OK { failure = failure ?? self.error(of: result) }
            PQclear(result)
        }
        if let failure { throw failure }
    }

    // MARK: - Private

    private func connect() throws {
        let deadline = self.time.now().advanced(by: self.timeout)
        // Until it is known what it waits for, it waits to write: so the manual says.
        var next = PGRES_POLLING_WRITING
        while true {
            switch next {
            case PGRES_POLLING_OK:
                PQsetnonblocking(self.connection, 1)
                PQsetNoticeProcessor(self.connection, { _, _ in }, nil)
                return
            case PGRES_POLLING_READING: try self.wait(for: Int16(POLLIN), by: deadline)
            case PGRES_POLLING_WRITING where PQsocket(self.connection) >= 0:
                try self.wait(for: Int16(POLLOUT), by: deadline)
            default: throw self.error()
            }
            next = PQconnectPoll(self.connection)
        }
    }

    private func send(_ body: (OpaquePointer) -> Int32) throws {
        guard body(self.connection) == 1 else { throw self.error() }
    }

    private func flush(by deadline: UInt64) throws {
        while true {
            let status = PQflush(self.connection)
            if status == 0 { return }
            guard status == 1 else { throw self.error() }
            // The server may want to be read first: its words wait for us, and ours for it.
            try self.wait(for: Int16(POLLIN | POLLOUT), by: deadline)
            guard PQconsumeInput(self.connection) == 1 else { throw self.error() }
        }
    }

    /// The next answer; nil when the statement has no more.
    private func nextResult(by deadline: UInt64) throws -> OpaquePointer? {
        try self.flush(by: deadline)
        while PQisBusy(self.connection) == 1 {
            try self.wait(for: Int16(POLLIN), by: deadline)
            guard PQconsumeInput(self.connection) == 1 else { throw self.error() }
        }
        return PQgetResult(self.connection)
    }

    private func wait(for events: Int16, by deadline: UInt64) throws {
        while true {
            try Task.checkCancellation()
            let now = self.time.now()
            guard now < deadline else {
                throw PostgresError(.timedOut, "The server has not answered within \(self.timeout).")
            }
            let left = min(Duration.nanoseconds(Int64(clamping: deadline - now)), Self.glance)
            var descriptor = pollfd(fd: PQsocket(self.connection), events: events, revents: 0)
            let count = poll(&descriptor, 1, Int32(left / .milliseconds(1)) + 1)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw PostgresError(.disconnected, "poll failed: errno \(errno)") }
        }
    }

    private func rows(of result: OpaquePointer) -> [[String?]] {
        (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                if PQgetisnull(result, row, column) == 1 { return nil }
                return PQgetvalue(result, row, column).map { String(cString: $0) }
            }
        }
    }

    private func error(of result: OpaquePointer) -> PostgresError {
        // Of all fields of an error this one is called 'C': PG_DIAG_SQLSTATE.
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        if !self.isUsable { return self.error() }
        return PostgresError(sqlState: state, message: Self.line(PQresultErrorMessage(result)))
    }

    private func error() -> PostgresError {
        PostgresError(.disconnected, Self.line(PQerrorMessage(self.connection)))
    }

    /// libpq's words in one line.
    private static func line(_ text: UnsafePointer<CChar>?) -> String {
        let lines = text.map { String(cString: $0) }?.split(whereSeparator: \.isNewline) ?? []
        let words = lines.map { $0.split(separator: " ").joined(separator: " ") }
        return words.isEmpty ? "The server has gone." : words.joined(separator: "; ")
    }
}
#endif
