//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

/// The decisions of a durable queue, as values.
@Suite struct JournalStateMachineTests {
    private typealias Machine = JournalStateMachine<Int>

    private func machine(
        stored: Int = 1000,
        staged: Int = 100,
        ready: Int = 100,
        taken: Int = 100,
        whenFull: DurableQueueOptions.WhenFull = .wait,
        contents: StoreContents = StoreContents()
    ) -> Machine {
        Machine(
            limits: Machine.Limits(
                storedBytesMax: stored,
                stagedBytesMax: staged,
                readyBytesMax: ready,
                takenMax: taken,
                whenFull: whenFull
            ),
            contents: contents
        )
    }

    /// Takes the writer's next step, which must be to write, and tells what.
    private func commit(_ machine: inout Machine, at now: UInt64 = 0) -> (added: [Int], removed: [Int64])? {
        guard case .commit(let entries, let numbers) = machine.nextWriterStep(at: now) else { return nil }
        return (entries.map(\.batch), numbers)
    }

    private func feed(_ machine: inout Machine) -> [Int] {
        var fed: [Int] = []
        while case .feed(let entry) = machine.nextFeederStep() { fed.append(entry.batch) }
        return fed
    }

    private func isWaiting(_ machine: inout Machine, at now: UInt64 = 0) -> Bool {
        if case .wait = machine.nextWriterStep(at: now) { return true }
        return false
    }

    @Test func whatGathersDuringOneWriteIsTheNext() {
        var machine = self.machine()
        #expect(machine.append(1, count: 1, bytes: 10) == .staged)
        #expect(self.commit(&machine)?.added == [1])
        for batch in 2...4 { #expect(machine.append(batch, count: 1, bytes: 10) == .staged) }
        #expect(self.feed(&machine).isEmpty, "What is not written is not handed on.")
        #expect(machine.didCommit().written.map(\.number) == [1])
        #expect(self.commit(&machine)?.added == [2, 3, 4])
        #expect(machine.didCommit().written.map(\.number) == [2, 3, 4])
        #expect(self.feed(&machine) == [1, 2, 3, 4])
    }

    @Test func refusingStoreThatFailedIsTriedAgainByWhoLooksAtIt() {
        var machine = self.machine(whenFull: .reject)
        _ = machine.append(1, count: 1, bytes: 10)
        _ = self.commit(&machine)
        #expect(machine.didFail(hasRemoved: false, at: 1_000_000_000).refused.map(\.batch) == [1])
        #expect(machine.cannotWrite(at: 10_999_999_999))
        #expect(!machine.cannotWrite(at: 11_000_000_000), "Nothing is there to be tried again with.")
        _ = machine.append(2, count: 1, bytes: 10)
        #expect(machine.cannotWrite(at: 20_000_000_000))
        _ = self.commit(&machine, at: 20_000_000_000)
        _ = machine.didCommit()
        #expect(!machine.cannotWrite(at: 20_000_000_000))
    }

    @Test func storeIsFullWhileWhatWasRefusedLastDoesNotFit() {
        var machine = self.machine(stored: 100, whenFull: .reject)
        #expect(machine.append(1, count: 1, bytes: 90) == .staged && !machine.isFull)
        #expect(machine.append(2, count: 1, bytes: 20) == .full && machine.isFull)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        _ = self.feed(&machine)
        #expect(machine.isFull)
        machine.settle(1, isDone: true)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(!machine.isFull)
    }

    @Test func whatIsSettledIsRemovedWithTheNextWrite() {
        var machine = self.machine()
        _ = machine.append(1, count: 5, bytes: 10)
        _ = machine.append(2, count: 5, bytes: 10)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        _ = self.feed(&machine)
        machine.settle(2, isDone: true)
        machine.settle(1, isDone: false)
        _ = machine.append(3, count: 1, bytes: 10)
        let step = self.commit(&machine)
        #expect(step?.added == [3])
        #expect(step?.removed == [2])
        _ = machine.didCommit()
        #expect(machine.stored == .init(count: 6, bytes: 20))
        #expect(self.isWaiting(&machine))
    }

    @Test func fullStageHoldsSourcesInTheirOrder() {
        var machine = self.machine(staged: 25)
        #expect(machine.append(1, count: 1, bytes: 20) == .staged)
        #expect(machine.append(2, count: 1, bytes: 20) == .waits(1))
        #expect(machine.append(3, count: 1, bytes: 5) == .waits(2), "A small one does not overtake.")
        #expect(machine.withdraw(1) == true)
        #expect(machine.withdraw(1) == false)
        _ = self.commit(&machine)
        #expect(machine.didCommit().staged == [2])
        #expect(self.commit(&machine)?.added == [3])
    }

    @Test func fullStoreWaitsUntilSomethingIsRemoved() {
        var machine = self.machine(stored: 30)
        _ = machine.append(1, count: 1, bytes: 20)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(machine.append(2, count: 1, bytes: 20) == .waits(1))
        #expect(self.feed(&machine) == [1])
        #expect(self.isWaiting(&machine))
        machine.settle(1, isDone: true)
        #expect(self.commit(&machine)?.removed == [1])
        #expect(machine.didCommit().staged == [1])
        #expect(self.commit(&machine)?.added == [2])
    }

    @Test func oneBatchMayBeLargerThanAllLimits() {
        var machine = self.machine(stored: 10, staged: 10, ready: 10)
        #expect(machine.append(1, count: 1, bytes: 500) == .staged)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(self.feed(&machine) == [1])
    }

    @Test(arguments: [DurableQueueOptions.WhenFull.reject, .dropNewest])
    func fullStoreRefusesByPolicy(_ whenFull: DurableQueueOptions.WhenFull) {
        var machine = self.machine(stored: 30, whenFull: whenFull)
        _ = machine.append(1, count: 1, bytes: 20)
        #expect(machine.append(2, count: 1, bytes: 20) == .full)
        _ = self.commit(&machine)
        #expect(
            machine.didFail(hasRemoved: false, at: 0).refused.map(\.batch) == [1],
            "A disk that is full is full too."
        )
        #expect(machine.append(3, count: 1, bytes: 20) == .staged, "It is tried again.")
    }

