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

/// A feed that is given a time for the first events of a batch.
@Suite(.timeLimit(.minutes(5)))
struct SourceFeedTests {
    /// Hands over batches of so many lines, and tells what became of each.
    private final class TimedSource: EventSource {
        let outcomes = Locked<[Result<Int, PenstockError>]>([])
        private let batches: [Int]

        init(_ batches: [Int]) {
            self.batches = batches
        }

        func run(_ feed: SourceFeed) async throws {
            for (number, count) in self.batches.enumerated() {
                let batch = SourceBatch(id: UInt64(number), text: String(repeating: "a\n", count: count))
                let outcome: Result<Int, PenstockError>
                do throws(PenstockError) {
                    outcome = .success(try await feed.send(batch, startingWithin: .milliseconds(50)))
                } catch {
                    outcome = .failure(error)
                }
                self.outcomes.withLock { $0.append(outcome) }
            }
        }
    }

    @Test func batchThatFindsPlacesIsTakenWhole() async throws {
        let source = TimedSource([3, 0, 5000])
        let report = try await Pipeline("test") {
            Source("in", source)
            Decode.lines
            NullSink()
        }.run()
        #expect(report.balanced)
        #expect(source.outcomes.withLock { $0.map { try? $0.get() } } == [3, 0, 5000])
    }

    @Test func batchThatFindsNoPlaceInTimeIsNotTakenAtAll() async throws {
        let source = TimedSource([1, 1, 1, 1, 1, 1, 1, 1])
        let sink = HangingSink()
        var configuration = PipelineConfiguration()
        configuration.queueEventsMax = 1
        configuration.workers = 1
        var options = SinkOptions()
        options.queueEventsMax = 1
        let pipeline = Pipeline("test", configuration: configuration) { [options] in
            Source("in", source)
            Decode.lines
            Sink("out", sink, options: options)
        }
        async let running = pipeline.run()
        while source.outcomes.withLock({ $0.count }) < 8 { await Task.yield() }
        sink.release()
        let report = try await running
        #expect(report.balanced)
        let outcomes = source.outcomes.withLock { $0 }
        let taken = outcomes.count { if case .success = $0 { true } else { false } }
        #expect(taken < 8)
        #expect(report.events.accepted == taken)
        #expect(report.events.rejected == 8 - taken)
        for case .failure(let error) in outcomes {
            #expect(error.code == .timedOut)
            #expect(error.acceptedCount == 0)
        }
    }

    @Test func fewEventsKeepNoWholeBuffer() {
        let pool = EventBufferPool()
        var framer = LineFramer(
            limits: .init(eventsMax: 10, lineBytesMax: 100),
            pool: pool,
            sourceIndex: 0,
            bytes: 3
        )
        let space = framer.space()
        #expect(space.count == 3)
        space.copyBytes(from: Array("a\nb".utf8))
        framer.received(3)
        #expect(framer.next(arrival: 0)?.count == 1)
        framer.finish()
        #expect(framer.next(arrival: 0)?.count == 1)
    }

    /// However short the lines, and however few the slices of a small buffer are: every event comes out.
    @Test(arguments: [1, 2, 7, 8, 9, 100, 5000])
    func smallBatchesLoseNothing(count: Int) async throws {
        let sink = CollectingSink()
        let report = try await Pipeline("test") {
            Source("in", TimedSource([count]))
            Decode.lines
            Sink("out", sink)
        }.run()
        #expect(report.balanced)
        #expect(sink.lines == [String](repeating: "a", count: count))
    }
}
