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

/// A sink that was opened is closed, whenever the run ends.
@Suite(.timeLimit(.minutes(5)))
struct SinkClosingTests {
    /// Counts how often it is opened and closed.
    private final class CountingSink: EventSink {
        private let counts = Locked((opened: 0, closed: 0))

        var current: (opened: Int, closed: Int) { self.counts.withLock { $0 } }

        func open() async throws { self.counts.withLock { $0.opened += 1 } }

        func write(_ batch: SinkBatch) async throws -> SinkAnswer { .delivered }

        func close() async throws { self.counts.withLock { $0.closed += 1 } }
    }

    @Test(arguments: [1, 3]) func aRunThatIsToldToStopAtAnyMomentClosesItsSinks(concurrency: Int) async throws {
        var random = SeededGenerator(seed: UInt64(concurrency))
        for round in 0..<150 {
            let sinks = [CountingSink(), CountingSink()]
            var options = SinkOptions()
            options.concurrency = concurrency
            let pipeline = Pipeline("test") {
                Source("in", CountedSource(["{\"n\":1}"], ending: .stall))
                Sink("one", sinks[0], options: options)
                Sink("two", sinks[1], options: options)
            }
            let patience = Int.random(in: 0..<400, using: &random)
            async let running = pipeline.run()
            for _ in 0..<patience { await Task.yield() }
            pipeline.drain(deadline: .zero)
            let report = try await running
            #expect(report.balanced, "round \(round)")
            for sink in sinks { #expect(sink.current.opened == sink.current.closed, "round \(round), \(sink.current)") }
        }
    }
}
