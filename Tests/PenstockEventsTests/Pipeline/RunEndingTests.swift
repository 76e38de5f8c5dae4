//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import Testing

@testable import PenstockEvents

@Suite(.timeLimit(.minutes(5)))
struct RunEndingTests {
    private let first = PenstockError(.inputOutput, "The first.")
    private let second = PenstockError(.inputOutput, "The second.")

    @Test func orderIsNoFailure() {
        var ending = RunEnding()
        ending.order()
        #expect(ending.failure == nil)
        guard case .ordered = ending.cause else {
            Issue.record("It is \(ending.cause).")
            return
        }
    }

    @Test(arguments: [true, false], [true, false])
    func firstFailureIsTold(firstEnds: Bool, secondEnds: Bool) {
        var ending = RunEnding()
        ending.order()
        ending.fail(self.first, ends: firstEnds)
        ending.fail(self.second, ends: secondEnds)
        #expect(ending.failure?.message == "The first.")
        if case .failed = ending.cause {
            #expect(firstEnds || secondEnds)
        } else {
            #expect(!firstEnds && !secondEnds)
        }
    }

    @Test func nearestDeadlineHoldsForTheStagesToCome() {
        var ending = RunEnding()
        #expect(ending.stage == .events)
        let events = ending.hurry(by: 100)
        let later = ending.hurry(by: 200)
        #expect(events == .events && later == .events)
        let rows = ending.enter(.rows)
        #expect(rows == 100)
        let nearer = ending.hurry(by: 50)
        #expect(nearer == .rows)
        let lanes = ending.enter(.lanes)
        #expect(lanes == 50)
    }

    @Test func withoutAnOrderThereIsNoDeadline() {
        var ending = RunEnding()
        let rows = ending.enter(.rows)
        let lanes = ending.enter(.lanes)
        #expect(rows == nil && lanes == nil)
    }
}
