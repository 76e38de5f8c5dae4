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
/// A batch is staged, written, and then handed on from memory if it follows on what was handed on before and there is room;
/// otherwise it is read back when its turn comes. Whatever lies in the store, memory holds what is staged, what is being
/// written, what is ready, and a few numbers for each batch that was handed on and is not settled.
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
    private(set) var phase = Phase.open
    /// Bytes and events that the store keeps.
    private(set) var stored = Size(count: 0, bytes: 0)
    /// Events that the store keeps and that were never handed on.
    private(set) var unfedCount = 0
    private(set) var staged: [Entry] = []
    private var stagedBytes = 0
    private var writing: [Entry] = []
    private var writingBytes = 0
    private var removing: [Settled] = []
    private var waiting: [(id: UInt64, entry: Entry)] = []
    private var nextWait: UInt64 = 1
    private var nextNumber: Int64
    /// The last number that was written.
    private var committedThrough: Int64
    /// The last number that is ready or was handed on.
    private var readThrough: Int64 = 0
    private var ready: [Entry] = []
    private var readyHead = 0
    private var readyBytes = 0
    private var taken: [Int64: Size] = [:]
    private var settled: [Settled] = []
    /// Reads come in turn with writes.
    private var hasWritten = false
    /// How many attempts to write have failed, one behind the other.
    private var failures = 0
    /// How often what is written together was halved: once more with each failure, once less with each success.
    private var caution = 0
    /// When the next attempt to add batches is due.
    private var retryAt: UInt64 = 0
    /// Whether removing alone has failed since something was last removed.
    private var removalFails = false

    /// Creates a machine for a store.
    ///
    /// - Parameters:
    ///   - limits: What it holds to.
    ///   - contents: What the store has.
    init(limits: Limits, contents: StoreContents) {
        self.limits = limits
        self.stored = Size(count: contents.events, bytes: contents.bytes)
        self.unfedCount = contents.events
        self.nextNumber = contents.lastNumber + 1
        self.committedThrough = contents.lastNumber
        self.readThrough = contents.batches == 0 ? contents.lastNumber : 0
    }

    /// Whether the last attempt to write has failed.
    var isFailing: Bool { self.failures > 0 }

    /// How many batches were handed on and are not settled.
    var takenCount: Int { self.taken.count }

    /// A source hands over a batch.
    mutating func append(_ batch: Batch, count: Int, bytes: Int) -> Admission {
        guard self.phase == .open else { return .closed }
        let entry = Entry(count: count, bytes: bytes, batch: batch)
        if self.waiting.isEmpty, self.fitsStore(bytes), self.fitsStage(bytes) {
            self.stage(entry)
            return .staged
        }
        if self.limits.whenFull != .wait, self.isFailing || !self.fitsStore(bytes) { return .full }
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

// The writer.
extension JournalStateMachine {
    /// What the writer is to do at an instant.
    mutating func nextWriterStep(at now: UInt64) -> WriterStep {
        if self.isFailing, self.phase != .closing, now < self.retryAt {
            if !self.settled.isEmpty, !self.removalFails { return self.takeRemovals() }
            if self.wantsRead { return self.readStep() }
            return .wait(until: self.retryAt)
        }
        if self.wantsRead, self.hasWritten { return self.readStep() }
        if !self.staged.isEmpty || !self.settled.isEmpty {
            self.takeStaged()
            for place in self.writing.indices { self.writing[place].number = self.nextNumber + Int64(place) }
            self.hasWritten = true
            return self.takeRemovals()
        }
        if self.wantsRead { return self.readStep() }
        return self.phase == .closing ? .finish : .wait(until: nil)
    }

    /// What the writer was to write is written.
    mutating func didCommit() -> Outcome {
        var outcome = Outcome(written: self.writing)
        self.failures = 0
        if !self.writing.isEmpty { self.caution = max(0, self.caution - 1) }
        self.forgetRemoved()
        for entry in self.writing {
            self.stored.bytes += entry.bytes
            self.stored.count += entry.count
            self.unfedCount += entry.count
            self.committedThrough = entry.number
            self.makeReady(entry)
        }
        self.nextNumber += Int64(self.writing.count)
        self.writing = []
        self.writingBytes = 0
        outcome.staged = self.stageWaiting()
        return outcome
    }

    /// The writer could not write.
    ///
    /// - Parameters:
    ///   - hasRemoved: Whether what was to be removed has been.
    ///   - now: The time.
    mutating func didFail(hasRemoved: Bool, at now: UInt64) -> Outcome {
        var outcome = Outcome()
        if hasRemoved {
            self.forgetRemoved()
        } else {
            self.removalFails = self.removalFails || !self.removing.isEmpty
            self.settled = self.removing + self.settled
            self.removing = []
        }
        let isLast = self.phase == .closing
        if isLast { self.settled = [] }
        if isLast || self.limits.whenFull != .wait {
            outcome.refused = self.writing + self.staged
            self.staged = []
            self.stagedBytes = 0
        } else {
            self.staged = self.writing + self.staged
            self.stagedBytes += self.writingBytes
        }
        self.writing = []
        self.writingBytes = 0
        self.failures += 1
        self.caution = min(self.caution + 1, 8)
        // From 100 ms, doubled with each failure, to 3 s.
        self.retryAt = now &+ min(3_000_000_000, 50_000_000 << UInt64(min(self.failures, 8)))
        return outcome
    }

    /// Batches were read back; none when there are none.
    mutating func didRead(_ entries: [Entry]) {
        self.hasWritten = false
        guard let last = entries.last else {
            self.readThrough = self.committedThrough
            return
        }
        for entry in entries {
            self.ready.append(entry)
            self.readyBytes += entry.bytes
        }
        self.readThrough = last.number
    }

    /// Whether the writer is to read batches back.
    var wantsRead: Bool {
        switch self.phase {
        case .open, .ending: self.readyHead == self.ready.count && self.readThrough < self.committedThrough
        case .halted, .closing: false
        }
    }

    private func readStep() -> WriterStep { .read(after: self.readThrough, bytesMax: self.limits.readyBytesMax) }

    /// Takes what is staged; of a disk that has been full less, because there may be room for that.
    private mutating func takeStaged() {
        let bytesMax = self.limits.stagedBytesMax >> self.caution
        var count = 0
        while count < self.staged.count {
            let bytes = self.staged[count].bytes
            if self.caution > 0, count > 0, self.writingBytes + bytes > bytesMax { break }
            self.writingBytes += bytes
            count += 1
        }
        self.writing = Array(self.staged.prefix(count))
        self.staged.removeFirst(count)
        self.stagedBytes -= self.writingBytes
    }

    private mutating func takeRemovals() -> WriterStep {
        self.removing = self.settled
        self.settled = []
        return .commit(self.writing, self.removing.map(\.number))
    }

    private mutating func forgetRemoved() {
        self.removalFails = false
        for one in self.removing {
            self.stored.bytes -= one.size.bytes
            self.stored.count -= one.size.count
        }
        self.removing = []
    }

    private mutating func makeReady(_ entry: Entry) {
        guard self.readThrough == entry.number - 1 else { return }
        guard self.readyBytes == 0 || self.readyBytes + entry.bytes <= self.limits.readyBytesMax else { return }
        self.ready.append(entry)
        self.readyBytes += entry.bytes
        self.readThrough = entry.number
    }

    private func fitsStore(_ bytes: Int) -> Bool {
        let used = self.stored.bytes + self.stagedBytes + self.writingBytes
        return used == 0 || used + bytes <= self.limits.storedBytesMax
    }

    private func fitsStage(_ bytes: Int) -> Bool {
        self.staged.isEmpty || self.stagedBytes + bytes <= self.limits.stagedBytesMax
    }

    private mutating func stage(_ entry: Entry) {
        self.staged.append(entry)
        self.stagedBytes += entry.bytes
    }

    /// Stages those who wait, in their order, as far as there is room.
    private mutating func stageWaiting() -> [UInt64] {
        var count = 0
        while count < self.waiting.count {
            let entry = self.waiting[count].entry
            guard self.fitsStore(entry.bytes), self.fitsStage(entry.bytes) else { break }
            self.stage(entry)
            count += 1
        }
        defer { self.waiting.removeFirst(count) }
        return self.waiting.prefix(count).map(\.id)
    }
}

// The feeder, and what becomes of what it has handed on.
extension JournalStateMachine {
    /// What the feeder is to do.
    mutating func nextFeederStep() -> FeederStep {
        switch self.phase {
        case .halted, .closing: return .done
        case .open, .ending: break
        }
        if self.readyHead < self.ready.count {
            guard self.taken.count < self.limits.takenMax else { return .wait }
            let entry = self.ready[self.readyHead]
            self.readyHead += 1
            self.readyBytes -= entry.bytes
            if self.readyHead == self.ready.count || self.readyHead > 1024 {
                self.ready.removeFirst(self.readyHead)
                self.readyHead = 0
            }
            self.taken[entry.number] = Size(count: entry.count, bytes: entry.bytes)
            self.unfedCount -= entry.count
            return .feed(entry)
        }
        let isWaitedFor =
            !self.staged.isEmpty || !self.writing.isEmpty || !self.waiting.isEmpty
            || self.readThrough < self.committedThrough
        return self.phase == .ending && !isWaitedFor ? .done : .wait
    }

    /// A batch could not be handed on: it stays in the store.
    mutating func giveBack(_ number: Int64) {
        guard let size = self.taken.removeValue(forKey: number) else { return }
        self.unfedCount += size.count
    }

    /// Each event of a batch has its fate.
    ///
    /// - Parameters:
    ///   - number: Its number.
    ///   - isDone: Whether it is to be removed; otherwise it stays for the next run.
    mutating func settle(_ number: Int64, isDone: Bool) {
        guard let size = self.taken.removeValue(forKey: number) else { return }
        if isDone { self.settled.append(Settled(number: number, size: size)) }
    }
}
