//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Keeps accepted events where they outlive the process: what a durable queue writes to.
///
/// A pipeline appends whole batches and removes them when each of their events has its fate. What is left in the store
/// when a process ends, however it ends, is handed on first by the next one that opens it, with the same origins.
///
/// What a store can rely on: ``open()`` returns before anything else is called, calls do not overlap, and all are made
/// on a thread that may be blocked. Only ``check()`` may be called at any time.
///
/// What a pipeline relies on:
/// - A ``commit(adding:removing:)`` that returns has done both, and what it has added outlives the process. One that
///   throws has added nothing; what it was to remove may be gone or not.
/// - ``read(after:bytesMax:)`` gives batches as they were added, in the order of their numbers.
/// - A store belongs to one process at a time: ``open()`` refuses a second.
public protocol DurableEventStore: Sendable {
    /// What and where it is, for people: `SQLite "queue.db"`.
    var name: String { get }

    /// Looks whether ``open()`` would succeed; changes nothing.
    ///
    /// - Throws: Why it would not.
    func check() throws

    /// Makes the store ready, and keeps others out.
    ///
    /// It may block its thread. Its task is cancelled when it takes longer than ``PipelineConfiguration/openTimeMax``, or when the
    /// pipeline is told to stop; when it returns after all, the store is closed.
    ///
    /// - Returns: What a former run has left.
    /// - Throws: Why the run cannot start: it is in use, or no store of this kind and version.
    func open() async throws -> StoreContents

    /// Adds batches and removes others, all or nothing.
    ///
    /// - Parameters:
    ///   - batches: What is to be kept; their numbers are greater than all before.
    ///   - numbers: The numbers of batches that are done with. One that is not there is no error.
    /// - Throws: ``StoreFull`` when there is no room for them now, ``StoreBroken`` when there never will be. Anything
    ///   else is as good as ``StoreFull``.
    func commit(adding batches: [StoredBatch], removing numbers: [Int64]) async throws

    /// Reads batches in their order.
    ///
    /// - Parameters:
    ///   - number: Those with a greater number are read.
    ///   - bytesMax: No further batch is read once so many bytes have been; the first is read whatever its size.
    /// - Returns: The batches; none when there are none behind the number.
    func read(after number: Int64, bytesMax: Int) async throws -> [StoredBatch]

    /// Ends the store, after the last call.
    func close() async throws
}

/// What lies in a durable store.
public struct StoreContents: Sendable, Equatable {
    /// How many batches.
    public var batches = 0
    /// How many events, the sum of the batches' ``StoredBatch/count``.
    public var events = 0
    /// How many bytes, the sum of the batches' ``StoredBatch/byteCount``.
    public var bytes = 0
    /// The greatest number that a batch has or had; 0 when there has been none.
    public var lastNumber: Int64 = 0

    /// Creates the contents of an empty store.
    public init() {}
}

/// A store has no room now, or could not write: what was to be added may be tried again.
public struct StoreFull: Error, Sendable, CustomStringConvertible {
    /// Why.
    public let description: String
    /// Whether what was to be removed has been, although nothing was added.
    public let hasRemoved: Bool

    /// Creates the error.
    ///
    /// - Parameters:
    ///   - description: Why.
    ///   - hasRemoved: Whether what was to be removed has been.
    public init(_ description: String, hasRemoved: Bool = false) {
        self.description = description
        self.hasRemoved = hasRemoved
    }
}

/// A store will never take or give anything again: the run ends, and what can be read is left to the next one.
public struct StoreBroken: Error, Sendable, CustomStringConvertible {
    /// Why.
    public let description: String

    /// Creates the error.
    ///
    /// - Parameter description: Why.
    public init(_ description: String) {
        self.description = description
    }
}

/// How a durable queue takes events, whatever keeps them.
public struct DurableQueueOptions: Sendable, Equatable {
    /// What becomes of events that find the store full.
    public enum WhenFull: String, Sendable, CaseIterable {
        /// The sources wait.
        case wait
        /// They are refused, and the source is told.
        case reject
        /// They are dropped, and counted as `queue_full`.
        case dropNewest = "drop_newest"
    }

    /// The most bytes of events that are kept; a batch may exceed it alone. Default: 1 GiB.
    ///
    /// With an aggregate it has to hold the events of a window: they are done with when the rows are.
    public var bytesMax = 1 << 30
    /// What becomes of events that find the store full, or its disk. Default: the sources wait.
    ///
    /// None drops the oldest: a durable queue keeps what it has accepted.
    public var whenFull = WhenFull.wait

    /// The most bytes that are staged, or being written in one transaction, or ready to be handed on.
    package static let stageBytes = 2 << 20

    /// Creates the defaults.
    public init() {}
}