    @Test(arguments: [DurableQueueOptions.WhenFull.reject, .dropNewest])
    func whoWaitsWhileAWriteFailsIsForTheNextAttempt(whenFull: DurableQueueOptions.WhenFull) {
        var machine = self.machine(staged: 10, whenFull: whenFull)
        #expect(machine.append(1, count: 1, bytes: 10) == .staged)
        #expect(self.commit(&machine)?.added == [1])
        #expect(machine.append(2, count: 1, bytes: 10) == .staged)
        #expect(machine.append(3, count: 1, bytes: 10) == .waits(1))
        let outcome = machine.didFail(hasRemoved: true, at: 0)
        #expect(outcome.refused.map(\.batch) == [1, 2] && outcome.staged == [1])
        #expect(self.commit(&machine, at: .max)?.added == [3])
    }

    @Test func failedWriteIsTriedAgainLaterAndRemovingGoesOn() {
        var machine = self.machine()
        for batch in 1...2 {
            _ = machine.append(batch, count: 1, bytes: 10)
            _ = self.commit(&machine)
            if batch == 1 { _ = machine.didCommit() }
        }
        _ = self.feed(&machine)
        #expect(machine.didFail(hasRemoved: true, at: 0).refused.count == 0)
        guard case .wait(let instant) = machine.nextWriterStep(at: 1) else {
            Issue.record("It does not wait.")
            return
        }
        #expect(instant == 100_000_000)
        machine.settle(1, isDone: true)
        let removal = self.commit(&machine, at: 2)
        #expect(removal?.added == [])
        #expect(removal?.removed == [1])
        _ = machine.didCommit()
        #expect(self.commit(&machine, at: 3)?.added == [2], "There may be room now.")
        _ = machine.didFail(hasRemoved: true, at: 3)
        _ = self.commit(&machine, at: 4_000_000_000)
        _ = machine.didFail(hasRemoved: true, at: 4_000_000_000)
        #expect(self.isWaiting(&machine, at: 4_150_000_000), "The wait has doubled.")
        #expect(self.commit(&machine, at: 4_200_000_000)?.added == [2])
        #expect(machine.didCommit().written.map(\.number) == [2])
        #expect(!machine.isFailing)
    }

    @Test func whatDoesNotFitIntoMemoryIsReadBackInOrder() {
        var machine = self.machine(staged: 1000, ready: 25)
        for batch in 1...6 { _ = machine.append(batch, count: 1, bytes: 10) }
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(self.isWaiting(&machine), "Nothing is read while something is ready.")
        #expect(self.feed(&machine) == [1, 2])
        _ = machine.append(7, count: 1, bytes: 10)
        guard case .read(let number, let bytesMax) = machine.nextWriterStep(at: 0) else {
            Issue.record("It does not read, although it has just written.")
            return
        }
        #expect(number == 2)
        #expect(bytesMax == 25)
        machine.didRead((3...6).map { .init(number: Int64($0), count: 1, bytes: 10, batch: $0) })
        #expect(self.commit(&machine)?.added == [7], "Reads and writes take turns.")
        _ = machine.didCommit()
        #expect(self.feed(&machine) == [3, 4, 5, 6])
        guard case .read(after: 6, _) = machine.nextWriterStep(at: 0) else {
            Issue.record("It has forgotten 7.")
            return
        }
        machine.didRead([.init(number: 7, count: 1, bytes: 10, batch: 7)])
        #expect(self.feed(&machine) == [7])
        _ = machine.append(8, count: 1, bytes: 10)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(self.feed(&machine) == [8], "Once everything was read, memory is enough again.")
    }

