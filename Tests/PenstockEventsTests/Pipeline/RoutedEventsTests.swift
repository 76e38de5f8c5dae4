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

@Suite(.timeLimit(.minutes(5)))
struct RoutedEventsTests {
    private func routed(_ sinks: [UInt32]) -> RoutedEvents { RoutedEvents(owner: .window([]), sinks: sinks) }

    @Test func eventHasItsFateWhenEverySinkHasDealtWithIt() {
        let routed = self.routed([0b11, 0b10])
        #expect(routed.open == 2)
        #expect(routed.pendingCount(of: 0) == 1)
        #expect(routed.pendingPlaces(of: 1) == [0, 1])
        let first = routed.settle(0, sink: 0, .delivered)
        #expect(first.isNews && first.final == nil)
        let last = routed.settle(0, sink: 1, .delivered)
        #expect(last.isNews && last.final == .delivered)
        #expect(routed.open == 1)
        #expect(routed.settle(1, sink: 1, .deadLettered).final == .deadLettered)
        #expect(routed.open == 0)
    }

    @Test func sinkThatSpeaksTwiceIsNotHeardAgain() {
        let routed = self.routed([0b1])
        #expect(routed.settle(0, sink: 0, .dropped("abandoned")).final == .dropped("abandoned"))
        let late = routed.settle(0, sink: 0, .delivered)
        #expect(!late.isNews && late.final == nil)
        #expect(!routed.settle(0, sink: 5, .delivered).isNews)
    }

    @Test(arguments: [
        ([SinkFate.delivered, .deadLettered], SinkFate.deadLettered),
        ([.deadLettered, .delivered], .deadLettered),
        ([.dropped("a"), .deadLettered], .dropped("a")),
        ([.delivered, .dropped("a")], .dropped("a")),
    ])
    func worstFateCounts(fates: [SinkFate], worst: SinkFate) {
        let routed = self.routed([0b11])
        _ = routed.settle(0, sink: 0, fates[0])
        #expect(routed.settle(0, sink: 1, fates[1]).final == worst)
        #expect(routed.worstFate == worst)
    }
}
