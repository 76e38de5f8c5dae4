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

/// How far a checkpoint may move, as a value.
@Suite(.timeLimit(.minutes(5)))
struct TailLedgerTests {
    private static func cursor(_ offset: Int) -> TailCursor {
        TailCursor(identity: .init(device: 1, inode: 2), offset: offset, line: UInt64(offset), session: 3)
    }

    private static func settled(_ id: UInt64, _ fate: Settlement.Fate = .delivered) -> Settlement {
        var settlement = Settlement(batch: id)
        settlement.add(1, fate)
        return settlement
    }

    private func ledger(_ count: Int) -> TailLedger {
        var ledger = TailLedger()
        for number in 1...count { #expect(ledger.begin(end: Self.cursor(number * 10)) == UInt64(number)) }
        return ledger
    }

    @Test func movesOnlyBehindWhatIsSettledWithoutAGap() {
        var ledger = self.ledger(4)
        #expect(ledger.settle([Self.settled(2)], isStopping: false) == nil)
        #expect(ledger.settle([Self.settled(4)], isStopping: false) == nil)
        #expect(ledger.settle([Self.settled(1)], isStopping: false) == Self.cursor(20))
        #expect(ledger.settle([Self.settled(3)], isStopping: true) == Self.cursor(40))
        #expect(ledger.settle([Self.settled(3)], isStopping: true) == nil)
    }

    @Test func whatWasNotTakenHoldsItForGood() {
        var ledger = self.ledger(3)
        #expect(ledger.settle([Self.settled(1), Self.settled(2, .rejected)], isStopping: true) == Self.cursor(10))
        #expect(ledger.settle([Self.settled(3)], isStopping: true) == nil)
    }

    @Test func whatAFullQueueHasRefusedIsLostByThePipelinesOwnRules() {
        var ledger = self.ledger(3)
        #expect(ledger.settle([Self.settled(1), Self.settled(2, .rejected)], isStopping: false) == Self.cursor(20))
    }

    @Test func aSessionBeginsWhenAllBeforeItIsSettled() {
        var empty = TailLedger()
        #expect(empty.begin(session: Self.cursor(0)) == Self.cursor(0))
        var ledger = self.ledger(2)
        #expect(ledger.begin(session: Self.cursor(7)) == nil)
        #expect(ledger.settle([Self.settled(1)], isStopping: false) == Self.cursor(10))
        #expect(ledger.settle([Self.settled(2)], isStopping: false) == Self.cursor(7))
    }

    @Test func whatIsLostCountsAsSettledUnlessTheRunEnds() {
        var ledger = self.ledger(2)
        #expect(ledger.settle([Self.settled(1, .dropped)], isStopping: false) == Self.cursor(10))
        #expect(ledger.settle([Self.settled(2, .dropped)], isStopping: true) == nil)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func anyOrderComesToTheEnd(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var ledger = self.ledger(5000)
        var reached = 0
        for id in (1...5000).shuffled(using: &generator) {
            guard let cursor = ledger.settle([Self.settled(UInt64(id))], isStopping: false) else { continue }
            #expect(cursor.offset > reached, "seed \(seed)")
            reached = cursor.offset
        }
        #expect(reached == 50_000, "seed \(seed)")
        #expect(!ledger.isFull)
    }
}
