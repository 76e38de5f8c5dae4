//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting
import Testing

@testable import PenstockEvents

@Suite(.timeLimit(.minutes(5)))
struct LastReasonsTests {
    private let clock = VirtualClock()
    private let notices = Locked<[String]>([])

    private func reasons() -> LastReasons {
        LastReasons(time: self.clock.time) { [notices = self.notices] notice in
            notices.withLock { $0.append(notice) }
        }
    }

    @Test func lastReasonOfEachPlaceIsKept() {
        let reasons = self.reasons()
        #expect(reasons.current.steps == nil && reasons.current.sinks.isEmpty)
        reasons.note("first", by: .steps, isLost: true)
        reasons.note("second", by: .steps, isLost: false)
        reasons.note("third", by: .sink(index: 2, name: "out"), isLost: false)
        #expect(reasons.current.steps == "second")
        #expect(reasons.current.sinks == [2: "third"])
        reasons.note(String(repeating: "x", count: 5000), by: .steps, isLost: false)
        #expect(reasons.current.steps?.count == 1000)
    }

    @Test func lossIsToldOncePerMinuteAndPlace() {
        let reasons = self.reasons()
        let out = LastReasons.Place.sink(index: 0, name: "out")
        for _ in 0..<100 { reasons.note("refused", by: out, isLost: true) }
        reasons.note("kept as a dead letter", by: .steps, isLost: false)
        let notice = "the sink \"out\" drops events, as there is no place for dead letters: refused"
        #expect(self.notices.withLock { $0 } == [notice])
        reasons.note("no JSON", by: .steps, isLost: true)
        #expect(self.notices.withLock { $0.count } == 2)
        self.clock.advance(by: .seconds(59))
        reasons.note("refused", by: out, isLost: true)
        #expect(self.notices.withLock { $0.count } == 2)
        self.clock.advance(by: .seconds(1))
        reasons.note("refused", by: out, isLost: true)
        #expect(self.notices.withLock { $0.count } == 3)
    }
}
