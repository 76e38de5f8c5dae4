//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

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
