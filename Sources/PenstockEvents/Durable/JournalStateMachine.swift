//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Decides what a durable queue does next: what is written together, what is handed on, and what is read back.
///
/// A batch is staged, written, and then handed on from memory if it follows on what was handed on before and there is
/// room; otherwise it is read back when its turn comes. Whatever lies in the store, memory holds what is staged, what
/// is being written, what is ready, and a few numbers for each batch that was handed on and is not settled.
struct JournalStateMachine<Batch: Sendable>: Sendable {
    /// What it holds to.
    struct Limits: Sendable {
        /// The most bytes that are kept, staged ones included; a batch may exceed it alone.
        var storedBytesMax: Int
        /// The most bytes that wait to be written.
        var stagedBytesMax: Int
        /// The most bytes that are ready to be handed on.
        var readyBytesMax: Int
        /// The most batches that were handed on and are not settled.
        var takenMax = 100_000
        /// What becomes of batches that find the store full.
        var whenFull = DurableQueueOptions.WhenFull.wait
    }

    /// A batch and what it counts.
    struct Entry: Sendable {
        /// Its number; 0 before it was first to be written.
        var number: Int64 = 0
        var count: Int
        var bytes: Int
        var batch: Batch
    }

    /// What it counts without its events.
    struct Size: Sendable, Equatable {
        var count: Int
        var bytes: Int
    }

    /// A batch of which each event has its fate.
    struct Settled: Sendable, Equatable {
        var number: Int64
        var size: Size
    }

    enum Phase: Sendable, Equatable {
        /// It takes batches and hands them on. Can transition to: `ending`, `halted`.
        case open
        /// It takes no more, and hands on all it has. Can transition to: `halted`, `closing`.
        case ending
        /// It takes no more and hands nothing on. Can transition to: `closing`.
        case halted
        /// It writes what is left to write. Final.
        case closing
    }

    /// What becomes of a batch that is handed over.
    enum Admission: Sendable, Equatable {
        case staged
        /// It waits, under a number.
        case waits(UInt64)
        /// It is not taken: the store is full, and batches do not wait.
        case full
        case closed
    }

    /// What the writer is to do.
    enum WriterStep: Sendable {
        case commit([Entry], [Int64])
        case read(after: Int64, bytesMax: Int)
        /// Nothing until somebody rings, or until an instant.
        case wait(until: UInt64?)
        case finish
    }

    /// What the feeder is to do.
    enum FeederStep: Sendable {
        case feed(Entry)
        case wait
        case done
    }

    /// What comes of an attempt to write.
    struct Outcome: Sendable {
        /// The batches that were written.
        var written: [Entry] = []
        /// The batches that are refused.
        var refused: [Entry] = []
        /// The waiting ones that were staged.
        var staged: [UInt64] = []
    }

    let limits: Limits
    var phase = Phase.open
    /// Bytes and events that the store keeps.
    var stored = Size(count: 0, bytes: 0)
    /// Events that the store keeps and that were never handed on.
    var unfedCount = 0
    var staged: [Entry] = []
    var stagedBytes = 0
    var writing: [Entry] = []
    var writingBytes = 0
    var removing: [Settled] = []
    var waiting: [(id: UInt64, entry: Entry)] = []
    var nextWait: UInt64 = 1
    var nextNumber: Int64
    /// The last number that was written.
    var committedThrough: Int64
    /// The last number that is ready or was handed on.
    var readThrough: Int64 = 0
    var ready: [Entry] = []
    var readyHead = 0
    var readyBytes = 0
    var taken: [Int64: Size] = [:]
    var settled: [Settled] = []
    /// Reads come in turn with writes.
    var hasWritten = false
    /// How many attempts to write have failed, one behind the other.
    var failures = 0
    /// How often what is written together was halved: once more with each failure, once less with each success.
    var caution = 0
    /// When the last attempt to write has failed.
    var failedAt: UInt64 = 0
    /// How large the last batch was that was refused; nil once another was taken.
    var refusedBytes: Int?
    /// When the next attempt to add batches is due.
    var retryAt: UInt64 = 0
    /// Whether removing alone has failed since something was last removed.
    var removalFails = false

    /// Creates a machine for a store.
    ///
    /// - Parameters:
    ///   - limits: What it holds to.
    ///   - contents: What the store has.
    init(limits: Limits, contents: StoreContents) {
        self.limits = limits
        let bytes = contents.bytes + contents.batches * JournalScribe.rowBytes
        self.stored = Size(count: contents.events, bytes: bytes)
        self.unfedCount = contents.events
        self.nextNumber = contents.lastNumber + 1
        self.committedThrough = contents.lastNumber
        self.readThrough = contents.batches == 0 ? contents.lastNumber : 0
    }

    /// Whether the last attempt to write has failed.
    var isFailing: Bool { self.failures > 0 }

    /// Whether there is no room in the store for the batch that waits, or that was refused last.
    var isFull: Bool { (self.waiting.first?.entry.bytes ?? self.refusedBytes).map { !self.fitsStore($0) } ?? false }

    /// Whether nothing can be written: the last attempt has failed, and there is something to write, or it was made only now.
    ///
    /// What refuses batches has nothing to try again with. So it forgets its failure, or whoever looks at it would never send
    /// the batch by which it is found out that there is room again.
    func cannotWrite(at now: UInt64) -> Bool {
        guard self.isFailing else { return false }
        let isDue = !self.staged.isEmpty || !self.writing.isEmpty || !self.waiting.isEmpty || !self.settled.isEmpty
        return isDue || now < self.failedAt &+ 10_000_000_000
    }

    /// How many batches were handed on and are not settled.
    var takenCount: Int { self.taken.count }

    /// A source hands over a batch.
    mutating func append(_ batch: Batch, count: Int, bytes: Int) -> Admission {
        guard self.phase == .open else { return .closed }
        let entry = Entry(count: count, bytes: bytes, batch: batch)
        if self.waiting.isEmpty, self.fitsStore(bytes), self.fitsStage(bytes) {
            self.stage(entry)
            self.refusedBytes = nil
            return .staged
        }
        if self.limits.whenFull != .wait, self.isFailing || !self.fitsStore(bytes) {
            self.refusedBytes = bytes
            return .full
        }
        defer { self.nextWait += 1 }
        self.waiting.append((self.nextWait, entry))
        return .waits(self.nextWait)
    }

    /// Somebody does not wait any more; false when the batch has been staged before.
    mutating func withdraw(_ id: UInt64) -> Bool {
        guard let place = self.waiting.firstIndex(where: { $0.id == id }) else { return false }
        self.waiting.remove(at: place)
        return true
    }

    /// It takes no more batches.
    ///
    /// - Parameter phase: `ending` hands on what is there, `halted` nothing, `closing` is the end.
    /// - Returns: Those who wait: their batches are refused.
    mutating func enter(_ phase: Phase) -> [UInt64] {
        switch (self.phase, phase) {
        case (.open, _), (.ending, .halted), (.ending, .closing), (.halted, .closing): self.phase = phase
        case (.ending, _), (.halted, _), (.closing, _): break
        }
        guard self.phase != .open else { return [] }
        defer { self.waiting = [] }
        return self.waiting.map(\.id)
    }

    /// What was staged and not written, when nobody will write it any more.
    mutating func giveUp() -> [Entry] {
        defer {
            self.staged = []
            self.writing = []
        }
        return self.writing + self.staged
    }
}