    @Test func whatAFormerRunHasLeftComesFirst() {
        var contents = StoreContents()
        contents.batches = 2
        contents.events = 9
        contents.bytes = 20
        contents.lastNumber = 77
        var machine = self.machine(contents: contents)
        #expect(machine.unfedCount == 9)
        _ = machine.append(1, count: 1, bytes: 10)
        #expect(self.commit(&machine)?.added == [1])
        #expect(machine.didCommit().written.map(\.number) == [78])
        #expect(self.feed(&machine).isEmpty)
        guard case .read(after: 0, _) = machine.nextWriterStep(at: 0) else {
            Issue.record("It does not read.")
            return
        }
        machine.didRead([
            .init(number: 40, count: 4, bytes: 10, batch: 40), .init(number: 70, count: 5, bytes: 10, batch: 70),
        ])
        #expect(self.feed(&machine) == [40, 70])
        guard case .read(after: 70, _) = machine.nextWriterStep(at: 0) else {
            Issue.record("It does not read on.")
            return
        }
        machine.didRead([.init(number: 78, count: 1, bytes: 10, batch: 1)])
        #expect(self.feed(&machine) == [1])
        #expect(machine.unfedCount == 0)
    }

    @Test func onlySoManyAreHandedOnAtATime() {
        var machine = self.machine(taken: 2)
        for batch in 1...3 { _ = machine.append(batch, count: 1, bytes: 10) }
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(self.feed(&machine) == [1, 2])
        machine.settle(1, isDone: true)
        #expect(self.feed(&machine) == [3])
        #expect(machine.takenCount == 2)
    }

    @Test func inputThatHasEndedIsHandedOnToTheLast() {
        var machine = self.machine()
        _ = machine.append(1, count: 1, bytes: 10)
        #expect(machine.enter(.ending) == [])
        #expect(machine.append(2, count: 1, bytes: 10) == .closed)
        guard case .wait = machine.nextFeederStep() else {
            Issue.record("It does not wait for what is not written.")
            return
        }
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(self.feed(&machine) == [1])
        guard case .done = machine.nextFeederStep() else {
            Issue.record("It waits for nothing.")
            return
        }
    }

    @Test func haltLeavesWhatIsStoredAndWritesWhatIsStaged() {
        var machine = self.machine(staged: 10)
        _ = machine.append(1, count: 3, bytes: 10)
        _ = self.commit(&machine)
        _ = machine.append(2, count: 4, bytes: 10)
        #expect(machine.append(3, count: 5, bytes: 10) == .waits(1))
        #expect(machine.enter(.halted) == [1], "Who waits is refused.")
        _ = machine.didCommit()
        #expect(self.feed(&machine).isEmpty)
        #expect(machine.enter(.closing) == [])
        #expect(self.commit(&machine)?.added == [2])
        _ = machine.didCommit()
        guard case .finish = machine.nextWriterStep(at: 0) else {
            Issue.record("It does not finish.")
            return
        }
        #expect(machine.unfedCount == 7)
        #expect(machine.stored.count == 7)
    }

    @Test func lastWriteThatFailsIsNotTriedAgain() {
        var machine = self.machine()
        _ = machine.append(1, count: 3, bytes: 10)
        _ = machine.enter(.closing)
        _ = self.commit(&machine)
        #expect(machine.didFail(hasRemoved: false, at: 0).refused.map(\.batch) == [1])
        guard case .finish = machine.nextWriterStep(at: 0) else {
            Issue.record("It does not finish.")
            return
        }
    }

    @Test func batchThatCouldNotBeHandedOnStays() {
        var machine = self.machine()
        _ = machine.append(1, count: 3, bytes: 10)
        _ = self.commit(&machine)
        _ = machine.didCommit()
        #expect(self.feed(&machine) == [1])
        machine.giveBack(1)
        machine.settle(1, isDone: true)
        #expect(machine.unfedCount == 3)
        #expect(self.isWaiting(&machine))
    }
}
