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
import Penstock
public import PenstockEvents

/// Keeps the events of a durable queue in a SQLite database, one row a batch.
///
/// The database is in WAL mode and belongs to one process at a time. Beside it lie `-wal`, SQLite's log, and
/// `-reserve`, which holds room for removing when the disk is full, and the lock.
public final class SQLiteEventStore: DurableEventStore {
    /// Whether a transaction waits for the disk.
    public enum Synchronous: String, Sendable, CaseIterable {
        /// Each does: what was stored outlives the machine.
        case full
        /// None does: what was stored outlives the process, and the last transactions not the machine.
        case normal
    }

    private struct Opened: Sendable {
        var table: BatchTable
        var reserve: SpaceReserve
    }

    private let path: String
    private let synchronous: Synchronous
    private let logBytes: Int
    private let opened = Locked<Opened?>(nil)

    /// Moved to the database once the log is so long; what it may be longer by is one transaction.
    private static let logBytesMax = 16 << 20
    /// The most that one transaction adds to the log besides: 2 MiB of lines, and the pages around them.
    private static let transactionBytes = 5 << 20
    /// An empty file that is larger is made small when it is opened.
    private static let emptyBytesMax = 64 << 20

    /// What and where it is, for people.
    public var name: String { "SQLite \"\(self.path)\"" }

    /// Creates a store; opens nothing.
    ///
    /// - Parameters:
    ///   - path: The file; it is made if it is not there. Opening refuses `:memory:` and what else SQLite would keep in no file.
    ///   - synchronous: Whether a transaction waits for the disk.
    ///   - bytesMax: How many bytes the queue will keep; the log and the reserve are smaller for a small one.
    public init(path: String, synchronous: Synchronous = .full, bytesMax: Int = DurableQueueOptions().bytesMax) {
        self.path = path
        self.synchronous = synchronous
        self.logBytes = Self.logBytes(bytesMax: bytesMax)
    }

    /// The most bytes on the disk, about, for a queue that keeps so many: rows, which at worst fill half a page each,
    /// the log and the reserve.
    package static func diskBytes(bytesMax: Int) -> Int {
        let besides = 2 * (Self.logBytes(bytesMax: bytesMax) + Self.transactionBytes)
        let rows = bytesMax.multipliedReportingOverflow(by: 2)
        return rows.overflow ? .max : rows.partialValue.addingReportingOverflow(besides).partialValue
    }

    /// Looks whether ``open()`` would succeed; changes nothing.
    ///
    /// - Throws: Why it would not.
    public func check() throws {
        try DatabasePath.refuse(self.path)
        if SpaceReserve.isInUse(beside: self.path) { throw SpaceReserve.inUse }
        guard let header = try DatabaseHeader(ofFile: self.path), !header.isEmpty, !DatabaseHeader.hasLog(self.path)
        else {
            return
        }
        try BatchTable.refuse(application: header.applicationID, version: header.userVersion)
    }

    /// Makes the store ready, and keeps others out.
    ///
    /// - Returns: What a former run has left.
    /// - Throws: Why it cannot be opened.
    public func open() async throws -> StoreContents {
        try DatabasePath.refuse(self.path)
        _ = try DatabaseHeader(ofFile: self.path)
        let reserve = try SpaceReserve(beside: self.path, bytes: self.logBytes + Self.transactionBytes)
        do {
            let table = try BatchTable(path: self.path, synchronous: self.synchronous, logBytes: self.logBytes)
            let contents = try table.contents()
            if contents.batches == 0, try table.freeBytes() > Self.emptyBytesMax { try table.shrink() }
            self.opened.withLock { $0 = Opened(table: table, reserve: reserve) }
            return contents
        } catch {
            reserve.close(keepsRoom: false)
            throw DatabaseProblem(error, at: self.path, loss: Self.loss)
        }
    }

    /// Adds batches and removes others in one transaction.
    ///
    /// - Parameters:
    ///   - batches: What is to be kept.
    ///   - numbers: The numbers of batches that are done with.
    /// - Throws: `StoreFull` when the disk is full or in the way, `StoreBroken` when the database is damaged.
    public func commit(adding batches: [StoredBatch], removing numbers: [Int64]) async throws {
        let opened = try self.whileOpen()
        do {
            if batches.isEmpty || self.hasRoom(for: batches, opened) {
                try opened.table.write(adding: batches, removing: numbers)
                return
            }
            if !numbers.isEmpty { try opened.table.write(adding: [], removing: numbers) }
        } catch let error as DatabaseError {
            guard error.isPassing else { throw self.broken(error) }
            throw StoreFull(error.reason, hasRemoved: self.removeAlone(numbers, opened))
        }
        throw StoreFull(opened.reserve.reason, hasRemoved: true)
    }

    /// Reads batches in their order.
    ///
    /// - Parameters:
    ///   - number: Those with a greater number are read.
    ///   - bytesMax: No further batch is read once so many bytes have been.
    /// - Returns: The batches.
    public func read(after number: Int64, bytesMax: Int) async throws -> [StoredBatch] {
        do {
            return try self.whileOpen().table.read(after: number, bytesMax: bytesMax)
        } catch {
            throw self.broken(error)
        }
    }

    /// Ends the store; its log goes into the database.
    public func close() async throws {
        let opened = self.opened.withLock { opened in
            defer { opened = nil }
            return opened
        }
        guard let opened else { return }
        let isEmpty = (try? opened.table.contents().batches == 0) ?? false
        defer { opened.reserve.close(keepsRoom: !isEmpty) }
        do {
            try opened.table.database.close()
        } catch {
            throw DatabaseProblem(reason(of: error))
        }
    }

    // MARK: - Private

    /// What is lost with the file.
    private static let loss = "the events that it keeps are not delivered then"

    private func broken(_ error: any Error) -> StoreBroken {
        if let known = error as? StoreBroken { return known }
        let problem = DatabaseProblem(error, at: self.path, loss: Self.loss)
        return StoreBroken(problem.description + (problem.hint.map { "; \($0)" } ?? ""))
    }

    private static func logBytes(bytesMax: Int) -> Int { max(1 << 20, min(Self.logBytesMax, bytesMax / 64)) }

    private func whileOpen() throws -> Opened {
        guard let opened = self.opened.withLock({ $0 }) else { throw StoreBroken("it is not open") }
        return opened
    }

    /// Whether batches may be added: the reserve is held, or the file has room within itself, so that it need not grow.
    private func hasRoom(for batches: [StoredBatch], _ opened: Opened) -> Bool {
        if opened.reserve.hold() { return true }
        let bytes = batches.reduce(8 * BatchTable.pageBytes) { $0 + 2 * $1.byteCount }
        return ((try? opened.table.freeBytes()) ?? 0) > bytes
    }

    /// Lets the reserve go, and removes batches in the room that is there then; false when that has failed too.
    private func removeAlone(_ numbers: [Int64], _ opened: Opened) -> Bool {
        opened.reserve.letGo()
        do {
            try opened.table.checkpoint()
            if !numbers.isEmpty { try opened.table.write(adding: [], removing: numbers) }
            return true
        } catch {
            return false
        }
    }
}
#endif
