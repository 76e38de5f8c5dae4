//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

// The writer: one thread that writes and reads, in turn.
extension EventJournal {
    /// Does what is to be done until the queue is closed, then ends the store.
    func write() async {
        loop: while true {
            let now = self.time.now()
            switch self.state.withLock({ $0.machine.nextWriterStep(at: now) }) {
            case .finish: break loop
            case .wait(let instant): await self.wait(until: instant)
            case .read(let number, let bytesMax):
                guard await self.read(after: number, bytesMax: bytesMax) else { break loop }
            case .commit(let entries, let numbers):
                guard await self.commit(entries, numbers) else { break loop }
            }
        }
        do {
            try await self.store.close()
        } catch {
            self.fail(error)
        }
    }

    /// False: the store has broken.
    private func commit(_ entries: [Machine.Entry], _ numbers: [Int64]) async -> Bool {
        let batches = entries.map { self.scribe.stored($0.batch, number: $0.number) }
        do {
            try await self.store.commit(adding: batches, removing: numbers)
        } catch let error as StoreBroken {
            self.fail(error)
            return false
        } catch {
            let hasRemoved = (error as? StoreFull)?.hasRemoved ?? false
            let now = self.time.now()
            let reason = (error as? PenstockError)?.message ?? "\(error)"
            let outcome = self.state.withLock { state in
                state.failure = reason
                if hasRemoved { state.ages.remove(numbers) }
                return state.machine.didFail(hasRemoved: hasRemoved, at: now)
            }
            self.tell(outcome)
            // Batches may have been refused, and the last of what the feeder waits for be gone.
            self.ring(self.feederBell)
            return true
        }
        // The fate of a batch may be known as soon as the feeder sees it: what waits for its fates is told first.
        for entry in entries {
            self.counts.store(entry.batch, for: BatchReceipt(UInt64(bitPattern: entry.number), desk: self))
        }
        let now = self.time.now()
        let outcome = self.state.withLock { state in
            state.ages.remove(numbers)
            if let last = entries.last { state.ages.add(entries.count, through: last.number, at: now) }
            return state.machine.didCommit()
        }
        self.tell(outcome)
        self.ring(self.feederBell)
        return true
    }

    /// False: the store has broken.
    private func read(after number: Int64, bytesMax: Int) async -> Bool {
        do {
            let stored = try await self.store.read(after: number, bytesMax: bytesMax)
            var packer = BatchPacker(pool: self.buffers)
            let entries = stored.map { one in
                let batch = self.scribe.batch(one, &packer)
                self.counts.recall(batch, for: BatchReceipt(UInt64(bitPattern: one.number), desk: self))
                return Machine.Entry(number: one.number, count: one.count, bytes: one.charge, batch: batch)
            }
            self.state.withLock { $0.machine.didRead(entries) }
            self.ring(self.feederBell)
            return true
        } catch {
            self.fail(error)
            return false
        }
    }

    /// Passes on what has come of a write.
    private func tell(_ outcome: Machine.Outcome) {
        for entry in outcome.refused {
            if self.dropsNewest {
                self.counts.drop(entry.batch, DropReason.queueFull)
            } else {
                self.counts.reject(entry.batch, RejectReason.storeFailing)
            }
        }
        let waits = self.state.withLock { state in outcome.staged.compactMap { state.waits.removeValue(forKey: $0) } }
        for wait in waits { _ = wait.trySend(.staged) }
    }

    /// Waits until somebody rings, or until an instant.
    private func wait(until instant: UInt64?) async {
        guard let instant else {
            _ = try? await self.writerBell.receive()
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await self.writerBell.receive() }
            group.addTask { try? await self.time.sleep(until: instant) }
            await group.next()
            group.cancelAll()
        }
    }
}
