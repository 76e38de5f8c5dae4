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

@Suite("The seconds that rates look back") struct StatusWindowTests {
    private static let second: UInt64 = 1_000_000_000

    private static func snapshot(_ events: Int) -> PipelineSnapshot {
        var snapshot = PipelineSnapshot(pipeline: "p")
        snapshot.events.accepted = events
        snapshot.events.delivered = events
        snapshot.latency.record(1000, count: max(1, events))
        snapshot.workerTimes.busy = .milliseconds(events)
        snapshot.workerTimes.idle = .milliseconds(events * 3)
        return snapshot
    }

    @Test("Without a past there are no rates")
    func first() {
        let status = StatusWindow().status(Self.snapshot(5), at: Self.second, time: 0)
        #expect(status.window == .zero)
        #expect(status.rates == PipelineStatus.Rates())
    }

    @Test("Rates are those of the last five seconds")
    func rates() {
        var window = StatusWindow()
        for tick in 1...20 {
            // A hundred a second at first, then ten times as many.
            let events = tick <= 10 ? 100 * tick : 1000 + 1000 * (tick - 10)
            window.add(Self.snapshot(events), at: UInt64(tick) * Self.second)
        }
        let status = window.status(Self.snapshot(11_500), at: 20 * Self.second + Self.second / 2, time: 0)
        #expect(status.window == .milliseconds(5500))
        #expect(abs(status.rates.accepted - 1000) < 1)
        #expect(abs(status.rates.delivered - 1000) < 1)
        #expect(status.latency.count == 5500)
        #expect(abs(status.shares.busy - 0.25) < 0.001 && abs(status.shares.idle - 0.75) < 0.001)
    }

    @Test("A histogram's newer part is what was recorded since")
    func histogram() {
        var earlier = LatencyHistogram()
        earlier.record(1_000_000, count: 10)
        var now = earlier
        now.record(2000, count: 5)
        let recent = now.since(earlier)
        #expect(recent.count == 5)
        #expect(recent.sum == 10_000)
        #expect(abs(Double(recent.max) - 2000) < 20)
        #expect(now.since(now) == LatencyHistogram())
        #expect(now.since(LatencyHistogram()) == now)
    }
}
