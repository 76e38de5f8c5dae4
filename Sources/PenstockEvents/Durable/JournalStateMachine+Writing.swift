//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

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
        // Who waits is for the next attempt, in the room of those who were refused; they would wait for ever otherwise.
        if self.staged.isEmpty { outcome.staged = self.stageWaiting() }
        self.failures += 1
        self.failedAt = now
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

    func readStep() -> WriterStep { .read(after: self.readThrough, bytesMax: self.limits.readyBytesMax) }

    /// Takes what is staged; of a disk that has been full less, because there may be room for that.
    mutating func takeStaged() {
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

    mutating func takeRemovals() -> WriterStep {
        self.removing = self.settled
        self.settled = []
        return .commit(self.writing, self.removing.map(\.number))
    }

    mutating func forgetRemoved() {
        self.removalFails = false
        for one in self.removing {
            self.stored.bytes -= one.size.bytes
            self.stored.count -= one.size.count
        }
        self.removing = []
    }

    mutating func makeReady(_ entry: Entry) {
        guard self.readThrough == entry.number - 1 else { return }
        guard self.readyBytes == 0 || self.readyBytes + entry.bytes <= self.limits.readyBytesMax else { return }
        self.ready.append(entry)
        self.readyBytes += entry.bytes
        self.readThrough = entry.number
    }

    func fitsStore(_ bytes: Int) -> Bool {
        let used = self.stored.bytes + self.stagedBytes + self.writingBytes
        return used == 0 || used + bytes <= self.limits.storedBytesMax
    }

    func fitsStage(_ bytes: Int) -> Bool {
        self.staged.isEmpty || self.stagedBytes + bytes <= self.limits.stagedBytesMax
    }

    mutating func stage(_ entry: Entry) {
        self.staged.append(entry)
        self.stagedBytes += entry.bytes
    }

    /// Stages those who wait, in their order, as far as there is room.
    mutating func stageWaiting() -> [UInt64] {
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
