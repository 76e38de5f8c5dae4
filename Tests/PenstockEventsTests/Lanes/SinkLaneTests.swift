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
struct SinkLaneTests {
    /// A run may be so short that it ends before the lane's own task has begun.
    @Test func writesWhatItHasWhereItsEndComesBeforeItsBeginning() async throws {
        let sink = CollectingSink()
        try await sink.open()
        let counts = PipelineCounts(sinkCount: 1)
        let time = TimeSource.system
        let letters = DeadLetterDesk(
            nil,
            retry: SinkRetry(),
            counts: counts,
            time: time,
            origin: 0,
            session: 1,
            onFailure: { _ in }
        )
        let writer = LaneWriter(
            sink,
            name: "out",
            index: 0,
            retry: SinkRetry(),
            counts: counts,
            letters: letters,
            failures: SinkFailures(isOnlySink: true, hasDeadLetter: false) { _, _ in },
            meter: SinkMeter(),
            time: time
        )
        let lane = SinkLane(
            name: "out",
            options: SinkOptions(),
            writer: writer,
            time: time,
            tasks: LiveTasks(time: time)
        )
        #expect(await lane.offer(self.segment(), waits: false) == nil)
        async let left = lane.finish(deadline: .seconds(60))
        // Lets the end begin; if it did not, nothing would be shown.
        for _ in 0..<1000 { await Task.yield() }
        await lane.run()
        #expect(await left.isEmpty)
        #expect(sink.lines == ["one"])
    }

    private func segment() -> LaneSegment {
        var events = Events()
        events.groups = [Events.Group(source: "in", session: 1, routed: nil)]
        Array("one".utf8).withUnsafeBytes { events.append($0, position: 1, index: 0, group: 0) }
        return LaneSegment(events: events, arrival: 0)
    }
}
