//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
public import PenstockEvents

/// A durable store in memory, with the faults that a test gives it.
///
/// It outlives the run that uses it, and so stands for a disk: give it to one pipeline after another.
public final class MemoryEventStore: DurableEventStore {
    private struct State {
        var batches: [StoredBatch] = []
        var lastNumber: Int64 = 0
        var isOpen = false
        var isFull = false
        var isBroken = false
        var commits = 0
    }

    private let state = Locked(State())

    /// What it is, for people.
    public let name = "memory"

    /// Creates an empty store.
    public init() {}

    /// What it keeps, in order.
    public var batches: [StoredBatch] { self.state.withLock { $0.batches } }

    /// How many transactions it has made.
    public var commitCount: Int { self.state.withLock { $0.commits } }

    /// Whether a pipeline has it open.
    public var isOpen: Bool { self.state.withLock { $0.isOpen } }

    /// Lets it have no room for more, or room again; removing works all the time.
    public func setFull(_ isFull: Bool) { self.state.withLock { $0.isFull = isFull } }

    /// Lets every call fail from now on, for good.
    public func breakDown() { self.state.withLock { $0.isBroken = true } }

    /// Changes a byte of the batch at a place, as a disk might.
    public func damage(at place: Int) {
        self.state.withLock { state in
            let batch = state.batches[place]
            var lines = batch.withLines { [UInt8]($0) }
            lines[lines.count / 2] ^= 0x80
            state.batches[place] = StoredBatch(
                number: batch.number,
                source: batch.source,
                session: batch.session,
                firstPosition: batch.firstPosition,
                receivedAt: batch.receivedAt,
                count: batch.count,
                format: batch.format,
                checksum: batch.checksum,
                lines: lines
            )
        }
    }

    /// Finds nothing wrong, unless it is open.
    public func check() throws {
        if self.isOpen { throw StoreBroken("another pipeline uses it") }
    }

    /// Makes the store ready.
    public func open() async throws -> StoreContents {
        try self.check()
        return self.state.withLock { state in
            state.isOpen = true
            var contents = StoreContents()
            contents.batches = state.batches.count
            contents.events = state.batches.reduce(0) { $0 + $1.count }
            contents.bytes = state.batches.reduce(0) { $0 + $1.byteCount }
            contents.lastNumber = state.lastNumber
            return contents
        }
    }

    /// Adds batches and removes others.
    public func commit(adding batches: [StoredBatch], removing numbers: [Int64]) async throws {
        let copies = batches.map(Self.copy)
        try self.state.withLock { state in
            if state.isBroken { throw StoreBroken("it was told to break") }
            let removed = Set(numbers)
            state.batches.removeAll { removed.contains($0.number) }
            if state.isFull, !batches.isEmpty { throw StoreFull("it was told to be full", hasRemoved: true) }
            state.batches += copies
            state.lastNumber = max(state.lastNumber, copies.last?.number ?? 0)
            state.commits += 1
        }
    }

    /// Reads batches.
    public func read(after number: Int64, bytesMax: Int) async throws -> [StoredBatch] {
        try self.state.withLock { state in
            if state.isBroken { throw StoreBroken("it was told to break") }
            var bytes = 0
            return Array(
                state.batches.lazy.filter { $0.number > number }.prefix { batch in
                    defer { bytes += batch.byteCount }
                    return bytes < bytesMax
                }
            )
        }
    }

    /// Ends the store; what it keeps stays.
    public func close() async throws { self.state.withLock { $0.isOpen = false } }

    /// A batch with bytes of its own: those of a source are used again.
    private static func copy(_ batch: StoredBatch) -> StoredBatch {
        StoredBatch(
            number: batch.number,
            source: batch.source,
            session: batch.session,
            firstPosition: batch.firstPosition,
            receivedAt: batch.receivedAt,
            count: batch.count,
            format: batch.format,
            checksum: batch.checksum,
            lines: batch.withLines { [UInt8]($0) }
        )
    }
}
